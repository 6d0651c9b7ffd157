import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import { settled } from "@tsapollo/testkit";
import { generate, type Packet } from "mqtt-packet";
import { assertPackets, World } from "./client.ts";

function publish(topic: string, qos: 0 | 1 | 2, messageId = 1, more: Partial<Packet> = {}): Packet {
  return {
    cmd: "publish",
    topic,
    qos,
    messageId,
    payload: "1",
    dup: false,
    retain: false,
    ...more,
  } as Packet;
}

/** A PUBLISH of QoS 0 with any bytes as its topic. */
function rawPublish(topic: number[] | string): Buffer {
  const bytes = Buffer.from(topic as string);
  return Buffer.concat([Buffer.from([0x30, bytes.length + 2, 0, bytes.length]), bytes]);
}

describe("PUBLISH from a client", () => {
  it("QoS 0 is routed as it came, not persistent", async () => {
    const client = await new World().connected();
    const packet = publish("a/b", 0);
    assert.deepEqual(client.send(packet), []);
    const { address, message, token } = client.host.published[0]!;
    assert.deepEqual(
      [address.key, token, message.persistent, message.retain],
      ["topic:a.b", 0, false, "none"],
    );
    assert.deepEqual(Buffer.from(message.bytes.subarray(message.start, message.end)), generate(packet));
    assert.equal(Buffer.from(message.body()).toString(), "1");
  });

  it("[MQTT-4.3.2-2] QoS 1 is persistent; PUBACK follows the confirm", async () => {
    const client = await new World().connected();
    client.host.confirming = false;
    assert.deepEqual(client.send(publish("a", 1, 7)), []);
    assert.equal(client.host.published[0]!.message.persistent, true);
    client.host.confirmAll();
    assertPackets(client.answers(), [{ cmd: "puback", messageId: 7 }]);
  });

  it("[MQTT-4.3.3-2] QoS 2: PUBREC follows the confirm, PUBCOMP the PUBREL", async () => {
    const client = await new World().connected();
    client.host.confirming = false;
    assert.deepEqual(client.send(publish("a", 2, 8)), []);
    client.host.confirmAll();
    assertPackets(client.answers(), [{ cmd: "pubrec", messageId: 8 }]);
    assertPackets(client.send({ cmd: "pubrel", messageId: 8 }), [{ cmd: "pubcomp", messageId: 8 }]);
  });

  it("[MQTT-4.3.3-2] a repeated QoS 2 id is answered, not routed, until its PUBREL", async () => {
    const client = await new World().connected();
    client.send(publish("a", 2, 8));
    assertPackets(client.send(publish("a", 2, 8, { dup: true } as Partial<Packet>)), [{ cmd: "pubrec" }]);
    assert.equal(client.host.published.length, 1);
    client.send({ cmd: "pubrel", messageId: 8 }, publish("a", 2, 8));
    assert.equal(client.host.published.length, 2);
  });

  it("a repeated QoS 2 id that is not confirmed yet gets one PUBREC, after the confirm", async () => {
    const client = await new World().connected();
    client.host.confirming = false;
    assert.deepEqual(client.send(publish("a", 2, 8), publish("a", 2, 8)), []);
    client.host.confirmAll();
    assertPackets(client.answers(), [{ cmd: "pubrec", messageId: 8 }]);
  });

  it("a PUBREL with an unknown id is answered with PUBCOMP", async () => {
    const client = await new World().connected();
    assertPackets(client.send({ cmd: "pubrel", messageId: 99 }), [{ cmd: "pubcomp", messageId: 99 }]);
  });

  it("[MQTT-3.3.1-5] [MQTT-3.3.1-10] RETAIN sets, with an empty payload it clears", async () => {
    const client = await new World().connected();
    client.send(publish("a", 0, 0, { retain: true } as Partial<Packet>));
    client.send(publish("a", 0, 0, { retain: true, payload: "" } as Partial<Packet>));
    assert.deepEqual(
      client.host.published.map((one) => one.message.retain),
      ["set", "clear"],
    );
  });

  it("hands over the same Address object for the same name", async () => {
    const world = new World();
    const one = await world.connected({ clientId: "1" });
    const two = await world.connected({ clientId: "2" });
    for (const topic of ["a/b", "c/d", "a/b"]) one.send(publish(topic, 0));
    two.send(publish("a/b", 0));
    const seen = [...one.host.published, ...two.host.published].map((published) => published.address);
    assert.ok(seen[0] === seen[2] && seen[0] === seen[3]);
    assert.notEqual(seen[0], seen[1]);
  });

  const names: [string, (string | number[])[], string][] = [
    [
      "[MQTT-4.7.3-1] /a, a/, a//b and a are different",
      ["/a", "a/", "a//b", "a"],
      "topic:.a topic:a. topic:a..b topic:a",
    ],
    ["[MQTT-4.7.3-4] case and spaces count", ["A b", "a b"], "topic:A b topic:a b"],
    ["[MQTT-1.5.3-3] a byte order mark is kept", ["\ufeffa"], "topic:\\ufeffa"],
    ["dots are not levels", ["swild/so.cool"], "topic:swild.so\\dcool"],
    ["$ names other than $SYS are ordinary", ["$other/a"], "topic:$other.a"],
  ];
  for (const [name, topics, expected] of names) {
    it(name, async () => {
      const client = await new World().connected();
      for (const topic of topics) client.connection.feed(rawPublish(topic));
      assert.equal(client.host.published.map((one) => one.address.key).join(" "), expected);
    });
  }

  const impossible: [string, number[] | string][] = [
    ["[MQTT-4.7.3-1] an empty name", ""],
    ["[MQTT-3.3.2-2] +", "a/+"],
    ["[MQTT-3.3.2-2] #", "#"],
    ["[MQTT-3.3.2-2] a wildcard within a level", "a+b"],
    ["[MQTT-1.5.3-2] U+0000", "a\0b"],
    ["[MQTT-1.5.3-1] an overlong character", [0xc0, 0xaf]],
    ["[MQTT-1.5.3-1] a surrogate", [0xed, 0xbf, 0xbf]],
  ];
  for (const [name, topic] of impossible) {
    it(`closes on ${name} as topic name`, async () => {
      const client = await new World().connected();
      client.connection.feed(rawPublish(topic));
      assert.equal(client.connection.state, "closing");

      assert.equal(client.host.published.length, 0);
    });
  }

  it("closes on a name with more levels than max_topic_levels", async () => {
    const client = await new World({ maxTopicLevels: 3 }).connected();
    client.connection.feed(rawPublish("a/b/c"));
    assert.equal(client.connection.state, "open");
    client.connection.feed(rawPublish("a/b/c/d"));
    assert.equal(client.connection.state, "closing");
  });

  it("[MQTT-4.7.2-1] drops what the host refuses, as it does for $SYS, and acknowledges it", async () => {
    const client = await new World().connected();
    client.host.refusals.set("topic:$SYS.x", new BrokerError("ACCESS_DENIED", "Only the broker itself."));
    const answers = client.send(publish("$SYS/x", 0), publish("$SYS/x", 1, 3), publish("$SYS/x", 2, 4));
    assertPackets(answers, [
      { cmd: "puback", messageId: 3 },
      { cmd: "pubrec", messageId: 4 },
    ]);
    assert.equal(client.host.published.length, 0);
  });

  it("[MQTT-3.3.5-2] 16.4 refused messages are acknowledged, dropped and logged once per topic", async () => {
    const world = new World();
    const client = await world.connected();
    client.host.refusals.set(
      "topic:x",
      new BrokerError("ACCESS_DENIED", "Not authorized to send to the topic 'x'."),
    );
    const answers = client.send(publish("x", 0), publish("x", 1, 3), publish("x", 2, 4));
    assertPackets(answers, [
      { cmd: "puback", messageId: 3 },
      { cmd: "pubrec", messageId: 4 },
    ]);
    assert.deepEqual([client.connection.state, world.log.lines.length], ["open", 1]);
  });

  it("[MQTT-4.3.3-2] a confirmation for a released id says nothing about the id's next message", async () => {
    const client = await new World().connected();
    const { host } = client;
    host.confirming = false;
    const answers = client.send(publish("x", 2, 4), { cmd: "pubrel", messageId: 4 }, publish("y", 2, 4));
    assertPackets(answers, [{ cmd: "pubcomp", messageId: 4 }]);
    const [old, current] = host.published.map((one) => one.token);
    host.producer.confirmed(old!);
    assert.deepEqual(client.answers(), []);
    assert.deepEqual(client.send(publish("y", 2, 4)), []);
    host.producer.confirmed(current!);
    assertPackets(client.answers(), [{ cmd: "pubrec", messageId: 4 }]);
    assertPackets(client.send(publish("y", 2, 4)), [{ cmd: "pubrec", messageId: 4 }]);
    assert.equal(host.published.length, 2);
  });

  it("[MQTT-4.8.0-2] a store that fails costs the connection, without an acknowledgement", async () => {
    const client = await new World().connected();
    client.host.refusals.set("topic:x", new BrokerError("STORE_FAILED"));
    assert.deepEqual(client.send(publish("x", 1, 3)), []);
    assert.equal(client.connection.state, "closing");
  });

  it("[MQTT5-3.4.2-1] MQTT 5.0 is told that the store failed, and may go on", async () => {
    const client = await new World().connected({ protocolVersion: 5 });
    client.host.refusals.set("topic:x", new BrokerError("STORE_FAILED", "no space"));
    const [answer] = client.send(publish("x", 1, 3));
    assertPackets([answer!], [{ cmd: "puback", messageId: 3, reasonCode: 0x97 }]);
    assert.equal(client.connection.state, "open");
  });

  it("11: a full destination pauses reading until it has room", async () => {
    const client = await new World().connected();
    client.host.accepting = false;
    client.connection.feed(Buffer.concat([rawPublish("a"), rawPublish("b")]));
    assert.deepEqual([client.connection.paused, client.host.published.length], [true, 1]);
    client.host.accepting = true;
    client.host.producer.resumed();
    await settled();
    assert.equal(client.host.published.length, 2);
  });

  it("a client that does not read its answers is not read until it does", async () => {
    const client = await new World().connected();
    client.connection.output.full = true;
    client.send(publish("a", 1, 1));
    assert.equal(client.connection.paused, true);
    client.connection.output.full = false;
    client.handler.drained();
    assert.equal(client.connection.paused, false);
  });

  it("options: queue_prefix, path_separator, wildcards and part_pattern", async () => {
    const client = await new World({
      queuePrefix: "q:",
      pathSeparator: ".",
      anyChildWildcard: "*",
      anyDescendantWildcard: ">",
      partPattern: /^[a-z+#/]+$/,
    }).connected();
    for (const topic of ["q:a.b", "a.b", "a/+/#"]) client.connection.feed(rawPublish(topic));
    assert.deepEqual(
      client.host.published.map((one) => one.address.key),
      ["queue:a.b", "topic:a.b", "topic:a/+/#"],
    );
    client.connection.feed(rawPublish("A"));
    assert.deepEqual([client.connection.state, client.host.published.length], ["open", 3]);
    client.connection.feed(rawPublish("a.*"));
    assert.equal(client.connection.state, "closing");
  });

  it("max_message_length closes as soon as the length is known", async () => {
    const client = await new World({ maxMessageLength: 10 }).connected();
    client.connection.feed(Uint8Array.from([0x30, 11]));
    assert.equal(client.connection.state, "closing");
  });

  it("[MQTT-3.12.4-1] PINGREQ is answered", async () => {
    const client = await new World().connected();
    assertPackets(client.send({ cmd: "pingreq" }), [{ cmd: "pingresp" }]);
  });
});
