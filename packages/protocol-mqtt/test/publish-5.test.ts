import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import { type MqttOptions, REASON } from "../src/index.ts";
import { assertPackets, type Client, topic, World } from "./client.ts";
import { connected5, propertiesOf, publish5, rawPacket, subscribe5 } from "./client-5.ts";

async function client(options: Partial<MqttOptions> = {}): Promise<Client> {
  return connected5(new World(options));
}

/** The reason code of the DISCONNECT that ended the connection. */
function ended(one: Client): unknown {
  assert.equal(one.connection.state, "closing");
  return (one.answers().at(-1) as { reasonCode?: number } | undefined)?.reasonCode;
}

describe("MQTT 5.0: PUBLISH to the broker", () => {
  it("[MQTT5-3.3.4-1] is answered as its QoS asks", async () => {
    const one = await client();
    assertPackets(one.send(publish5("a", 0), publish5("a", 1)), [{ cmd: "puback", reasonCode: 0 }]);
    assertPackets(one.send(publish5("a", 2), { cmd: "pubrel", messageId: 7 }), [
      { cmd: "pubrec", reasonCode: 0 },
      { cmd: "pubcomp", reasonCode: 0 },
    ]);
    assert.equal(one.host.published.length, 3);
  });

  it("[MQTT5-3.5.2-2] [MQTT5-4.3.3-9] a refusal is told with its reason, and ends a QoS 2 exchange", async () => {
    const one = await client();
    one.host.refusals.set("topic:a", new BrokerError("ACCESS_DENIED", "not you"));
    for (const [qos, cmd] of [
      [1, "puback"],
      [2, "pubrec"],
      [2, "pubrec"],
    ] as const) {
      const [answer] = one.send(publish5("a", qos));
      assertPackets([answer!], [{ cmd, reasonCode: REASON.NOT_AUTHORIZED }]);
      assert.equal(propertiesOf(answer)["reasonString"], "not you");
    }
  });

  it("[MQTT5-3.7.2-1] [MQTT5-4.3.3-11] a PUBREL of an unknown id is answered as such", async () => {
    const one = await client();
    assertPackets(one.send({ cmd: "pubrel", messageId: 99 }), [
      { cmd: "pubcomp", messageId: 99, reasonCode: REASON.PACKET_ID_NOT_FOUND },
    ]);
  });

  it("[MQTT5-4.3.3-10] a QoS 2 id that comes again is not routed again", async () => {
    const one = await client();
    assertPackets(one.send(publish5("a", 2), publish5("a", 2, {}, { dup: true })), [
      { cmd: "pubrec" },
      { cmd: "pubrec" },
    ]);
    assert.equal(one.host.published.length, 1);
    one.send({ cmd: "pubrel", messageId: 7 });
    one.send(publish5("a", 2)); // [MQTT5-4.3.3-12] the id is free again
    assert.equal(one.host.published.length, 2);
  });

  it("[MQTT5-3.3.2-6] the expiry becomes a time", async () => {
    const world = new World();
    const one = await connected5(world);
    one.send(publish5("a", 1, { messageExpiryInterval: 60 }));
    assert.equal(one.host.published[0]!.message.expiresAtMs, world.clock.nowMs() + 60_000);
  });

  it("[MQTT5-3.3.2-4] [MQTT5-3.3.2-20] content type, format, response topic, correlation data, user properties", async () => {
    const one = await client();
    one.send(
      publish5("a", 0, {
        payloadFormatIndicator: true,
        contentType: "text/plain",
        responseTopic: "answers/1",
        correlationData: Buffer.from("id-1"),
        userProperties: { k: ["1", "2"], other: "3" },
      }),
    );
    const { message } = one.host.published[0]!;
    const neutral = message.codec.toNeutral(message);
    assert.equal(message.codec.id, "mqtt-5");
    assert.equal(neutral.contentType, "text/plain");
    assert.equal((neutral.replyTo as { key: string }).key, topic("answers", "1").key);
    assert.equal(neutral.correlationId, "id-1");
    assert.deepEqual(
      [...neutral.properties],
      [
        ["k", "1"],
        ["other", "3"],
      ],
    );
    assert.equal(Buffer.from(neutral.body).toString(), "x");
    assert.equal(message.codec.property(message, "other"), "3");
    assert.equal(message.codec.property(message, "none"), undefined);
    assert.equal(message.codec.property(message, "JMSCorrelationID"), "id-1");
    assert.equal(message.codec.property(message, "JMSDeliveryMode"), "NON_PERSISTENT");
  });

  it("correlation data that is no text is base64 elsewhere", async () => {
    const one = await client();
    one.send(publish5("a", 0, { correlationData: Buffer.of(0xff, 0) }));
    const { message } = one.host.published[0]!;
    assert.equal(message.codec.toNeutral(message).correlationId, "base64:/wA=");
  });

  describe("topic aliases", () => {
    it("[MQTT5-3.3.2-7] [MQTT5-3.3.2-9] [MQTT5-3.3.2-12] an alias stands for its topic until it is set anew", async () => {
      const one = await client({ topicAliasMax: 2 });
      one.send(
        publish5("a/b", 0, { topicAlias: 2 }),
        publish5("", 0, { topicAlias: 2 }),
        publish5("c", 0, { topicAlias: 2 }),
        publish5("", 1, { topicAlias: 2 }),
      );
      assert.deepEqual(
        one.host.published.map(({ address }) => address.id),
        ["a.b", "a.b", "c", "c"],
      );
    });

    it("[MQTT5-3.1.2-26] [MQTT5-3.3.2-8] 0 and what exceeds the maximum are invalid", async () => {
      for (const alias of [0, 3]) {
        const one = await client({ topicAliasMax: 2 });
        one.raw(rawPacket(0x30, 0, 1, 0x61, 3, 35, 0, alias));
        assertPackets(one.answers(), []);
        assert.equal(one.connection.state, "closing");
      }
      const one = await client({ topicAliasMax: 2 });
      const [answer] = one.send(publish5("a", 0, { topicAlias: 3 }));
      assertPackets([answer!], [{ cmd: "disconnect", reasonCode: REASON.TOPIC_ALIAS_INVALID }]);
    });

    it("[MQTT5-4.13.1-1] one that was not set, and neither name nor alias, are protocol errors", async () => {
      for (const properties of [{ topicAlias: 1 }, {}]) {
        const one = await client();
        const [answer] = one.send(publish5("", 0, properties));
        assertPackets([answer!], [{ cmd: "disconnect", reasonCode: REASON.PROTOCOL_ERROR }]);
      }
    });

    it("[MQTT5-3.3.2-10] the next connection knows none of them", async () => {
      const world = new World();
      const one = await connected5(world, { sessionExpiryInterval: 60 });
      one.send(publish5("a", 0, { topicAlias: 1 }));
      one.drop();
      const two = await connected5(world, { sessionExpiryInterval: 60 }, { clean: false });
      two.send(publish5("", 0, { topicAlias: 1 }));
      assert.equal(two.connection.state, "closing");
    });
  });

  it("[MQTT5-3.3.4-7] more unacknowledged messages than receive_max close the connection", async () => {
    const one = await client({ receiveMax: 2 });
    one.host.confirming = false;
    one.send(publish5("a", 1), publish5("a", 2, {}, { messageId: 8 }));
    one.host.confirmAll();
    assertPackets(one.answers(), [{ cmd: "puback" }, { cmd: "pubrec" }]);
    one.send(publish5("a", 1, {}, { messageId: 9 }));
    assert.equal(one.connection.state, "open");
    one.send(publish5("a", 1, {}, { messageId: 10 }));
    assert.equal(one.connection.state, "closing");
  });

  it("[MQTT5-4.9.0-1] PUBCOMP gives room for another message", async () => {
    const one = await client({ receiveMax: 1 });
    for (let messageId = 1; messageId < 4; messageId += 1) {
      one.send(publish5("a", 2, {}, { messageId }), { cmd: "pubrel", messageId });
    }
    assert.equal(one.connection.state, "open");
  });

  const ends: [name: string, bytes: (number | Uint8Array)[] | Parameters<typeof publish5>, reason: number][] =
    [
      ["[MQTT5-3.2.2-11] QoS above the maximum", ["a", 2], REASON.QOS_NOT_SUPPORTED],
      [
        "[MQTT5-3.2.2-14] RETAIN where there is none",
        ["a", 0, {}, { retain: true }],
        REASON.RETAIN_NOT_SUPPORTED,
      ],
      ["[MQTT5-3.3.2-2] a wildcard in the topic name", ["a/#"], REASON.TOPIC_NAME_INVALID],
      [
        "[MQTT5-3.3.4-6] a subscription identifier",
        ["a", 0, { subscriptionIdentifier: 3 }],
        REASON.PROTOCOL_ERROR,
      ],
      [
        "[MQTT5-3.3.2-14] a wildcard in the response topic",
        ["a", 0, { responseTopic: "r/#" }],
        REASON.TOPIC_NAME_INVALID,
      ],
      ["an empty response topic", ["a", 0, { responseTopic: "" }], REASON.TOPIC_NAME_INVALID],
    ];
  for (const [name, packet, reason] of ends) {
    it(`${name} closes the connection with ${reason}`, async () => {
      const one = await client({ maxQos: 1, retainAvailable: false });
      const [answer] = one.send(publish5(...(packet as Parameters<typeof publish5>)));
      assertPackets([answer!], [{ cmd: "disconnect", reasonCode: reason }]);
      assert.equal(one.connection.state, "closing");
    });
  }

  it("properties that exceed max_control_length close the connection with 0x95, before they are read", async () => {
    const client = await connected5(new World({ maxControlLength: 300 }));
    const userProperties = (count: number): Record<string, string[]> => ({
      k: new Array<string>(count).fill("v"),
    });
    client.send(publish5("a", 0, { userProperties: userProperties(42) }));
    assert.equal(client.host.published.length, 1);
    const [answer] = client.send(publish5("a", 0, { userProperties: userProperties(43) }));
    assertPackets([answer!], [{ cmd: "disconnect", reasonCode: REASON.PACKET_TOO_LARGE }]);
  });

  it("[MQTT5-3.2.2-15] a packet that is too large closes the connection with 0x95", async () => {
    const one = await client({ maxMessageLength: 100 });
    const [answer] = one.send(publish5("a", 0, {}, { payload: "x".repeat(200) }));
    assertPackets([answer!], [{ cmd: "disconnect", reasonCode: REASON.PACKET_TOO_LARGE }]);
  });

  it("topic_length_max counts bytes", async () => {
    const one = await client({ maxTopicLength: 6 });
    one.send(publish5("äöü"));
    assert.equal(one.connection.state, "open");
    one.send(publish5("äöüx"));
    assert.equal(ended(one) ?? REASON.TOPIC_NAME_INVALID, REASON.TOPIC_NAME_INVALID);
  });

  it("[MQTT5-3.1.2-24] what the broker says stays within the client's maximum: else it closes", async () => {
    const one = await connected5(new World(), { maximumPacketSize: 25 });
    const answers = one.send(subscribe5("a"));
    assertPackets(answers, [{ cmd: "suback" }]);
    const many = Array.from({ length: 30 }, (_, at) => ({ topic: `f${at}`, qos: 0 as const }));
    one.send({ cmd: "subscribe", messageId: 3, subscriptions: many, properties: {} });
    assert.equal(one.connection.state, "closing");
  });
});
