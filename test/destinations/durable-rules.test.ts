import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { securityFiles, securityXml } from "../harness/accounts.ts";
import { useInstance } from "../harness/instance.ts";
import { type Headers, StompWire } from "../harness/stomp-wire.ts";
import { intoHost } from "../harness/xml.ts";
import { expectBodies, expectBrowserEnd, expectNothing, F2, messages, sendAll } from "./fixture.ts";

const durably = (id: string, destination: string, more: Headers = {}): Headers => ({
  id,
  destination,
  persistent: "true",
  ...more,
});

describe("7 durable subscriptions, line by line", { concurrency: true }, () => {
  const broker = useInstance({ xml: F2 });
  const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

  /** Makes one, and leaves it alone. */
  async function made(wire: StompWire, id: string, destination: string, more: Headers = {}): Promise<void> {
    await wire.sync("SUBSCRIBE", durably(id, destination, { ...more, ack: "client", credit: "0,0" }));
    await wire.sync("UNSUBSCRIBE", { id });
  }

  it("K 7 its selector holds for what is sent to it directly", async () => {
    const wire = await connect();
    await made(wire, "direct.red", "/topic/direct.red", { selector: "color='red'" });
    await wire.syncSend("/dsub/direct.red", "blue", { color: "blue" });
    await wire.syncSend("/dsub/direct.red", "red", { color: "red" });
    await wire.syncSend("/topic/direct.red", "blue too", { color: "blue" });
    wire.send("SUBSCRIBE", { id: "1", destination: "/dsub/direct.red" });
    await wire.message("red");
    await expectNothing(wire);
    await wire.drop();
  });

  it("another selector leaves what is queued, for who consumes without it", async () => {
    const wire = await connect();
    await made(wire, "leftovers", "/topic/leftovers", { selector: "color='red'" });
    await wire.syncSend("/topic/leftovers", "red", { color: "red" });
    await wire.sync("SUBSCRIBE", durably("leftovers", "/topic/leftovers", { selector: "color='blue'" }));
    await expectNothing(wire);
    wire.asyncSend("/topic/leftovers", "blue", { color: "blue" });
    await wire.message("blue");
    wire.send("SUBSCRIBE", { id: "all", destination: "/dsub/leftovers" });
    assert.equal((await wire.message("red")).header("subscription"), "all");
    await wire.drop();
  });

  it("topics are added and removed one by one; what is queued stays", async () => {
    const wire = await connect();
    await made(wire, "rebound", "/topic/rebound.a,/topic/rebound.b");
    await sendAll(wire, "/topic/rebound.a", ["a1"]);
    await made(wire, "rebound", "/topic/rebound.b,/topic/rebound.c.*");
    for (const topic of ["a", "b", "c.x"]) await wire.syncSend(`/topic/rebound.${topic}`, `${topic} 2`);
    wire.send("SUBSCRIBE", { id: "1", destination: "/dsub/rebound" });
    await expectBodies(wire, "a1", "b 2", "c.x 2");
    await expectNothing(wire);
    await wire.drop();
  });

  it("one message that two of its patterns match comes once", async () => {
    const wire = await connect();
    await wire.sync("SUBSCRIBE", durably("overlap", "/topic/overlap.*,/topic/overlap.**,/topic/overlap.a"));
    wire.asyncSend("/topic/overlap.a", "once");
    await wire.message("once");
    await expectNothing(wire);
    await wire.drop();
  });

  it("an exclusive consumer of one has all of it until it leaves", async () => {
    const [first, second, sender] = [await connect(), await connect(), await connect()];
    await first.sync("SUBSCRIBE", durably("exclusively", "/topic/exclusively"));
    await second.sync("SUBSCRIBE", durably("exclusively", "/topic/exclusively", { exclusive: "true" }));
    await sendAll(sender, "/topic/exclusively", ["1", "2", "3"]);
    await expectBodies(second, "1", "2", "3");
    await expectNothing(first);
    await second.disconnect();
    await sender.syncSend("/topic/exclusively", "4");
    await first.message("4");
    for (const wire of [first, sender]) await wire.drop();
  });

  it("a browser of one sees what somebody holds, and takes nothing", async () => {
    const [owner, browser] = [await connect(), await connect()];
    await owner.sync("SUBSCRIBE", durably("browsed", "/topic/browsed", { ack: "client" }));
    owner.asyncSend("/topic/browsed", "1");
    await owner.message("1");
    browser.send("SUBSCRIBE", { id: "b", destination: "/dsub/browsed", browser: "true" });
    await browser.message("1");
    await expectBrowserEnd(browser, "b");
    for (const wire of [owner, browser]) await wire.drop();
  });

  it("who detaches leaves it, and what it held comes first to the next one", async () => {
    const [first, second] = [await connect(), await connect()];
    await first.sync("SUBSCRIBE", durably("detached", "/topic/detached", { ack: "client" }));
    for (const body of ["1", "2"]) first.asyncSend("/topic/detached", body);
    await expectBodies(first, "1", "2");
    await first.sync("UNSUBSCRIBE", { id: "detached" });
    await second.syncSend("/topic/detached", "3");
    second.send("SUBSCRIBE", durably("detached", "/topic/detached"));
    const frames = await expectBodies(second, "1", "2", "3");
    assert.deepEqual(
      frames.map((frame) => frame.header("redeliveries")),
      ["1", "1", undefined],
    );
    for (const wire of [first, second]) await wire.drop();
  });

  it("destroying it ends those that are attached", async () => {
    const [attached, other] = [await connect(), await connect()];
    await attached.sync("SUBSCRIBE", durably("destroyed", "/topic/destroyed"));
    await other.sync("UNSUBSCRIBE", { id: "destroyed", persistent: "true" });
    await attached.expectError("The dsub 'destroyed' was deleted");
    await attached.drop();
    other.send("SEND", { destination: "/dsub/destroyed" }, "x");
    await other.expectError("The destination does not exist.");
    await other.drop();
  });

  it("a retained message comes with a topic that is new to it, and not again [9]", async () => {
    const wire = await connect();
    for (const topic of ["a", "b"])
      await wire.syncSend(`/topic/kept.once.${topic}`, topic, { retain: "set" });
    await made(wire, "kept", "/topic/kept.once.a");
    await made(wire, "kept", "/topic/kept.once.a,/topic/kept.once.b");
    await made(wire, "kept", "/topic/kept.once.*,/topic/kept.**,/topic/kept.once.b");
    wire.send("SUBSCRIBE", { id: "1", destination: "/dsub/kept" });
    await expectBodies(wire, "a", "b");
    await expectNothing(wire);
    await wire.drop();
  });

  it("two that share it, one of them slow: the other one gets the rest", async () => {
    const [slow, quick, sender] = [await connect(), await connect(), await connect()];
    await slow.sync("SUBSCRIBE", durably("uneven", "/topic/uneven", { ack: "client", credit: "1,0" }));
    await quick.sync("SUBSCRIBE", durably("uneven", "/topic/uneven"));
    await sendAll(sender, "/topic/uneven", ["1", "2", "3", "4", "5"]);
    const [held] = await messages(slow, 1);
    const others = await messages(quick, 4);
    assert.deepEqual([held!.text, ...others.map(({ text }) => text)].sort(), ["1", "2", "3", "4", "5"]);
    for (const wire of [slow, quick, sender]) await wire.drop();
  });
});

const RULES = `
  <access_rule allow="can_consume_create_ds" action="receive" kind="topic" id="open.**"/>
  <access_rule allow="can_send_create_topic" action="send create" kind="dsub"/>`;

describe("7 access to durable subscriptions and their topics [quirk 8]", () => {
  const broker = useInstance({
    xml: (xml) => intoHost(RULES)(securityXml(xml)),
    files: securityFiles(),
  });
  const as = (name: string): Promise<StompWire> =>
    StompWire.connect(broker.now, { login: name, passcode: name });

  async function refused(name: string, command: string, headers: Headers, error: string): Promise<void> {
    const wire = await as(name);
    wire.sendWithReceipt(command, headers);
    await wire.expectError(error);
    await wire.drop();
  }

  it("create on it, consume on it, and receive on every topic it names", async () => {
    await refused(
      "can_consume_ds",
      "SUBSCRIBE",
      durably("guarded", "/topic/open.a"),
      "Not authorized to create the dsub 'guarded'",
    );
    await refused(
      "can_consume_create_ds",
      "SUBSCRIBE",
      durably("guarded", "/topic/open.a,/topic/closed"),
      "Not authorized to receive from the topic 'closed'",
    );
    const wire = await as("can_consume_create_ds");
    await wire.sync("SUBSCRIBE", durably("guarded", "/topic/open.a"));
    await wire.drop();
  });

  it("a wildcard collects what its owner may receive, and nothing else", async () => {
    const wire = await as("can_consume_create_ds");
    await wire.sync("SUBSCRIBE", durably("guarded", "/topic/**"));
    await wire.sync("UNSUBSCRIBE", { id: "guarded" });
    const sender = await as("can_send_create_topic");
    for (const topic of ["open.a", "closed", "open.b.c"]) await sender.syncSend(`/topic/${topic}`, topic);
    wire.send("SUBSCRIBE", durably("guarded", "/topic/**"));
    await expectBodies(wire, "open.a", "open.b.c");
    await wire.sync("UNSUBSCRIBE", { id: "guarded" }); // what was on its way would come before the answer
    await sender.drop();
    await wire.drop();
  });

  it("who may neither consume from it nor destroy it does neither; sending takes a right of its own", async () => {
    const consuming = { id: "1", destination: "/dsub/guarded" };
    await refused(
      "can_only_connect",
      "SUBSCRIBE",
      consuming,
      "Not authorized to consume from the dsub 'guarded'",
    );
    const browsing = { ...consuming, browser: "true" };
    await refused(
      "can_consume_ds",
      "SUBSCRIBE",
      browsing,
      "Not authorized to receive from the dsub 'guarded'",
    );
    const destroying = { id: "guarded", persistent: "true" };
    await refused(
      "can_consume_ds",
      "UNSUBSCRIBE",
      destroying,
      "Not authorized to destroy the dsub 'guarded'",
    );
    const sending = { destination: "/dsub/guarded" };
    await refused("can_consume_ds", "SEND", sending, "Not authorized to send to the dsub 'guarded'");
    const sender = await as("can_send_create_topic");
    await sender.syncSend("/dsub/guarded", "direct");
    await sender.drop();
  });
});
