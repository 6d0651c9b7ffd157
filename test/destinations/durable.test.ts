import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { type Headers, StompWire } from "../harness/stomp-wire.ts";
import { expectBodies, expectNothing, FIXTURES, messages, sendAll } from "./fixture.ts";

for (const { name, xml } of FIXTURES) {
  describe(`durable subscriptions, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);
    const durably = (id: string, destination: string, more: Headers = {}): Headers => ({
      id,
      destination,
      persistent: "true",
      ...more,
    });
    const made = async (id: string, destination: string, more: Headers = {}): Promise<void> => {
      const wire = await connect();
      await wire.sync("SUBSCRIBE", durably(id, destination, more));
      await wire.disconnect();
    };

    it("OW-001 JR-012 what was sent while it was away comes with the topic as destination", async () => {
      await made("away", "/topic/away");
      const wire = await connect();
      await sendAll(wire, "/topic/away", ["1", "2", "3"], { persistent: "true" });
      wire.send("SUBSCRIBE", durably("away", "/topic/away"));
      for (const frame of await expectBodies(wire, "1", "2", "3"))
        assert.equal(frame.header("destination"), "/topic/away");
      await wire.sync("UNSUBSCRIBE", { id: "away", persistent: "true" });
      wire.send("SUBSCRIBE", { id: "1", destination: "/dsub/away" });
      await wire.expectError("Durable subscription does not exist");
      await wire.drop();
    });

    it("OW-022 destroying what is not there is no mistake over STOMP [messaging 7]", async () => {
      const wire = await connect();
      await wire.sync("UNSUBSCRIBE", { id: "never-made", persistent: "true" });
      await wire.drop();
    });

    it("ST-103 three with the same messages (APLO-210)", async () => {
      const ids = ["same-1", "same-2", "same-3"];
      for (const id of ids) await made(id, "/topic/same");
      const sender = await connect();
      const bodies = Array.from({ length: 100 }, (_, at) => `${at} ${"x".repeat(5 * 1_024)}`);
      for (const body of bodies) sender.asyncSend("/topic/same", body, { persistent: "true" });
      for (const id of ids) {
        const wire = await connect();
        wire.send("SUBSCRIBE", durably(id, "/topic/same"));
        await expectBodies(wire, ...bodies);
        await wire.sync("UNSUBSCRIBE", { id, persistent: "true" });
        await wire.drop();
      }
      await sender.disconnect();
    });

    it("ST-104 sending to and receiving from one directly", async () => {
      await made("direct-1", "/topic/direct");
      await made("direct-2", "/topic/direct");
      const wire = await connect();
      await wire.syncSend("/dsub/direct-1", "1");
      await wire.syncSend("/topic/direct", "LAST");
      wire.send("SUBSCRIBE", { id: "a", destination: "/dsub/direct-1" });
      await expectBodies(wire, "1", "LAST");
      wire.send("SUBSCRIBE", { id: "b", destination: "/dsub/direct-2" });
      await wire.message("LAST");
      await wire.drop();
    });

    it("ST-105 destroyed from a connection that never had it (APLO-157)", async () => {
      await made("deleted", "/topic/deleted");
      const first = await connect();
      await first.syncSend("/topic/deleted", "1");
      first.send("SUBSCRIBE", durably("deleted", "/topic/deleted", { ack: "client" }));
      await first.message("1");
      await first.drop();
      const second = await connect();
      await second.sync("UNSUBSCRIBE", { id: "deleted", persistent: "true" });
      await second.disconnect();
      const third = await connect();
      await third.sync("SUBSCRIBE", durably("deleted", "/topic/deleted", { ack: "client" }));
      third.asyncSend("/topic/deleted", "2");
      await third.message("2");
      await third.sync("UNSUBSCRIBE", { id: "deleted", persistent: "true" });
      await third.drop();
    });

    it("ST-107 SUBSCRIBE again changes the topic", async () => {
      const wire = await connect();
      await wire.sync("SUBSCRIBE", durably("moving", "/topic/moving.a"));
      wire.asyncSend("/topic/moving.a", "1");
      await wire.message("1");
      await wire.sync("UNSUBSCRIBE", { id: "moving" });
      await wire.sync("SUBSCRIBE", durably("moving", "/topic/moving.b"));
      for (let at = 0; at < 500; at += 1) wire.asyncSend("/topic/moving.a", "lost");
      wire.asyncSend("/topic/moving.b", "2");
      await wire.message("2");
      await wire.drop();
    });

    for (const persistent of ["true", "false"]) {
      it(`IT-004 another selector holds for what comes then, persistent ${persistent}`, async () => {
        const id = `selector-${persistent}`;
        const topic = `/topic/selector.${persistent}`;
        const wire = await connect();
        await wire.sync("SUBSCRIBE", durably(id, topic, { selector: "color='red'" }));
        wire.asyncSend(topic, "1st", { color: "red", persistent });
        await wire.message("1st");
        await wire.sync("UNSUBSCRIBE", { id });
        await wire.sync("SUBSCRIBE", durably(id, topic, { selector: "color='blue'" }));
        wire.asyncSend(topic, "2nd", { color: "red", persistent });
        wire.asyncSend(topic, "3rd", { color: "blue", persistent });
        await wire.message("3rd");
        await expectNothing(wire);
        await wire.drop();
      });
    }

    it("K 7 two connections share one", async () => {
      const [first, second] = [await connect(), await connect()];
      await first.sync("SUBSCRIBE", durably("shared", "/topic/shared"));
      await second.sync("SUBSCRIBE", durably("shared", "/topic/shared"));
      const sender = await connect();
      for (const body of ["1", "2", "3", "4"]) await sender.syncSend("/topic/shared", body);
      const bodies = [...(await messages(first, 2)), ...(await messages(second, 2))].map(({ text }) => text);
      assert.deepEqual(bodies.sort(), ["1", "2", "3", "4"]);
      for (const wire of [first, second, sender]) await wire.drop();
    });

    it("7 a browser of one, and a group of topics", async () => {
      await made("topics", "/topic/of.a,/topic/of.b.**");
      const wire = await connect();
      for (const topic of ["of.a", "of.b.x", "of.c", "of.b"]) await wire.syncSend(`/topic/${topic}`, topic);
      wire.send("SUBSCRIBE", { id: "browser", destination: "/dsub/topics", browser: "true" });
      await expectBodies(wire, "of.a", "of.b.x", "of.b");
      assert.equal((await wire.expect("MESSAGE")).header("browser"), "end");
      wire.send("SUBSCRIBE", durably("topics", "/topic/of.a,/topic/of.b.**"));
      await expectBodies(wire, "of.a", "of.b.x", "of.b");
      await wire.drop();
    });

    it("2.6 /dsub/ takes no wildcards in SUBSCRIBE [quirk 5]", async () => {
      await made("wild-1", "/topic/wild");
      const wire = await connect();
      wire.send("SUBSCRIBE", { id: "1", destination: "/dsub/*", receipt: "r" });
      await wire.expectError("");
      await wire.drop();
    });

    it("7 a durable subscription is on topics", async () => {
      const wire = await connect();
      wire.send("SUBSCRIBE", durably("on-queue", "/queue/no.topic"));
      await wire.expectError("A persistent subscription can only be used on a topic destination");
      await wire.drop();
    });

    it("K 7 one from the configuration collects from the start, what its selector lets through", async () => {
      const wire = await connect();
      await wire.syncSend("/topic/made.red", "red", { color: "red" });
      await wire.syncSend("/topic/made.red", "blue", { color: "blue" });
      await wire.syncSend("/topic/made.more.a", "more", { color: "red" });
      wire.send("SUBSCRIBE", { id: "1", destination: "/dsub/made.dsub" });
      await expectBodies(wire, "red", "more");
      await expectNothing(wire);
      await wire.drop();
    });

    it("ST-102 IT-062 nothing is lost, and nothing comes twice, over many connections (APLO-198)", async () => {
      const sender = await connect();
      const [rounds, each] = [20, 50];
      for (let at = 0; at < rounds * each; at += 1) sender.asyncSend("/queue/BIGQUEUE", String(at));
      await sender.syncSend("/queue/BIGQUEUE", "END");
      for (let round = 0; round < rounds; round += 1) {
        const wire = await connect();
        wire.send("SUBSCRIBE", { id: "1", destination: "/queue/BIGQUEUE", ack: "client" });
        for (let at = 0; at < each; at += 1) wire.ack(await wire.message(String(round * each + at)));
        await disconnect(wire);
      }
      sender.send("SUBSCRIBE", { id: "1", destination: "/queue/BIGQUEUE" });
      await sender.message("END");
      await sender.drop();
    });

    it("OW-025 what was not acknowledged comes again, all of it, in order", async () => {
      const [sender, first, second] = [await connect(), await connect(), await connect()];
      const bodies = Array.from({ length: 1_000 }, (_, at) => `${at} ${"x".repeat(400)}`);
      for (const body of bodies) sender.asyncSend("/queue/again", body);
      first.send("SUBSCRIBE", { id: "1", destination: "/queue/again", ack: "client", credit: "1000,0" });
      await expectBodies(first, ...bodies);
      await first.drop();
      second.send("SUBSCRIBE", { id: "1", destination: "/queue/again" });
      for (const frame of await expectBodies(second, ...bodies))
        assert.equal(frame.header("redeliveries"), "1");
      await second.drop();
      await sender.drop();
    });
  });
}

/** Says goodbye; messages that are on their way are no answer. */
async function disconnect(wire: StompWire): Promise<void> {
  const receipt = wire.sendWithReceipt("DISCONNECT");
  for (;;) if ((await wire.receive("the receipt of DISCONNECT")).header("receipt-id") === receipt) break;
  await wire.drop();
}
