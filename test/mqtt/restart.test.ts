import assert from "node:assert/strict";
import { describe, it } from "node:test";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { Instance } from "../harness/instance.ts";
import { withLives } from "../harness/lives.ts";
import { packet, publishOf, TYPE, two } from "../harness/mqtt-packet.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { Mailbox } from "../harness/waiting.ts";
import { withoutAuthentication } from "../harness/xml.ts";

/** A broker whose process is killed, and started again over what it had written. */
function withBroker(
  test: (broker: () => Instance, killed: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const options = { xml: withoutAuthentication };
  return withLives(options, (lives) =>
    test(
      () => lives.now,
      () => lives.again(),
    ),
  );
}

function connect(broker: Instance, options: IClientOptions = {}): Promise<MqttClient> {
  const defaults: IClientOptions = { protocolVersion: 5, reconnectPeriod: 0 };
  return mqtt.connectAsync(`mqtt://localhost:${broker.port("tcp")}`, { ...defaults, ...options });
}

describe("MQTT: kill -9 and again [MQTT-4.1.0-1] [MQTT5-3.1.2-23]", { concurrency: 2 }, () => {
  it("[MQTT-3.1.2-5] sessions with their filters, and the messages of QoS 1 and 2 for them", () =>
    withBroker(async (broker, killed) => {
      const hello = { clientId: "lasting", clean: false };
      const first = await MqttWire.connect(broker(), hello);
      await first.subscribe("r/#", 2);
      await first.drop();
      const sender = await MqttWire.connect(broker());
      for (const qos of [1, 2]) await sender.publish(`r/${qos}`, `at ${qos}`, qos);
      await killed();
      const again = await MqttWire.open(broker());
      assert.deepEqual(await again.hello(hello), { present: true, code: 0 });
      await again.expectMessage("r/1", "at 1");
      await again.expectMessage("r/2", "at 2");
      const later = await MqttWire.connect(broker());
      await later.publish("r/later", "later", 1);
      await again.expectMessage("r/later", "later");
      await again.drop();
      await later.drop();
    }));

  it("[MQTT5-4.8.2-4] QoS 2 of a shared subscription that was begun with a member is completed with it", () =>
    withBroker(async (broker, killed) => {
      const hello = { clientId: "member", clean: false };
      const member = await MqttWire.connect(broker(), hello);
      await member.subscribe("$share/g/jobs", 2);
      const sender = await MqttWire.connect(broker());
      for (const body of ["one", "two"]) await sender.publish("jobs", body, 2);
      const begun = [
        publishOf(await member.expect(TYPE.PUBLISH)),
        publishOf(await member.expect(TYPE.PUBLISH)),
      ];
      await member.drop();
      const other = await MqttWire.connect(broker(), { clientId: "other", clean: false });
      await other.subscribe("$share/g/jobs", 2);
      await sender.publish("jobs", "three", 2);
      await other.expectMessage("jobs", "three");
      await killed();
      const again = await MqttWire.connect(broker(), hello);
      for (const { id, body } of begun) {
        const message = publishOf(await again.expect(TYPE.PUBLISH));
        assert.deepEqual([message.id, message.dup, message.body.toString()], [id, true, body.toString()]);
        again.raw(packet(TYPE.PUBREC, 0, two(id)));
      }
      for (const { id } of begun) {
        assert.equal((await again.expect(TYPE.PUBREL)).body.readUInt16BE(0), id);
        again.raw(packet(TYPE.PUBCOMP, 0, two(id)));
      }
      assert.deepEqual(await again.roundTrip(), []);
      await again.drop();
    }));

  it("[MQTT-4.3.3-2] QoS 2 from a client: what got its PUBREC is not taken twice", () =>
    withBroker(async (broker, killed) => {
      const sleeper = await MqttWire.connect(broker(), { clientId: "sleeper", clean: false });
      await sleeper.subscribe("once", 2);
      await sleeper.drop();
      const hello = { clientId: "sender", clean: false };
      const sender = await MqttWire.connect(broker(), hello);
      const id = sender.publishOnly("once", "x", 2);
      await sender.expect(TYPE.PUBREC);
      await killed();
      const again = await MqttWire.connect(broker(), hello);
      again.raw(packet(TYPE.PUBLISH, 0x0c, Buffer.from("\0\x04once"), two(id), Buffer.from("x")));
      await again.expect(TYPE.PUBREC);
      again.raw(packet(TYPE.PUBREL, 2, two(id)));
      await again.expect(TYPE.PUBCOMP);
      await again.publish("once", "y", 2);
      const awake = await MqttWire.connect(broker(), { clientId: "sleeper", clean: false });
      for (const body of ["x", "y"]) {
        assert.equal(publishOf(await awake.expect(TYPE.PUBLISH)).body.toString(), body);
      }
      await again.drop();
      await awake.drop();
    }));

  it("[MQTT-4.3.3-1] [MQTT-4.4.0-1] QoS 2 to a client: the same id, and after PUBREC no message any more", () =>
    withBroker(async (broker, killed) => {
      const hello = { clientId: "receiver", clean: false };
      const first = await MqttWire.connect(broker(), hello);
      await first.subscribe("in", 2);
      const sender = await MqttWire.connect(broker());
      await sender.publish("in", "1", 2);
      await sender.publish("in", "2", 2);
      const [one, other] = [
        publishOf(await first.expect(TYPE.PUBLISH)),
        publishOf(await first.expect(TYPE.PUBLISH)),
      ];
      first.raw(packet(TYPE.PUBREC, 0, two(one.id)));
      await first.expect(TYPE.PUBREL);
      await killed();
      const again = await MqttWire.connect(broker(), hello);
      const released = await again.expect(TYPE.PUBREL);
      assert.equal(released.body.readUInt16BE(0), one.id);
      const repeated = publishOf(await again.expect(TYPE.PUBLISH));
      assert.deepEqual([repeated.id, repeated.body.toString()], [other.id, "2"]);
      again.raw(packet(TYPE.PUBCOMP, 0, two(one.id)));
      again.raw(packet(TYPE.PUBREC, 0, two(other.id)));
      await again.expect(TYPE.PUBREL);
      again.raw(packet(TYPE.PUBCOMP, 0, two(other.id)));
      assert.deepEqual(await again.roundTrip(), []);
      await again.drop();
    }));

  it("[MQTT5-3.1.2-7] a will of a client that was connected; [MQTT-3.3.1-5] retained messages; expired sessions", () =>
    withBroker(async (broker, killed) => {
      const watcher = { clientId: "watcher", clean: false, properties: { sessionExpiryInterval: 600 } };
      const watching = await connect(broker(), watcher);
      await watching.subscribeAsync("gone/#", { qos: 1 });
      const short = await connect(broker(), { clientId: "short", properties: { sessionExpiryInterval: 1 } });
      await short.subscribeAsync("gone/#", { qos: 1 });
      await short.endAsync();
      const will = {
        topic: "gone/mortal",
        payload: Buffer.from("gone"),
        qos: 1 as const,
        retain: false,
        properties: { willDelayInterval: 1, userProperties: { k: "v" } },
      };
      const mortal = await connect(broker(), {
        clientId: "mortal",
        will,
        properties: { sessionExpiryInterval: 600 },
      });
      await mortal.publishAsync("kept/one", "kept", {
        qos: 1,
        retain: true,
        properties: { contentType: "t" },
      });
      for (const one of [watching, mortal]) one.on("error", () => undefined);
      await killed();
      const box = new Mailbox<string>();
      const again = mqtt.connect(`mqtt://localhost:${broker().port("tcp")}`, {
        protocolVersion: 5,
        reconnectPeriod: 0,
        ...watcher,
      });
      again.on("message", (topic, body, { properties }) =>
        box.put(`${topic} ${body} ${properties?.userProperties?.["k"] ?? properties?.contentType}`),
      );
      assert.equal(await box.take("the will"), "gone/mortal gone v");
      await again.subscribeAsync("kept/#", { qos: 1 });
      assert.equal(await box.take("the retained message"), "kept/one kept t");
      await again.endAsync();
      const late = await MqttWire.open(broker());
      assert.deepEqual(await late.hello({ clientId: "short", clean: false }), { present: false, code: 0 });
      await late.drop();
    }));
});
