import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { pause } from "../harness/waiting.ts";
import { expectBodies, expectNothing, F2, FIXTURES, sendAll } from "./fixture.ts";

const LOADS = 16;
/** Apollo's suite had 1000. */
const LOAD_ROUNDS = 100;

for (const { name, xml } of FIXTURES) {
  describe(`dead letters, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    for (const [id, queue, persistent] of [
      ["ST-068", "nacker.a", "false"],
      ["ST-069", "nacker.b", "true"],
    ] as const) {
      it(`${id} NACKed twice, a message is a dead letter, persistent ${persistent}`, async () => {
        const wire = await connect();
        await wire.syncSend(`/queue/${queue}`, "this msg is not persistent", { persistent, kept: "a\\\\b" });
        wire.send("SUBSCRIBE", { id: "0", destination: `/queue/${queue}`, ack: "client" });
        wire.send("SUBSCRIBE", { id: "dlq", destination: `/queue/dlq.${queue}` });
        for (const redeliveries of [undefined, "1"]) {
          const frame = await wire.expect("MESSAGE");
          assert.equal(frame.header("subscription"), "0");
          assert.equal(frame.header("redeliveries"), redeliveries);
          wire.ack(frame, {}, "NACK");
        }
        const dead = await wire.message("this msg is not persistent");
        assert.equal(dead.header("subscription"), "dlq");
        // 5.9 headers and the counter stay
        assert.equal(dead.header("destination"), `/queue/${queue}`);
        assert.equal(dead.header("kept"), "a\\\\b");
        assert.equal(dead.header("redeliveries"), "2");
        await wire.drop();
      });
    }

    it("ST-070 NACKed twice, with nobody on the dead letter queue", async () => {
      const wire = await connect();
      await wire.syncSend("/queue/nacker.c", "m", { persistent: "true" });
      wire.send("SUBSCRIBE", { id: "0", destination: "/queue/nacker.c", ack: "client" });
      for (let i = 0; i < 2; i += 1) wire.ack(await wire.message("m"), {}, "NACK");
      await expectNothing(wire);
      wire.send("SUBSCRIBE", { id: "dlq", destination: "/queue/dlq.nacker.c" });
      await wire.message("m");
      await wire.drop();
    });

    it("ST-041 an expired message is a dead letter, which does not expire", async () => {
      const wire = await connect();
      const destination = "/queue/nacker.expires";
      wire.asyncSend(destination, "1");
      wire.asyncSend(destination, "2", { expires: Date.now() + 500 });
      await wire.syncSend(destination, "3");
      await pause(1_000);
      wire.send("SUBSCRIBE", { id: "0", destination });
      await expectBodies(wire, "1", "3");
      wire.send("SUBSCRIBE", { id: "1", destination: "/queue/dlq.nacker.expires" });
      await wire.message("2");
      await wire.drop();
    });

    it("OW-024 a refusal in a transaction counts at the commit", async () => {
      const wire = await connect();
      const destination = "/queue/nacker.tx";
      await wire.syncSend(destination, "poison");
      await wire.syncSend(destination, "2");
      wire.send("SUBSCRIBE", { id: "0", destination, ack: "client-individual", credit: "1,0" });
      for (let i = 0; i < 2; i += 1) {
        wire.ack(await wire.message("poison"), { transaction: "x" }, "NACK");
        const other = await wire.message("2"); // a transacted NACK gives credit back at once
        await expectNothing(wire);
        await wire.sync("COMMIT", { transaction: "x" });
        wire.ack(other, {}, "NACK");
      }
      wire.send("SUBSCRIBE", { id: "dlq", destination: "/queue/dlq.nacker.tx" });
      await expectBodies(wire, "poison", "2");
      await wire.drop();
    });

    it("4.1 nak_limit 1: the first refusal is the last", async () => {
      const wire = await connect();
      await sendAll(wire, "/queue/nacker-1.a", ["1", "2", "3"]);
      wire.send("SUBSCRIBE", { id: "0", destination: "/queue/nacker-1.a", ack: "client" });
      const [, second, third] = await expectBodies(wire, "1", "2", "3");
      wire.ack(second!, {}, "NACK"); // cumulative, as ACK is
      wire.ack(third!);
      wire.send("SUBSCRIBE", { id: "dlq", destination: "/queue/dlq.nacker-1.a" });
      await expectBodies(wire, "1", "2");
      await expectNothing(wire);
      await wire.drop();
    });

    it("K 4 nak_limit without a dead letter queue drops", async () => {
      const wire = await connect();
      await sendAll(wire, "/queue/nacker-drop.a", ["1", "2"]);
      wire.send("SUBSCRIBE", { id: "0", destination: "/queue/nacker-drop.a", ack: "client-individual" });
      const [first] = await expectBodies(wire, "1", "2");
      wire.ack(first!, {}, "NACK");
      wire.ack(await wire.message("1"), {}, "NACK");
      await expectNothing(wire);
      await wire.drop();
    });

    it("5.9 leaving counts, but only a refusal makes a message dead", async () => {
      const destination = "/queue/nacker.left";
      const wire = await connect();
      await wire.syncSend(destination, "m");
      wire.send("SUBSCRIBE", { id: "dlq", destination: "/queue/dlq.nacker.left" });
      for (let i = 0; i < 3; i += 1) {
        const consumer = await connect();
        consumer.send("SUBSCRIBE", { id: "0", destination, ack: "client" });
        const frame = await consumer.message("m");
        assert.equal(frame.header("redeliveries"), i === 0 ? undefined : String(i));
        await consumer.disconnect();
      }
      await expectNothing(wire);
      wire.send("SUBSCRIBE", { id: "0", destination, ack: "client" });
      wire.ack(await wire.message("m"), {}, "NACK");
      assert.equal((await wire.message("m")).header("subscription"), "dlq");
      await wire.drop();
    });

    it("4.2 a durable subscription has dead letters, too; an MQTT publisher's message is one", async () => {
      const wire = await connect();
      const headers = { id: "nacker-sub", destination: "/topic/for.nacker", persistent: "true" };
      await wire.sync("SUBSCRIBE", { ...headers, ack: "client" });
      const publisher = await MqttWire.connect(broker.now);
      await publisher.publish("for/nacker", "from MQTT", 1);
      wire.ack(await wire.message("from MQTT"), {}, "NACK");
      await expectNothing(wire);
      wire.send("SUBSCRIBE", { id: "dlq", destination: "/queue/dlq.nacker-sub" });
      assert.equal((await wire.message("from MQTT")).header("subscription"), "dlq");
      await wire.drop();
      await publisher.disconnect();
    });
  });
}

describe("load of dead letters", { concurrency: true }, () => {
  const broker = useInstance({ xml: F2 });

  for (let load = 1; load <= LOADS; load += 1) {
    it(`ST-141..156 nacker.load.${load}`, async () => {
      const [consumer, watcher] = [await StompWire.connect(broker.now), await StompWire.connect(broker.now)];
      const destination = `/queue/nacker.load.${load}`;
      await consumer.subscribe("0", destination, "client");
      await watcher.subscribe("0", `/queue/dlq.nacker.load.${load}`, "client");
      for (let round = 0; round < LOAD_ROUNDS; round += 1) {
        const body = String(round);
        consumer.asyncSend(destination, body);
        consumer.ack(await consumer.message(body), {}, "NACK");
        consumer.ack(await consumer.message(body), {}, "NACK");
        watcher.ack(await watcher.message(body));
      }
      await consumer.disconnect();
      await watcher.disconnect();
    });
  }
});
