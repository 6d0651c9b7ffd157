import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Address } from "@tsapollo/domain";
import { settled, TestDelivery } from "@tsapollo/testkit";
import { assertPackets, type Client, delivery, foreignMessage, mqttMessage, topic, World } from "./client.ts";

async function subscribed(filter: string, qos: 0 | 1 | 2, clean = true): Promise<Client> {
  const client = await new World().connected({ clean });
  client.subscribe(filter, qos);
  await settled(); // that of a lasting session is answered when it is saved
  client.answers();
  return client;
}

describe("PUBLISH to a client", () => {
  for (const clean of [true, false]) {
    for (const published of [0, 1, 2] as const) {
      for (const granted of [0, 1, 2] as const) {
        it(`MQ-016..033 [MQTT-3.8.4-6] clean ${clean}, published ${published}, granted ${granted}`, async () => {
          const name = `qos/${published}/${granted}/${clean}`;
          const client = await subscribed(name, granted, clean);
          const one = delivery(name, published, "1");
          const packet = client.offer(one)!;
          const qos = Math.min(published, granted);
          assertPackets([packet], [{ cmd: "publish", topic: name, qos, dup: false, retain: false }]);
          assert.equal(packet.payload.toString(), "1");
          assert.equal(one.outcome, qos === 0 ? "consumed" : undefined);
          const { messageId } = packet;
          if (qos === 1) assert.deepEqual(client.send({ cmd: "puback", messageId: messageId! }), []);
          if (qos === 2) {
            const answers = client.send({ cmd: "pubrec", messageId: messageId! });
            await settled();
            assertPackets([...answers, ...client.answers()], [{ cmd: "pubrel", messageId }]);
            assert.equal(one.outcome, "consumed");
            client.send({ cmd: "pubcomp", messageId: messageId! });
          }
          assert.equal(one.outcome, "consumed");
        });
      }
    }
  }

  it("[MQTT-3.3.5-1] the maximum of overlapping filters counts", async () => {
    const client = await subscribed("a/#", 1);
    client.subscribe("a/+", 2);
    client.subscribe("a/b", 0);
    assert.equal(client.offer(delivery("a/b", 2, "x"))?.qos, 2);
    client.send({ cmd: "unsubscribe", messageId: 3, unsubscriptions: ["a/+"] });
    assert.equal(client.offer(delivery("a/b", 2, "x"))?.qos, 1);
  });

  it("[MQTT-3.3.1-8] [MQTT-3.3.1-9] RETAIN only on what a new subscription gets", async () => {
    const client = await subscribed("a", 2);
    for (const qos of [0, 1] as const) {
      const message = mqttMessage("a", qos, "x", true);
      assert.equal(client.offer(new TestDelivery(message, topic("a")))?.retain, false);
      assert.equal(client.offer(new TestDelivery(message, topic("a"), { retained: true }))?.retain, true);
    }
  });

  it("quirk 14: a retained message carries its topic, not the filter", async () => {
    const client = await subscribed("foo/+", 0);
    assert.equal(client.offer(delivery("foo/a", 0, "x", { retained: true }))?.topic, "foo/a");
  });

  it("[MQTT-3.3.1-1] [MQTT-3.3.1-2] DUP on redelivered messages of QoS 1 and 2 only", async () => {
    const client = await subscribed("a", 2, false);
    const dups = [0, 1, 2].map((qos) => client.offer(delivery("a", qos, "x", { redeliveryCount: 1 }))?.dup);
    assert.deepEqual(dups, [false, true, true]);
  });

  it("a message of another protocol: body as payload, persistent is 2, encoded once", async () => {
    const client = await subscribed("#", 2);
    for (const [persistent, qos] of [
      [false, 0],
      [true, 2],
    ] as const) {
      const message = foreignMessage("Hello World", persistent);
      const packet = client.offer(new TestDelivery(message, topic("stomp", "to", "mqtt")))!;
      assertPackets([packet], [{ cmd: "publish", topic: "stomp/to/mqtt", qos }]);
      assert.equal(packet.payload.toString(), "Hello World");
      const form = message.wireForm("mqtt:q0");
      assert.ok(form);
      client.offer(new TestDelivery(message, topic("stomp", "to", "mqtt")));
      assert.equal(message.wireForm("mqtt:q0"), form);
      assert.equal(client.offer(new TestDelivery(message, topic("other")))?.topic, "other");
    }
  });

  const sizes = [0, 1, 90, 100, 120, 127, 128, 2_000, 2_050, 16_300, 20_000, 300_000];
  for (const size of sizes) {
    it(`carries ${size} bytes in every form`, async () => {
      const client = await subscribed("#", 2);
      const body = "x".repeat(size);
      for (const qos of [0, 1, 2]) {
        assert.equal(client.offer(delivery("a/b", qos, body))?.payload.toString(), body);
        const elsewhere = new TestDelivery(mqttMessage("a", qos, body), topic("long".repeat(700)));
        assertPackets([client.offer(elsewhere)!], [{ topic: "long".repeat(700), qos }]);
      }
      assert.equal(
        client.offer(new TestDelivery(foreignMessage(body, true), topic("a")))?.payload.toString(),
        body,
      );
    });
  }

  it("[MQTT-4.7.2-1] wildcards at the first level grant nothing for $ names", async () => {
    const client = await subscribed("#", 1);
    assert.equal(client.offer(delivery("$SYS/x", 1, "x")), undefined);
    client.subscribe("$SYS/#", 1);
    assert.equal(client.offer(delivery("$SYS/x", 1, "x"))?.qos, 1);
  });

  const unspeakable: [string, Address][] = [
    ["a level that contains the separator", topic("a/b")],
    ["a level that is a wildcard", topic("+")],
    ["a NUL", topic("a\0")],
    ["a durable subscription addressed directly", new Address("dsub", ["c1"])],
    ["a queue without queue_prefix", new Address("queue", ["a"])],
    ["a name too long", topic("x".repeat(66_000))],
  ];
  for (const [name, address] of unspeakable) {
    it(`16.7 consumes and drops what MQTT cannot name: ${name}`, async () => {
      const client = await subscribed("#", 2);
      const one = new TestDelivery(mqttMessage("x", 1, "x"), address);
      assert.equal(client.offer(one), undefined);
      assert.equal(one.outcome, "consumed");
    });
  }

  it("a full output and a full window refuse, and take more later", async () => {
    const client = await new World({ maxInflightMessages: 2 }).connected();
    client.subscribe("a", 1);
    const { consumer } = client.subscription;
    client.connection.output.full = true;
    assert.equal(consumer.offer(delivery("a", 0, "x")), false);
    client.connection.output.full = false;
    client.handler.drained();
    assert.equal(client.subscription.resumed, 1);
    const ids = [1, 2].map(() => client.offer(delivery("a", 1, "x"))!.messageId!);
    assert.equal(consumer.offer(delivery("a", 1, "x")), false);
    assert.equal(consumer.offer(delivery("a", 0, "x")), true);
    client.send({ cmd: "puback", messageId: ids[0]! });
    assert.equal(client.subscription.resumed, 2);
    assert.equal(consumer.offer(delivery("a", 1, "x")), true);
  });

  it("direct deliveries need no acknowledgement from the engine's view, but ids all the same", async () => {
    const client = await subscribed("a", 1);
    const ids = new Set(
      [1, 2, 3].map(() => client.offer(delivery("a", 1, "x", { sequence: -1 }))!.messageId),
    );
    assert.equal(ids.size, 3);
  });

  it("[MQTT-2.3.1-4] ids in use are never given again", async () => {
    const client = await subscribed("a", 1);
    const stuck = client.offer(delivery("a", 1, "x"))!.messageId!;
    for (let count = 0; count < 70_000; count += 1) {
      const messageId = client.offer(delivery("a", 1, "x"))!.messageId!;
      assert.ok(messageId !== stuck && messageId > 0);
      client.connection.feed(Uint8Array.from([0x40, 2, messageId >> 8, messageId & 0xff]));
    }
  });

  const wrong: [string, 1 | 2, "puback" | "pubrec" | "pubcomp"][] = [
    ["PUBACK for QoS 2", 2, "puback"],
    ["PUBREC for QoS 1", 1, "pubrec"],
    ["PUBCOMP before PUBREC", 2, "pubcomp"],
  ];
  for (const [name, qos, cmd] of wrong) {
    it(`[MQTT-4.8.0-1] closes on ${name}`, async () => {
      const client = await subscribed("a", qos);
      const { messageId } = client.offer(delivery("a", qos, "x"))!;
      client.send({ cmd, messageId: messageId! });
      assert.equal(client.connection.state, "closing");
    });
  }

  it("acknowledgements with unknown ids are harmless", async () => {
    const client = await subscribed("a", 1);
    const answers = client.send(
      { cmd: "puback", messageId: 500 },
      { cmd: "pubcomp", messageId: 500 },
      { cmd: "pubrec", messageId: 500 },
    );
    assertPackets(answers, [{ cmd: "pubrel", messageId: 500 }]);
    assert.equal(client.connection.state, "open");
  });
});
