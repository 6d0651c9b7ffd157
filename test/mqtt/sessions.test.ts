import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { packet, TYPE, two } from "../harness/mqtt-packet.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { pause } from "../harness/waiting.ts";
import { withoutAuthentication } from "../harness/xml.ts";

describe("MQTT: connections, wills, sessions", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });

  for (const level of [3, 4]) {
    it(`MQ-001 CONNECT, protocol level ${level}`, async () => {
      const wire = await MqttWire.connect(broker.now, { clientId: `connect-${level}`, level });
      assert.deepEqual(await wire.roundTrip(), []);
      await wire.disconnect();
    });
  }

  it("16.2 another version is refused with code 1 and closed after die_delay", async () => {
    const wire = await MqttWire.open(broker.now);
    assert.equal((await wire.hello({ clientId: "five", level: 6 })).code, 1);
    await wire.ended();
  });

  it("16.2 no client id without a clean session is refused with code 2 [quirk 15]", async () => {
    const wire = await MqttWire.open(broker.now);
    assert.equal((await wire.hello({ clean: false })).code, 2);
    await wire.drop();
  });

  it("16.2 clients without an id do not throw each other out [quirk 15]", async () => {
    const first = await MqttWire.connect(broker.now);
    const second = await MqttWire.connect(broker.now);
    assert.deepEqual(await first.roundTrip(), []);
    await first.disconnect();
    await second.disconnect();
  });

  it("16.2 what comes before CONNECT ends the connection", async () => {
    const wire = await MqttWire.open(broker.now);
    wire.raw(packet(TYPE.PINGREQ, 0));
    await wire.ended();
  });

  it("MQ-002 keep-alive", async () => {
    const wire = await MqttWire.connect(broker.now, { clientId: "silent", keepAlive: 1 });
    await wire.ended(3_000);
  });

  it("MQ-002 a client that pings keeps its connection", async () => {
    const wire = await MqttWire.connect(broker.now, { clientId: "pinging", keepAlive: 1 });
    for (let i = 0; i < 6; i++) {
      await pause(400);
      assert.deepEqual(await wire.roundTrip(), []);
    }
    await wire.disconnect();
  });

  const ends = [
    { id: "MQ-004 socket failure", end: (one: MqttWire) => one.drop(), keepAlive: 0 },
    { id: "MQ-005 keep-alive failure", end: (one: MqttWire) => one.ended(), keepAlive: 1 },
    {
      id: "16.8 a broken packet",
      end: (one: MqttWire) => {
        one.raw(packet(0, 0));
        return one.ended();
      },
      keepAlive: 0,
    },
  ];
  for (const [at, { id, end, keepAlive }] of ends.entries()) {
    it(`${id}: the will is published`, async () => {
      const topic = `will/${at}`;
      const watcher = await MqttWire.connect(broker.now);
      await watcher.subscribe(topic);
      const mortal = await MqttWire.connect(broker.now, {
        clientId: `mortal-${at}`,
        keepAlive,
        will: { topic, body: "1", qos: 1 },
      });
      // other bytes through the same connection must not change what was said at first
      await mortal.publish("other/topic", "x".repeat(500), 1);
      await end(mortal);
      await watcher.expectMessage(topic, "1");
      await watcher.disconnect();
    });
  }

  it("MQ-006 no will on DISCONNECT", async () => {
    const watcher = await MqttWire.connect(broker.now);
    await watcher.subscribe("will/none");
    const polite = await MqttWire.connect(broker.now, {
      clientId: "polite",
      will: { topic: "will/none", body: "1" },
    });
    await polite.disconnect();
    await pause(200);
    assert.deepEqual(await watcher.roundTrip(), []);
    await watcher.disconnect();
  });

  it("16.2 a takeover ends the old connection and publishes its will [quirk 17]", async () => {
    const watcher = await MqttWire.connect(broker.now);
    await watcher.subscribe("will/takeover");
    const old = await MqttWire.connect(broker.now, {
      clientId: "twice",
      will: { topic: "will/takeover", body: "old" },
    });
    const young = await MqttWire.connect(broker.now, { clientId: "twice" });
    await old.ended();
    await watcher.expectMessage("will/takeover", "old");
    assert.deepEqual(await young.roundTrip(), []);
    await young.disconnect();
    await watcher.disconnect();
  });

  it("16.5 a retained will is there for later subscribers", async () => {
    const mortal = await MqttWire.connect(broker.now, {
      clientId: "retained-will",
      will: { topic: "will/retained", body: "gone", qos: 2, retain: true },
    });
    await mortal.drop();
    const later = await MqttWire.connect(broker.now);
    await pause(100);
    await later.subscribe("will/retained", 1);
    const message = await later.expectMessage("will/retained", "gone");
    assert.equal(message.retain, true);
    await later.disconnect();
  });

  it("MQ-014 a session remembers its subscriptions, and says that it is there", async () => {
    const hello = { clientId: "default", clean: false };
    const first = await MqttWire.open(broker.now);
    assert.deepEqual(await first.hello(hello), { code: 0, present: false });
    await first.subscribe("existing/sub", 1);
    await first.disconnect();
    const second = await MqttWire.open(broker.now);
    assert.deepEqual(await second.hello(hello), { code: 0, present: true });
    second.publishOnly("existing/sub", "1", 0);
    await second.expectMessage("existing/sub", "1");
    await second.disconnect();
  });

  it("16.3 messages for a sleeping session wait, and a clean session forgets them [quirk 16]", async () => {
    const hello = { clientId: "sleeper", clean: false };
    const first = await MqttWire.connect(broker.now, hello);
    await first.subscribe("sleep/#", 1);
    await first.disconnect();
    const other = await MqttWire.connect(broker.now);
    for (const body of ["1", "2", "3"]) await other.publish("sleep/a", body, 1);
    const second = await MqttWire.connect(broker.now, hello);
    for (const body of ["1", "2", "3"]) await second.expectMessage("sleep/a", body);
    await second.disconnect();
    await other.publish("sleep/a", "4", 1);
    const clean = await MqttWire.open(broker.now);
    assert.deepEqual(await clean.hello({ clientId: "sleeper", clean: true }), { code: 0, present: false });
    await clean.disconnect();
    const third = await MqttWire.open(broker.now);
    assert.deepEqual(await third.hello(hello), { code: 0, present: false });
    assert.deepEqual(await third.roundTrip(), []);
    await third.disconnect();
    await other.disconnect();
  });

  it("16.7 what was not acknowledged comes again with DUP", async () => {
    const hello = { clientId: "forgetful", clean: false };
    const first = await MqttWire.connect(broker.now, hello);
    await first.subscribe("again/a", 1);
    const other = await MqttWire.connect(broker.now);
    await other.publish("again/a", "1", 1);
    await first.expect(TYPE.PUBLISH);
    await first.drop();
    const second = await MqttWire.connect(broker.now, hello);
    const again = await second.expectMessage("again/a", "1");
    assert.equal(again.dup, true);
    await second.disconnect();
    await other.disconnect();
  });

  it("16.4 a QoS 2 message that is sent twice is routed once, also over two connections", async () => {
    const watcher = await MqttWire.connect(broker.now);
    await watcher.subscribe("once/a", 0);
    const hello = { clientId: "repeating", clean: false };
    const first = await MqttWire.connect(broker.now, hello);
    const id = first.publishOnly("once/a", "1", 2);
    await first.expect(TYPE.PUBREC);
    await first.drop();
    const second = await MqttWire.connect(broker.now, hello);
    assert.equal(second.publishOnly("once/a", "1", 2, false, true), id);
    await second.expect(TYPE.PUBREC);
    second.raw(packet(TYPE.PUBREL, 2, two(id)));
    await second.expect(TYPE.PUBCOMP);
    await second.publish("once/a", "2", 0);
    await watcher.expectMessage("once/a", "1");
    await watcher.expectMessage("once/a", "2");
    await second.disconnect();
    await watcher.disconnect();
  });

  it("MQ-015 a subscriber with a persistent session", async () => {
    const topic = "1/data/apps/crm/Opportunity/60";
    const publisher = await MqttWire.connect(broker.now, { clientId: "default-15", clean: false });
    const another = await MqttWire.connect(broker.now, { clientId: "another", clean: false });
    await another.subscribe("1/#", 2);
    await publisher.publish(topic, "2", 2);
    await another.expectMessage(topic, "2");
    await publisher.disconnect();
    await another.disconnect();
  });
});
