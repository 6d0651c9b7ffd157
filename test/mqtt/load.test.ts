import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { TYPE } from "../harness/mqtt-packet.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { edits, intoHost, withoutAuthentication, withoutStore, type XmlEdit } from "../harness/xml.ts";

const COUNT = 1_000;
const SLOW_CONSUMERS =
  '<topic id="queued.**" slow_consumer_policy="queue"><subscription tail_buffer="4k"/></topic>';

/** 256 digits. */
function body(number: number): string {
  return String(number).padStart(256, "0");
}

const cases: readonly (readonly [name: string, store: XmlEdit, queued: string, normal: string])[] = [
  ["without a store", withoutStore, "MQ-035", "MQ-034"],
  ["with a store", (xml) => xml, "MQ-037", "MQ-036"],
];

for (const [name, store, queued, normal] of cases) {
  describe(`MQTT load, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml: edits(withoutAuthentication, store, intoHost(SLOW_CONSUMERS)) });
    for (const [scenario, topic] of [
      [normal, "normal/load"],
      [queued, "queued/load"],
    ] as const) {
      it(`${scenario} 1000 messages at QoS 1, in order, on ${topic}`, async () => {
        const receiver = await MqttWire.connect(broker.now);
        await receiver.subscribe(topic, 1);
        const publisher = await MqttWire.connect(broker.now);
        for (let at = 0; at < COUNT; at += 1) publisher.publishOnly(topic, body(at), 1);
        for (let at = 0; at < COUNT; at += 1) await receiver.expectMessage(topic, body(at));
        for (let at = 0; at < COUNT; at += 1) await publisher.expect(TYPE.PUBACK);
        await receiver.disconnect();
        await publisher.disconnect();
      });
    }
  });
}
