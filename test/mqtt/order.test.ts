import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { packet, publishOf, TYPE, two } from "../harness/mqtt-packet.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { withoutAuthentication } from "../harness/xml.ts";

describe("MQTT: order", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });

  it("[MQTT-4.6.0-1] [MQTT5-4.6.0-1] what was not acknowledged comes again in its order, with its ids and DUP", async () => {
    const hello = { clientId: "again", clean: false };
    const first = await MqttWire.connect(broker.now, hello);
    await first.subscribe("order/again", 2);
    const sender = await MqttWire.connect(broker.now);
    const count = 40;
    for (let at = 0; at < count; at += 1) await sender.publish("order/again", `${at}`, 1 + (at % 2));
    const sent: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const { id, qos, body } = publishOf(await first.expect(TYPE.PUBLISH));
      sent.push(`${id} ${qos} ${body}`);
    }
    await first.drop();
    const second = await MqttWire.connect(broker.now, hello);
    const again: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const { id, qos, body, dup } = publishOf(await second.expect(TYPE.PUBLISH));
      assert.equal(dup, true);
      again.push(`${id} ${qos} ${body}`);
    }
    assert.deepEqual(again, sent);
    await second.drop();
    await sender.disconnect();
  });

  it("[MQTT-4.6.0-3] [MQTT5-4.6.0-3] PUBRECs are in the order of the PUBLISH packets", async () => {
    const sleeper = await MqttWire.connect(broker.now, { clientId: "sleeper", clean: false });
    await sleeper.subscribe("order/stored", 2);
    await sleeper.drop();
    const sender = await MqttWire.connect(broker.now, { clientId: "sender", clean: false });
    const topics = ["order/stored", "order/nobody"];
    const ids = Array.from({ length: 200 }, (_, at) => sender.publishOnly(topics[at % 2]!, `${at}`, 2));
    for (const id of ids) assert.equal((await sender.expect(TYPE.PUBREC)).body.readUInt16BE(0), id);
    for (const id of ids) sender.raw(packet(TYPE.PUBREL, 2, two(id)));
    for (const id of ids) assert.equal((await sender.expect(TYPE.PUBCOMP)).body.readUInt16BE(0), id);
    await sender.disconnect();
  });
});
