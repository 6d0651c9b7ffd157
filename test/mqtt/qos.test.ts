import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { packet, publishOf, TYPE, two } from "../harness/mqtt-packet.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { withoutAuthentication } from "../harness/xml.ts";

describe("MQTT: qualities of service", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });

  for (const clean of [true, false]) {
    for (const pub of [0, 1, 2]) {
      for (const sub of [0, 1, 2]) {
        it(`MQ-016..033 published at ${pub}, subscribed at ${sub}, clean ${clean}: once, at the lower one`, async () => {
          const topic = `qos/${pub}/${sub}/${clean}`;
          const wire = await MqttWire.connect(broker.now, { clientId: topic, clean });
          const other = await MqttWire.connect(broker.now);
          assert.deepEqual(await wire.subscribe(topic, sub), [sub]);
          await other.publish(topic, "1", pub);
          const message = await wire.expectMessage(topic, "1");
          assert.equal(message.qos, Math.min(pub, sub));
          assert.deepEqual(await wire.roundTrip(), []);
          await wire.disconnect();
          await other.disconnect();
        });
      }
    }
  }

  it("16.6 overlapping filters: the highest quality of the matching ones", async () => {
    const wire = await MqttWire.connect(broker.now);
    await wire.subscribe("best/+", 0);
    await wire.subscribe("best/#", 2);
    await wire.subscribe("best/a", 1);
    wire.publishOnly("best/a", "1", 2);
    const found = [];
    while (found.length < 2) found.push(await wire.receive());
    const message = publishOf(found.find(({ type }) => type === TYPE.PUBLISH)!);
    assert.equal(message.qos, 2);
    await wire.drop();
  });

  it("16.7 at QoS 2 a PUBREC is answered by PUBREL as often as it comes", async () => {
    const wire = await MqttWire.connect(broker.now, { clientId: "pubrec", clean: false });
    await wire.subscribe("rec/a", 2);
    const other = await MqttWire.connect(broker.now);
    await other.publish("rec/a", "1", 2);
    const { id } = publishOf(await wire.expect(TYPE.PUBLISH));
    wire.raw(packet(TYPE.PUBREC, 0, two(id)));
    await wire.expect(TYPE.PUBREL);
    await wire.drop();
    // the second half of the handshake goes on over the next connection
    const next = await MqttWire.connect(broker.now, { clientId: "pubrec", clean: false });
    const released = await next.expect(TYPE.PUBREL);
    assert.equal(released.body.readUInt16BE(0), id);
    next.raw(packet(TYPE.PUBCOMP, 0, two(id)));
    assert.deepEqual(await next.roundTrip(), []);
    await next.disconnect();
    await other.disconnect();
  });

  it("16.4 PUBREL of an unknown id is answered", async () => {
    const wire = await MqttWire.connect(broker.now);
    wire.raw(packet(TYPE.PUBREL, 2, two(4_711)));
    assert.equal((await wire.expect(TYPE.PUBCOMP)).body.readUInt16BE(0), 4_711);
    await wire.disconnect();
  });

  it("MQ-034 load: 1000 messages at QoS 1, in order", async () => {
    const receiver = await MqttWire.connect(broker.now, { clientId: "load" });
    await receiver.subscribe("normal/load", 1);
    const publisher = await MqttWire.connect(broker.now);
    const count = 1_000;
    const body = (i: number): string => String(i).padStart(256, "0");
    const ids = Array.from({ length: count }, (_, i) => publisher.publishOnly("normal/load", body(i), 1));
    for (let i = 0; i < count; i++) await receiver.expectMessage("normal/load", body(i));
    for (const id of ids) assert.equal((await publisher.expect(TYPE.PUBACK)).body.readUInt16BE(0), id);
    await receiver.disconnect();
    await publisher.disconnect();
  });

  it("16.4 QoS 1 and 2 keep their order although the handshakes differ", async () => {
    const receiver = await MqttWire.connect(broker.now);
    await receiver.subscribe("mixed/load", 0);
    const publisher = await MqttWire.connect(broker.now);
    for (let i = 0; i < 300; i++) publisher.publishOnly("mixed/load", String(i), i % 3);
    for (let i = 0; i < 300; i++) await receiver.expectMessage("mixed/load", String(i));
    await receiver.disconnect();
    await publisher.drop();
  });
});
