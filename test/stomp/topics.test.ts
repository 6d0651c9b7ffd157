import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { edits, intoBroker, intoConnector, withoutAuthentication } from "../harness/xml.ts";

const SLASHES = '<connector id="slashes" bind="tcp://127.0.0.1:0"/>';

describe("STOMP: topics, queues, wildcards", { concurrency: true }, () => {
  const broker = useInstance({
    xml: edits(
      withoutAuthentication,
      intoBroker(SLASHES),
      intoConnector("slashes", '<stomp path_separator="/"/>'),
    ),
  });

  it("ST-023 retain:set", async () => {
    const wire = await StompWire.connect(broker.now);
    wire.asyncSend("/topic/retained", "1");
    wire.asyncSend("/topic/retained", "2", { retain: "set" });
    await wire.syncSend("/topic/retained", "3");
    wire.send("SUBSCRIBE", { id: "1", destination: "/topic/retained" });
    await wire.message("2");
    wire.asyncSend("/topic/retained", "4");
    await wire.message("4");
    await wire.drop();
  });

  it("ST-024 retain:remove", async () => {
    const wire = await StompWire.connect(broker.now);
    wire.asyncSend("/topic/removed", "1");
    wire.asyncSend("/topic/removed", "2", { retain: "set" });
    wire.asyncSend("/topic/removed", "3", { retain: "remove" });
    wire.send("SUBSCRIBE", { id: "1", destination: "/topic/removed" });
    wire.asyncSend("/topic/removed", "4");
    await wire.message("4");
    await wire.drop();
  });

  it("9 a retained message reaches a wildcard subscription", async () => {
    const wire = await StompWire.connect(broker.now);
    await wire.syncSend("/topic/kept.a", "kept", { retain: "set" });
    wire.send("SUBSCRIBE", { id: "1", destination: "/topic/kept.*" });
    const frame = await wire.message("kept");
    assert.equal(frame.header("destination"), "/topic/kept.a");
    await wire.drop();
  });

  it("ST-028 round robin", async () => {
    const wire = await StompWire.connect(broker.now);
    await wire.subscribe("1", "/queue/robin");
    await wire.subscribe("2", "/queue/robin");
    const counts: Record<string, number> = { 1: 0, 2: 0 };
    for (let i = 0; i < 4; i++) wire.asyncSend("/queue/robin", String(i));
    for (let i = 0; i < 4; i++) counts[(await wire.expect("MESSAGE")).header("subscription")!]! += 1;
    assert.deepEqual(counts, { 1: 2, 2: 2 });
    await wire.drop();
  });

  it("ST-032 OW-014 OW-015 queue order", async () => {
    const wire = await StompWire.connect(broker.now);
    for (const body of ["1", "2", "3"]) wire.asyncSend("/queue/order", body);
    wire.send("SUBSCRIBE", { id: "1", destination: "/queue/order" });
    for (const body of ["1", "2", "3"]) await wire.message(body);
    await wire.drop();
  });

  it("ST-033 OW-013 a topic has no history", async () => {
    const wire = await StompWire.connect(broker.now);
    await wire.syncSend("/topic/history", "1");
    await wire.subscribe("1", "/topic/history");
    wire.asyncSend("/topic/history", "2");
    wire.asyncSend("/topic/history", "3");
    await wire.message("2");
    await wire.message("3");
    await wire.drop();
  });

  it("ST-034 a durable subscription keeps messages while its owner is away", async () => {
    const first = await StompWire.connect(broker.now);
    await first.subscribe("my-sub-name", "/topic/durable", "auto", { persistent: "true" });
    await first.drop();
    const second = await StompWire.connect(broker.now);
    for (const body of ["1", "2", "3"]) await second.syncSend("/topic/durable", body);
    second.send("SUBSCRIBE", { id: "my-sub-name", destination: "/topic/durable", persistent: "true" });
    for (const body of ["1", "2", "3"]) {
      assert.equal((await second.message(body)).header("subscription"), "my-sub-name");
    }
    await second.drop();
  });

  it("ST-035 a durable subscription with wildcards", async () => {
    const first = await StompWire.connect(broker.now);
    await first.subscribe("wild-sub", "/topic/wilddurable.*", "auto", { persistent: "true" });
    await first.drop();
    const second = await StompWire.connect(broker.now);
    for (const body of ["1", "2", "3"]) await second.syncSend(`/topic/wilddurable.${body}`, body);
    second.send("SUBSCRIBE", { id: "wild-sub", destination: "/topic/wilddurable", persistent: "true" });
    for (const body of ["1", "2", "3"]) await second.message(body);
    await second.drop();
  });

  it("ST-106 dots in the id of a durable subscription", async () => {
    const wire = await StompWire.connect(broker.now);
    await wire.subscribe("sub.1", "/topic/dotted", "auto", { persistent: "true" });
    await wire.sync("UNSUBSCRIBE", { id: "sub.1" });
    await wire.syncSend("/dsub/sub.1", "direct");
    await wire.drop();
  });

  const separators = [
    { id: "ST-121", separator: ".", at: 0 },
    { id: "ST-122", separator: "/", at: 1 },
  ];
  for (const { id, separator, at } of separators) {
    it(`${id} wildcard subscription to queues, separator ${separator}`, async () => {
      const wire = new StompWire(await connectTo(broker.now.port("tcp", at)));
      await wire.hello();
      const name = (folder: string, queue: string): string => `/queue/${folder}${at}${separator}${queue}`;
      await wire.subscribe("1", name("foo", "*"));
      await wire.syncSend(name("bar", "a"), "not this");
      wire.asyncSend(name("foo", "a"), "1");
      await wire.message("1");
      wire.asyncSend(name("foo", "b"), "2");
      const frame = await wire.message("2");
      assert.equal(frame.header("destination"), name("foo", "b"));
      await wire.drop();
    });
  }

  it("2.5 overlapping patterns bring one copy; a regular expression holds for later topics too [quirk 1]", async () => {
    const wire = await StompWire.connect(broker.now);
    await wire.subscribe("deep", "/topic/tree.**");
    wire.asyncSend("/topic/tree.a.b", "deep");
    assert.equal((await wire.message("deep")).header("subscription"), "deep");
    await wire.sync("UNSUBSCRIBE", { id: "deep" });
    await wire.subscribe("digits", "/topic/numbered.{[0-9]+}");
    await wire.syncSend("/topic/numbered.abc", "no");
    wire.asyncSend("/topic/numbered.42", "yes");
    await wire.message("yes");
    await wire.drop();
  });
});

async function connectTo(port: number) {
  const { connect } = await import("node:net");
  return connect({ host: "127.0.0.1", port, noDelay: true });
}
