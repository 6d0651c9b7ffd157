import assert from "node:assert/strict";
import { AmqpClient } from "../harness/amqp-client.ts";
import type { Instance } from "../harness/instance.ts";
import { packet, publishOf, TYPE, text, two } from "../harness/mqtt-packet.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import type { Survival } from "./survivals.ts";

function lasting(broker: Instance, clientId: string): Promise<MqttWire> {
  return MqttWire.connect(broker, { clientId, clean: false });
}

async function expectPresent(broker: Instance, clientId: string): Promise<MqttWire> {
  const wire = await MqttWire.open(broker);
  assert.deepEqual(await wire.hello({ clientId, clean: false }), { present: true, code: 0 });
  return wire;
}

/** Over MQTT and AMQP; `test/mqtt/restart.test.ts` has the exchanges of QoS 2. */
export const OTHER_SURVIVALS: readonly Survival[] = [
  {
    name: "MQ-014 a session remembers its subscriptions",
    before: async (broker) => {
      await (await lasting(broker, "default")).subscribe("existing/sub", 2);
    },
    after: async (broker) => {
      const wire = await expectPresent(broker, "default");
      wire.publishOnly("existing/sub", "1", 0);
      await wire.expectMessage("existing/sub", "1");
    },
  },
  {
    name: "MQ-015 a session gets what was published to a wildcard of its",
    before: async (broker) => {
      await (await lasting(broker, "another")).subscribe("1/#", 2);
      const publisher = await lasting(broker, "publisher");
      await publisher.publish("1/data/apps/crm/Opportunity/60", "2", 2);
    },
    after: async (broker) => {
      const wire = await expectPresent(broker, "another");
      await wire.expectMessage("1/data/apps/crm/Opportunity/60", "2");
    },
  },
  {
    name: "that a session ended, and that a filter went",
    before: async (broker) => {
      const ended = await lasting(broker, "finished");
      await ended.subscribe("gone/#", 1);
      await ended.drop();
      await MqttWire.connect(broker, { clientId: "finished" }).then((wire) => wire.roundTrip());
      const narrow = await lasting(broker, "narrow");
      for (const filter of ["left", "kept"]) await narrow.subscribe(filter, 1);
      await narrow.unsubscribe("left");
    },
    after: async (broker) => {
      const again = await MqttWire.open(broker);
      assert.deepEqual(await again.hello({ clientId: "finished", clean: false }), {
        present: false,
        code: 0,
      });
      const narrow = await expectPresent(broker, "narrow");
      for (const topic of ["left", "kept"]) await again.publish(topic, "x", 1);
      await narrow.expectMessage("kept", "x");
      assert.deepEqual(await narrow.roundTrip(), []);
    },
  },
  {
    name: "[MQTT-4.4.0-1] what was sent with QoS 1 and not acknowledged comes again, with its id",
    before: async (broker) => {
      const wire = await lasting(broker, "flying");
      await wire.subscribe("fly", 1);
      const publisher = await MqttWire.connect(broker);
      for (const body of ["1", "2", "3"]) await publisher.publish("fly", body, 1);
      for (const id of [1, 2, 3]) assert.equal(publishOf(await wire.expect(TYPE.PUBLISH)).id, id);
      wire.raw(packet(TYPE.PUBACK, 0, two(2)));
      await wire.roundTrip();
      await publisher.publish("elsewhere", "x", 1, true); // stored behind the acknowledgement
    },
    after: async (broker) => {
      const wire = await expectPresent(broker, "flying");
      for (const [id, body] of [
        [1, "1"],
        [3, "3"],
      ] as const) {
        const again = await wire.message();
        assert.deepEqual([again.id, again.body.toString()], [id, body]);
      }
    },
  },
  {
    name: "[MQTT-4.3.3-2] [MQTT-4.3.3-1] several exchanges with QoS 2 from a client, each where it was",
    before: async (broker) => {
      await (await lasting(broker, "watcher")).subscribe("two", 1);
      const wire = await lasting(broker, "doing");
      for (const id of [7, 8, 9]) {
        wire.raw(packet(TYPE.PUBLISH, 4, text("two"), two(id), Buffer.from(String(id))));
        await wire.expect(TYPE.PUBREC);
      }
      wire.raw(packet(TYPE.PUBREL, 2, two(8)));
      await wire.expect(TYPE.PUBCOMP);
    },
    after: async (broker) => {
      const wire = await expectPresent(broker, "doing");
      for (const [id, body] of [
        [7, "again"],
        [8, "new"],
        [9, "again"],
      ] as const) {
        wire.raw(packet(TYPE.PUBLISH, 12, text("two"), two(id), Buffer.from(body)));
        await wire.expect(TYPE.PUBREC);
      }
      const watcher = await expectPresent(broker, "watcher");
      for (const body of ["7", "8", "9", "new"]) {
        assert.equal((await watcher.message()).body.toString(), body);
      }
      assert.deepEqual(await watcher.roundTrip(), []);
    },
  },
  {
    name: "a durable subscription over AMQP, and what was not settled",
    before: async (broker) => {
      const client = await AmqpClient.connect(broker, { containerId: "survivor" });
      const source = { address: "topic://amqp.kept", durable: 2, expiry_policy: "never" };
      const inbox = await client.receiver({ name: "keeper", source });
      for (const body of ["1", "2"]) {
        assert.equal(await client.send("topic://amqp.kept", { body, durable: true }), "accepted");
      }
      await inbox.next();
    },
    after: async (broker) => {
      const client = await AmqpClient.connect(broker, { containerId: "survivor" });
      const source = { address: "topic://amqp.kept", durable: 2, expiry_policy: "never" };
      const inbox = await client.receiver({ name: "keeper", source });
      for (const body of ["1", "2"]) await inbox.expect(body);
      await client.close();
    },
  },
  {
    name: "one topic for all protocols: retained over MQTT, read over STOMP",
    before: async (broker) => {
      await (await MqttWire.connect(broker)).publish("shared/one", "kept", 1, true);
    },
    after: async (broker) => {
      const wire = await StompWire.connect(broker);
      wire.send("SUBSCRIBE", { id: "0", destination: "/topic/shared.one" });
      await wire.message("kept");
    },
  },
];
