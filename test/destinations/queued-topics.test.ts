import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { pause } from "../harness/waiting.ts";
import { expectBodies, expectNothing, FIXTURES, messages } from "./fixture.ts";

const KIB = "x".repeat(1_024);

for (const { name, xml } of FIXTURES) {
  describe(`topics with slow_consumer_policy="queue", ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    for (const place of ["queued", "block"]) {
      it(`ST-042/043 messages expire while they wait, ${place}.expiration (APLO-249)`, async () => {
        const topic = `/topic/${place}.expiration`;
        const [consumer, producer] = [await connect(), await connect()];
        await consumer.subscribe("1", topic, "client", { credit: "1,0" });
        const expires = Date.now() + 500;
        for (let i = 0; i < 1_000; i += 1) producer.asyncSend(topic, KIB, { expires });
        const receipt = producer.sendWithReceipt("SEND", { destination: topic }, "DONE");
        await pause(1_000);
        let received = 0;
        for (;;) {
          const frame = await consumer.expect("MESSAGE");
          consumer.ack(frame);
          if (frame.text === "DONE") break;
          received += 1;
        }
        assert.ok(received < 1_000);
        assert.equal((await producer.expect("RECEIPT")).header("receipt-id"), receipt);
        await consumer.drop();
        await producer.drop();
      });
    }

    it("ST-046 expired on arrival", async () => {
      const wire = await connect();
      const topic = "/topic/queued.expired";
      await wire.subscribe("1", topic);
      wire.asyncSend(topic, "m1", { persistent: "true" });
      wire.asyncSend(topic, "e1", { persistent: "true", expires: Date.now() - 1_000 });
      wire.asyncSend(topic, "m2", { persistent: "true" });
      await expectBodies(wire, "m1", "m2");
      await wire.drop();
    });

    it("ST-054 the order of a commit", async () => {
      const topic = "/topic/queued.order";
      const [receiver, sender] = [await connect(), await connect()];
      await receiver.subscribe("1", topic);
      sender.asyncSend(topic, "m1");
      sender.send("BEGIN", { transaction: "x" });
      sender.asyncSend(topic, "t1", { transaction: "x" });
      sender.asyncSend(topic, "m2");
      sender.asyncSend(topic, "t2", { transaction: "x" });
      await sender.sync("COMMIT", { transaction: "x" });
      sender.asyncSend(topic, "m3");
      await expectBodies(receiver, "m1", "m2", "t1", "t2", "m3");
      await receiver.drop();
      await sender.drop();
    });

    for (const [id, end] of [
      ["ST-057", "COMMIT"],
      ["ST-060", "ABORT"],
    ] as const) {
      it(`${id} ${end} of acknowledgements brings nothing again`, async () => {
        const topic = `/topic/queued.${end}`;
        const [receiver, sender] = [await connect(), await connect()];
        await receiver.subscribe("1", topic, "client");
        for (const body of ["m1", "m2", "m3", "m4"]) await sender.syncSend(topic, body);
        receiver.send("BEGIN", { transaction: "x" });
        for (const [at, frame] of (await expectBodies(receiver, "m1", "m2", "m3", "m4")).entries())
          receiver.ack(frame, at % 2 === 0 ? {} : { transaction: "x" });
        await receiver.sync(end, { transaction: "x" });
        await sender.syncSend(topic, "m5");
        await receiver.message("m5");
        await receiver.drop();
        await sender.drop();
      });
    }

    it("6 a slow consumer does not hold up the fast one beside it, nor its producer below the buffer", async () => {
      const topic = "/topic/queued.beside";
      const [slow, fast, sender] = [await connect(), await connect(), await connect()];
      await slow.subscribe("1", topic, "client", { credit: "1,0" });
      await fast.subscribe("1", topic);
      const bodies = ["1", "2", "3", "4", "5"];
      for (const body of bodies) await sender.syncSend(topic, body);
      await expectBodies(fast, ...bodies);
      for (const body of bodies) slow.ack(await slow.message(body));
      await expectNothing(slow);
      for (const wire of [slow, fast, sender]) await wire.drop();
    });

    it("6 NACK and UNSUBSCRIBE bring nothing again; who comes later sees what comes later", async () => {
      const topic = "/topic/queued.nack";
      const wire = await connect();
      await wire.subscribe("1", topic, "client");
      wire.asyncSend(topic, "1");
      wire.ack(await wire.message("1"), {}, "NACK");
      wire.asyncSend(topic, "2");
      await wire.message("2");
      await wire.sync("UNSUBSCRIBE", { id: "1" });
      await wire.subscribe("2", topic);
      await expectNothing(wire);
      wire.asyncSend(topic, "3");
      await wire.message("3");
      await wire.drop();
    });

    it("6 quota of the buffer: the producer waits, and goes on as the consumer does", async () => {
      const topic = "/topic/quota.buffer";
      const [slow, sender] = [await connect(), await connect()];
      await slow.subscribe("1", topic, "client", { credit: "1,0" });
      for (let at = 0; at < 30; at += 1) sender.asyncSend(topic, KIB);
      const receipt = sender.sendWithReceipt("SEND", { destination: "/topic/nobody.listens" });
      await pause(300);
      assert.equal(sender.waiting, 0, "30 KiB went into a quota of 10");
      for (let at = 0; at < 30; at += 1) slow.ack(await slow.message(KIB));
      assert.equal((await sender.expect("RECEIPT")).header("receipt-id"), receipt);
      await slow.drop();
      await sender.drop();
    });

    it("ST-014 the receipt of DISCONNECT proves that the topic has everything", async () => {
      const topic = "/topic/quota.disconnect";
      const [slow, sender] = [await connect(), await connect()];
      await slow.subscribe("1", topic, "client", { credit: "1,0" });
      const bodies = Array.from({ length: 9 }, (_, at) => `${at}${KIB.slice(1)}`);
      for (const body of bodies) sender.asyncSend(topic, body);
      await sender.disconnect();
      for (const body of bodies) slow.ack(await slow.message(body));
      await slow.drop();
    });

    it("6 a slow consumer that goes frees its producer", async () => {
      const topic = "/topic/quota.gone";
      const [slow, sender] = [await connect(), await connect()];
      await slow.subscribe("1", topic, "client", { credit: "1,0" });
      for (let at = 0; at < 30; at += 1) sender.asyncSend(topic, KIB);
      const receipt = sender.sendWithReceipt("SEND", { destination: "/topic/nobody.listens" });
      await slow.message(KIB);
      await slow.drop();
      assert.equal((await sender.expect("RECEIPT")).header("receipt-id"), receipt);
      await sender.drop();
    });

    it("6 selectors and MQTT publishers", async () => {
      const topic = "/topic/queued.red";
      const wire = await connect();
      const mqtt = await MqttWire.connect(broker.now);
      await wire.subscribe("1", topic, "auto", { selector: "color='red'" });
      await wire.subscribe("2", topic);
      for (const color of ["red", "blue"]) wire.asyncSend(topic, color, { color });
      const first = (await messages(wire, 3)).map((frame) => `${frame.header("subscription")}${frame.text}`);
      assert.deepEqual(first.sort(), ["1red", "2blue", "2red"]);
      await mqtt.publish("queued/red", "from MQTT", 1);
      assert.equal((await wire.message("from MQTT")).header("subscription"), "2");
      await wire.drop();
      await mqtt.disconnect();
    });
  });
}
