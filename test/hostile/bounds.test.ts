import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { roundTrip, whileOthersWork } from "../harness/health.ts";
import { useInstance } from "../harness/instance.ts";
import { TYPE } from "../harness/mqtt-packet.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { pause } from "../harness/waiting.ts";
import { edits, intoBroker, intoHost, withoutAuthentication } from "../harness/xml.ts";

const HOST = '<virtual_host memory_limit="32m" destinations_max="2000" transaction_limit="1m" ';
const FEW = '<connector id="few" bind="tcp://127.0.0.1:0" connection_limit="3"/>';
/** What may not leave memory: with a store a queue takes as much as the disk does. */
const UNSWAPPED = '<queue id="backlog" swap="false" tail_buffer="1g"/>';
const RESIDENT_MAX_MIB = 400;
const BODY = "x".repeat(64 * 1_024);

describe("the bounds of a virtual host and of a connector", () => {
  const broker = useInstance({
    xml: edits(withoutAuthentication, intoBroker(FEW), intoHost(UNSWAPPED), (xml) =>
      xml.replace("<virtual_host ", HOST),
    ),
  });

  it("memory_limit: producers wait until consumers made room, and lose nothing", async () => {
    const count = 2_000; // 125 MiB
    const producer = await StompWire.connect(broker.now);
    let sent = 0;
    const push = (): void => {
      while (sent < count && !producer.stream.writableNeedDrain) {
        producer.asyncSend("/queue/backlog", BODY, { number: sent });
        sent += 1;
      }
      if (sent < count) producer.stream.once("drain", push);
    };
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      push();
      let before = -1;
      while (before !== sent) {
        before = sent;
        await pause(1_000);
      }
      assert.ok(sent < count, "the broker took everything");
      const consumer = await StompWire.connect(broker.now);
      consumer.send("SUBSCRIBE", { id: "0", destination: "/queue/backlog", ack: "client" });
      for (let i = 0; i < count; i++) {
        const message = await consumer.expect("MESSAGE");
        assert.equal(message.header("number"), String(i));
        if (i % 50 === 49) consumer.ack(message);
      }
      await consumer.disconnect();
    });
    await producer.drop();
  });

  it("a sleeping MQTT session is bounded by the same memory, and wakes up to all of it", async () => {
    const hello = { clientId: "sleeping", clean: false };
    const sleeper = await MqttWire.connect(broker.now, hello);
    await sleeper.subscribe("backlog/sleeping", 1);
    await sleeper.disconnect();
    const producer = await MqttWire.connect(broker.now);
    const count = 800; // 50 MiB
    for (let i = 0; i < count; i++) producer.publishOnly("backlog/sleeping", BODY, 1);
    await pause(1_000);
    assert.ok(broker.now.residentMiB < RESIDENT_MAX_MIB, `${broker.now.residentMiB} MiB`);
    await roundTrip(broker.now);
    const awake = await MqttWire.connect(broker.now, hello);
    for (let i = 0; i < count; i++) await awake.message();
    for (let i = 0; i < count; i++) await producer.expect(TYPE.PUBACK);
    await awake.disconnect();
    await producer.disconnect();
  });

  it("transaction_limit: a transaction that is too large is an ERROR", async () => {
    const wire = await StompWire.connect(broker.now);
    wire.send("BEGIN", { transaction: "x" });
    for (let i = 0; i < 40; i++) wire.asyncSend("/queue/large.transaction", BODY, { transaction: "x" });
    wire.send("COMMIT", { transaction: "x" });
    await wire.expectError("");
    await wire.drop();
    const other = await StompWire.connect(broker.now);
    await other.subscribe("0", "/queue/large.transaction");
    other.asyncSend("/queue/large.transaction", "only this");
    await other.message("only this");
    await other.drop();
  });

  it("connection_limit: who is too many waits until somebody goes", async () => {
    const port = broker.now.port("tcp", 1);
    const open = (): StompWire => new StompWire(connect({ port, host: "127.0.0.1" }));
    const inside = [open(), open(), open()];
    for (const wire of inside) assert.equal((await wire.hello()).command, "CONNECTED");
    const waiting = open();
    const answer = waiting.hello();
    await pause(300);
    assert.equal(waiting.waiting, 0);
    await inside[0]!.drop();
    assert.equal((await answer).command, "CONNECTED");
    for (const wire of [...inside.slice(1), waiting]) await wire.drop();
  });

  it("destinations_max: one destination too many is refused, the others stay", async () => {
    const wire = await StompWire.connect(broker.now);
    for (let i = 0; i < 2_500; i++) wire.asyncSend(`/topic/many.${i}`, "x", { retain: "set" });
    await wire.expectError("");
    await wire.drop();
    const mqtt = await MqttWire.connect(broker.now);
    await mqtt.publish("many/again/and/again", "dropped", 1);
    assert.deepEqual(await mqtt.subscribe("many/7"), [0]);
    await mqtt.expectMessage("many/7", "x");
    await mqtt.disconnect();
  });
});
