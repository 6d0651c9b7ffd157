import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Address, type MessageCodec } from "@tsapollo/domain";
import { settled, TestDelivery } from "@tsapollo/testkit";
import type { IConnectPacket, IPublishPacket } from "mqtt-packet";
import { REASON } from "../src/index.ts";
import { assertPackets, type Client, delivery, messageOf, topic, World } from "./client.ts";
import { connected5, delivery5, propertiesOf, publish5, subscribe5 } from "./client-5.ts";

async function subscribed(
  filter: string,
  properties: IConnectPacket["properties"] = {},
  world: World = new World(),
): Promise<Client> {
  const client = await connected5(world, properties);
  client.send(subscribe5(filter));
  return client;
}

describe("MQTT 5.0: PUBLISH to a client", () => {
  it("[MQTT5-3.3.2-17] [MQTT5-3.3.2-18] user properties keep their order and their repeats", async () => {
    const sender = await connected5(new World());
    const receiver = await subscribed("a");
    const user = { z: ["1", "2"], a: "3" };
    sender.send(
      publish5("a", 1, { userProperties: user, contentType: "t", topicAlias: 1, messageExpiryInterval: 9 }),
    );
    const { message } = sender.host.published[0]!;
    const packet = receiver.offer(new TestDelivery(message, topic("a")))!;
    const { userProperties, contentType, topicAlias } = packet.properties!;
    assert.deepEqual({ ...userProperties }, user);
    assert.equal(contentType, "t");
    assert.equal(topicAlias, undefined); // [MQTT5-3.3.2-7]
    assert.equal(packet.payload.toString(), "x");
  });

  it("[MQTT5-3.3.2-5] [MQTT5-3.3.2-6] the expiry shrinks by the time the message waited, and is then over", async () => {
    const world = new World();
    const client = await subscribed("a", {}, world);
    const expiresAtMs = world.clock.nowMs() + 10_000;
    world.clock.advance(3_500);
    assert.equal(
      propertiesOf(client.offer(delivery5("a", 0, {}, { expiresAtMs })))["messageExpiryInterval"],
      7,
    );
    world.clock.advance(6_500);
    const late = delivery5("a", 1, {}, { expiresAtMs });
    assert.equal(client.offer(late), undefined);
    assert.equal(late.outcome, "consumed");
  });

  it("a message of MQTT 3.1.1 has no properties, one of MQTT 5.0 goes to MQTT 3.1.1 without", async () => {
    const five = await subscribed("a");
    assertPackets([five.offer(delivery("a", 0, "x"))!], [{ cmd: "publish", topic: "a" }]);
    const four = await new World().connected();
    four.subscribe("a", 1);
    const packet = four.offer(delivery5("a", 1, { k: "v" }))!;
    assertPackets([packet], [{ cmd: "publish", topic: "a", qos: 1 }]);
    assert.equal(packet.payload.toString(), "x");
  });

  it("another protocol's headers are user properties, content type, response topic and correlation data", async () => {
    const codec: MessageCodec = {
      id: "other",
      property: () => undefined,
      toNeutral: (one) => ({
        body: one.body(),
        properties: new Map<string, string | number | Uint8Array>([
          ["k", "v"],
          ["n", 5],
          ["b", Uint8Array.of(1)],
        ]),
        contentType: "text/xml",
        correlationId: "base64:/wA=",
        replyTo: new Address("topic", ["answers", "x"]),
      }),
    };
    const client = await subscribed("a");
    const message = messageOf(codec, Buffer.from("body"), 0, { qos: 1 });
    for (let round = 0; round < 2; round += 1) {
      const packet = client.offer(new TestDelivery(message, topic("a")))!;
      const { userProperties, contentType, responseTopic, correlationData } = packet.properties!;
      assert.deepEqual({ ...userProperties }, { k: "v", n: "5", b: "AQ==" });
      assert.deepEqual(
        [contentType, responseTopic, correlationData],
        ["text/xml", "answers/x", Buffer.of(0xff, 0)],
      );
      assert.equal(packet.payload.toString(), "body");
    }
  });

  it("[MQTT5-3.3.4-3] [MQTT5-3.3.4-4] [MQTT5-3.3.4-5] all identifiers of the filters that match", async () => {
    const client = await connected5(new World());
    client.send(
      subscribe5("a/#", {}, 1),
      subscribe5("a/+", {}, 300),
      subscribe5("b", {}, 2),
      subscribe5("a/b"),
    );
    const ids = propertiesOf(client.offer(delivery5("a/b", 0)))["subscriptionIdentifier"];
    assert.deepEqual(ids, [1, 300]);
    assert.equal(propertiesOf(client.offer(delivery5("b", 0)))["subscriptionIdentifier"], 2);
  });

  it("[MQTT5-3.3.1-12] [MQTT5-3.3.1-13] RETAIN as published is for those who ask", async () => {
    for (const rap of [false, true]) {
      const client = await connected5(new World());
      client.send(subscribe5("a", { rap }));
      const packet = client.offer(delivery5("a", 0, {}, { retain: "set" }));
      assert.equal(packet?.retain, rap);
      assert.equal(client.offer(delivery5("a", 0))?.retain, false);
      assert.equal(client.offer(delivery5("a", 0, {}, { retained: true }))?.retain, true);
    }
  });

  it("[MQTT5-3.8.3-3] no-local: what the client published itself does not come back", async () => {
    const world = new World();
    const client = await connected5(world, { sessionExpiryInterval: 60 });
    client.send(subscribe5("own", { nl: true }), subscribe5("+", {}));
    client.send({ cmd: "unsubscribe", messageId: 4, unsubscriptions: ["+"], properties: {} });
    await client.sendAndWait(publish5("own", 1));
    const [own] = client.host.published;
    const back = new TestDelivery(own!.message, topic("own"));
    client.subscription.consumer.offer(back);
    assert.deepEqual([client.answers(), back.outcome], [[], "consumed"]);
    // others get it, without what marks it
    const other = await subscribed("own");
    const packet = other.offer(new TestDelivery(own!.message, topic("own")))!;
    assert.equal(packet.payload.toString(), "x");
    assert.equal(client.offer(delivery5("own", 0))?.topic, "own"); // somebody else's
  });

  it("[MQTT5-3.3.4-9] [MQTT5-4.9.0-1] [MQTT5-4.9.0-2] no more than the client's receive maximum", async () => {
    const client = await subscribed("a", { receiveMaximum: 2 });
    const { consumer } = client.subscription;
    const sent = [1, 2].map((sequence) => delivery5("a", sequence, {}, { sequence }));
    for (const one of sent) assert.equal(consumer.offer(one), true);
    assert.equal(consumer.offer(delivery5("a", 1, {}, { sequence: 3 })), false);
    assert.equal(consumer.offer(delivery5("a", 0, {}, { sequence: 4 })), true); // QoS 0 does not count
    const [first, second] = client.answers() as IPublishPacket[];
    const before = client.subscription.resumed;
    client.send({ cmd: "puback", messageId: first!.messageId!, reasonCode: 0 });
    assert.equal(client.subscription.resumed, before + 1);
    assert.equal(consumer.offer(delivery5("a", 1, {}, { sequence: 5 })), true);
    assert.equal(consumer.offer(delivery5("a", 1, {}, { sequence: 6 })), false);
    client.send({ cmd: "pubrec", messageId: second!.messageId!, reasonCode: 0x80 }); // [MQTT5-4.3.3-4]
    assert.equal(consumer.offer(delivery5("a", 1, {}, { sequence: 7 })), true);
    assert.deepEqual(sent[1]!.outcome, "consumed");
  });

  it("[MQTT5-3.3.4-4] identifiers of two thousand filters that cover one name, for more names than are remembered", async () => {
    const client = await connected5(new World());
    for (let at = 1; at <= 2_000; at += 1) {
      const path = Array.from({ length: 11 }, (_, level) => ((at >> level) & 1 ? "+" : "x"));
      client.send(subscribe5(path.join("/"), { qos: 0 }, at));
    }
    for (let turn = 0; turn < 100; turn += 1) await settled(); // after a thousand filters others have their turn
    client.answers();
    for (let round = 0; round < 60; round += 1) {
      const last = round % 2 === 0 ? "x" : "y";
      const packet = client.offer(delivery5(`x/x/x/x/x/x/x/x/x/x/${last}`, 0))!;
      const found = [packet.properties?.subscriptionIdentifier].flat();
      assert.equal(found.length, last === "x" ? 2_000 : 2_000 - 1_024 + 1);
    }
  });

  it("[MQTT5-3.1.2-24] [MQTT5-3.1.2-25] what exceeds the client's packet size counts as delivered", async () => {
    const client = await subscribed("a", { maximumPacketSize: 20 });
    const large = delivery5("a", 1, { key: "a long value of a property" });
    assert.equal(client.subscription.consumer.offer(large), true);
    assert.deepEqual([client.answers(), large.outcome], [[], "consumed"]);
    assert.equal(client.offer(delivery5("a", 1))?.topic, "a");
  });

  it("[MQTT5-3.1.2-26] [MQTT5-3.1.2-27] aliases as far as the client takes them", async () => {
    const client = await subscribed("#", { topicAliasMaximum: 1 });
    const packets = ["topic/1", "topic/1", "topic/2"].map((name) => client.offer(delivery5(name, 0)));
    assert.deepEqual(
      packets.map((one) => [one!.topic, one!.properties?.topicAlias]),
      [
        ["topic/1", 1],
        ["", 1],
        ["topic/2", undefined],
      ],
    );
    const without = await subscribed("#");
    assert.equal(without.offer(delivery5("topic/1", 0))?.properties?.topicAlias, undefined);
  });

  it("[MQTT5-3.6.2-1] a PUBREC of an unknown id is answered by PUBREL that says so", async () => {
    const client = await subscribed("a");
    assertPackets(client.send({ cmd: "pubrec", messageId: 5 }), [
      { cmd: "pubrel", messageId: 5, reasonCode: REASON.PACKET_ID_NOT_FOUND },
    ]);
  });

  it("QoS 0 goes out as it came when nothing differs", async () => {
    const client = await subscribed("a");
    const one = delivery5("a", 0, { k: "v" });
    client.subscription.consumer.offer(one);
    const { bytes } = one.message;
    assert.deepEqual(client.connection.output.take(), Buffer.from(bytes));
  });

  it("[MQTT5-4.3.3-7] what was sent before does not expire for its receiver", async () => {
    const world = new World();
    const lasting = { sessionExpiryInterval: 600 };
    const first = await connected5(world, lasting);
    await first.sendAndWait(subscribe5("a"));
    const expiresAtMs = world.clock.nowMs() + 1_000;
    const { messageId } = first.offer(delivery5("a", 2, {}, { expiresAtMs }))!;
    first.drop();
    world.clock.advance(5_000);
    const again = await connected5(world, lasting, { clean: false });
    const packet = again.offer(delivery5("a", 2, {}, { expiresAtMs, redeliveryCount: 1 }))!;
    assert.deepEqual(
      [packet.messageId, packet.dup, packet.properties?.messageExpiryInterval],
      [messageId, true, 1],
    );
  });

  it("[MQTT-3.10.4-3] what was begun before the filter went is completed, anything else is not", async () => {
    const world = new World();
    const first = await world.connected({ clean: false });
    first.subscribe("a", 1);
    first.subscribe("b", 1);
    await settled();
    first.answers();
    const { messageId } = first.offer(delivery("a", 1, "x"))!;
    await first.sendAndWait({ cmd: "unsubscribe", messageId: 3, unsubscriptions: ["a"] });
    first.drop();
    const again = await world.connected({ clean: false });
    const packet = again.offer(delivery("a", 1, "x", { redeliveryCount: 1 }))!;
    assertPackets([packet], [{ cmd: "publish", messageId, dup: true }]);
    assert.equal(again.offer(delivery("a", 1, "y", { sequence: 2 })), undefined);
  });

  it("[MQTT5-3.14.2-3] a reason string that does not fit is left out of DISCONNECT", async () => {
    const client = await connected5(new World(), { maximumPacketSize: 20 });
    const [last] = client.send(publish5(""));
    assertPackets([last!], [{ cmd: "disconnect", reasonCode: REASON.PROTOCOL_ERROR }]);
    assert.equal(propertiesOf(last)["reasonString"], undefined);
  });
});
