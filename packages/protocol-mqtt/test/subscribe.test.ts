import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import type { Packet } from "mqtt-packet";
import { assertPackets, delivery, World } from "./client.ts";

function subscribe(...topics: [string, 0 | 1 | 2][]): Packet {
  return { cmd: "subscribe", messageId: 5, subscriptions: topics.map(([topic, qos]) => ({ topic, qos })) };
}

function unsubscribe(...unsubscriptions: string[]): Packet {
  return { cmd: "unsubscribe", messageId: 6, unsubscriptions };
}

describe("SUBSCRIBE", () => {
  it("[MQTT-3.8.4-5] MQ-003 several filters are one subscription; SUBACK in their order", async () => {
    const client = await new World().connected();
    const answers = client.send(subscribe(["overlap/#", 0], ["overlap/a/b", 2], ["overlap/+", 1]));
    assertPackets(answers, [{ cmd: "suback", messageId: 5, granted: [0, 2, 1] }]);
    assert.equal(client.host.subscriptions.length, 1);
    assert.deepEqual(
      [...client.subscription.addresses.keys()],
      ["topic:overlap.**", "topic:overlap.a.b", "topic:overlap.*"],
    );
    assert.equal(client.subscription.request.durable, undefined);
  });

  it("[MQTT-3.9.3-2] quirk 18: refused filters get 0x80, the others are granted", async () => {
    const client = await new World({ maxSubscriptions: 2 }).connected();
    client.host.refusals.set("topic:no", new BrokerError("ACCESS_DENIED"));
    const answers = client.send(subscribe(["no", 1], ["a", 1], ["b", 0], ["c", 2]));
    assertPackets(answers, [{ cmd: "suback", granted: [0x80, 1, 0, 0x80] }]);
  });

  it("more characters than max_subscriptions_length get 0x80; what is removed makes room", async () => {
    const client = await new World({ maxSubscriptionsLength: "topic:aaaa".length * 2 }).connected();
    const answers = client.send(subscribe(["aaaa", 1], ["bbbb", 1], ["c", 1], ["bbbb", 2]));
    assertPackets(answers, [{ cmd: "suback", granted: [1, 1, 0x80, 2] }]);
    assertPackets(client.send(unsubscribe("aaaa"), subscribe(["c", 1])), [
      { cmd: "unsuback" },
      { cmd: "suback", granted: [1] },
    ]);
  });

  it("refused filters cost one warning per packet, and not more than 100 per connection", async () => {
    const world = new World({ maxSubscriptions: 0 });
    const client = await world.connected();
    client.send(subscribe(["a", 0], ["b", 0], ["c", 0]));
    assert.equal(world.log.lines.length, 1);
    for (let round = 0; round < 200; round += 1) client.send(subscribe(["a", 0]));
    assert.equal(world.log.lines.length, 100);
  });

  it("max_filters_per_packet: as many are taken, one more closes before anything is parsed or bound", async () => {
    const names = ["a", "b", "c"].map((name): [string, 0] => [name, 0]);
    const world = new World({ maxFiltersPerPacket: 3 });
    const client = await world.connected();
    assertPackets(client.send(subscribe(...names), unsubscribe("a", "b", "c")), [
      { cmd: "suback", granted: [0, 0, 0] },
      { cmd: "unsuback" },
    ]);
    for (const packet of [subscribe(...names, ["d", 0]), unsubscribe("a", "b", "c", "d")]) {
      const greedy = await world.connected();
      assert.deepEqual(greedy.send(packet), []);
      assert.equal(greedy.connection.state, "closing");
      assert.equal(greedy.host.subscriptions.length, 0);
      assert.match(world.log.lines.at(-1)!, /more than 3 topic filters \(max_filters_per_packet\)/);
    }
  });

  it("an MQTT 3.1 client is told the QoS it asked for, having no code for a refusal", async () => {
    const client = await new World({ maxSubscriptions: 0 }).connected({
      protocolId: "MQIsdp",
      protocolVersion: 3,
    });
    assertPackets(client.send(subscribe(["a", 1])), [{ cmd: "suback", granted: [1] }]);
  });

  it("[MQTT-3.8.4-3] subscribing again renews the filter and its QoS", async () => {
    const client = await new World().connected();
    client.send(subscribe(["a", 0]));
    let renewed = 0;
    client.subscription.add = () => {
      renewed += 1;
    };
    client.send(subscribe(["a", 1]));
    assert.equal(renewed, 1);
    assert.equal(client.offer(delivery("a", 2, "x"))?.qos, 1);
  });

  it("the SUBACK goes out before what the filter brings", async () => {
    const client = await new World().connected();
    client.subscribe("a");
    const { subscription } = client;
    const retained = delivery("b", 0, "x", { retained: true, sequence: -1 });
    let taken: boolean | undefined;
    subscription.add = () => {
      taken = subscription.consumer.offer(retained);
    };
    subscription.resume = () => void subscription.consumer.offer(retained);
    assertPackets(client.subscribe("b"), [{ cmd: "suback" }, { cmd: "publish", topic: "b", retain: true }]);
    assert.equal(taken, false);
  });

  const invalid = ["a/#/b", "a+", "#a", "a/b#", "+a/b", "", "a\0"];
  for (const filter of invalid) {
    it(`[MQTT-4.7.1-2] [MQTT-4.7.1-3] closes on the filter ${JSON.stringify(filter)}, in SUBSCRIBE and UNSUBSCRIBE`, async () => {
      for (const packet of [subscribe(["ok", 0], ["x", 0]), unsubscribe("ok", "x")]) {
        const client = await new World().connected();
        const { generate } = await import("mqtt-packet");
        const bytes = generate(packet);
        const text = Buffer.from(filter);
        const at = bytes.indexOf(Buffer.from([0, 1, 0x78]));
        const body = Buffer.concat([
          bytes.subarray(2, at),
          Buffer.from([0, text.length]),
          text,
          bytes.subarray(at + 3),
        ]);
        client.connection.feed(Buffer.concat([Buffer.from([bytes[0]!, body.length]), body]));
        assert.equal(client.connection.state, "closing");
        assert.equal(client.host.subscriptions.length, 0);
      }
    });
  }

  const malformed: [string, number[]][] = [
    ["[MQTT-3.8.3-3] SUBSCRIBE without filters", [0x82, 2, 0, 1]],
    ["[MQTT-3.10.3-2] UNSUBSCRIBE without filters", [0xa2, 2, 0, 1]],
    ["[MQTT-2.3.1-1] SUBSCRIBE with packet id 0", [0x82, 6, 0, 0, 0, 1, 0x61, 0]],
    ["SUBSCRIBE without a packet id", [0x82, 1, 0]],
    ["[MQTT-3.8.3-4] QoS 3", [0x82, 6, 0, 1, 0, 1, 0x61, 3]],
    ["[MQTT-3-8.3-4] reserved bits of the QoS", [0x82, 6, 0, 1, 0, 1, 0x61, 0x11]],
    ["[MQTT-3.8.3-1] a filter that is not UTF-8", [0x82, 6, 0, 1, 0, 1, 0xff, 0]],
    ["[MQTT-3.10.3-1] an UNSUBSCRIBE filter that is not UTF-8", [0xa2, 5, 0, 1, 0, 1, 0xff]],
    ["a filter longer than its packet", [0x82, 6, 0, 1, 0, 9, 0x61, 0]],
    ["a filter without its QoS", [0x82, 5, 0, 1, 0, 1, 0x61]],
    ["bytes behind the last filter", [0x82, 7, 0, 1, 0, 1, 0x61, 0, 0]],
  ];
  for (const [name, bytes] of malformed) {
    it(`closes on ${name}`, async () => {
      const client = await new World().connected();
      client.connection.feed(Uint8Array.from(bytes));
      assert.equal(client.connection.state, "closing");
      assert.deepEqual(client.answers(), []);
    });
  }

  it("an MQTT 3.1 client may set DUP", async () => {
    const client = await new World().connected({ protocolId: "MQIsdp", protocolVersion: 3 });
    const bytes = [0x8a, 6, 0, 1, 0, 1, 0x61, 0, 0xaa, 5, 0, 2, 0, 1, 0x61];
    const read = Buffer.from(bytes);
    assert.equal(client.handler.receive(read, 0, read.length, true), read.length);
    assertPackets(client.answers(), [{ cmd: "suback" }, { cmd: "unsuback" }]);
    assert.deepEqual([...read], bytes, "what was read is left as it was");
  });

  it("2.4: part_pattern refuses a filter without closing", async () => {
    const client = await new World({ partPattern: /^[a-z]+$/ }).connected();
    assertPackets(client.send(subscribe(["A", 1], ["a", 1])), [{ cmd: "suback", granted: [0x80, 1] }]);
    assertPackets(client.send(unsubscribe("A")), [{ cmd: "unsuback" }]);
  });

  it("expressions work when their delimiters are configured", async () => {
    const client = await new World({ regexWildcardStart: "{", regexWildcardEnd: "}" }).connected();
    client.send(subscribe(["a/{[0-9]+}", 1]));
    assert.equal(client.subscription.addresses.values().next().value!.isPattern, true);
    assert.equal(client.offer(delivery("a/12", 1, "x"))?.qos, 1);
  });
});

describe("UNSUBSCRIBE", () => {
  it("[MQTT-3.10.4-1] [MQTT-3.10.4-5] removes the filter, and is answered also when there was none", async () => {
    const client = await new World().connected();
    client.send(subscribe(["a", 1], ["b", 1]));
    assertPackets(client.send(unsubscribe("a", "x")), [{ cmd: "unsuback", messageId: 6 }]);
    assert.deepEqual([...client.subscription.addresses.keys()], ["topic:b"]);
  });

  it("16.6 the last filter of a lasting session destroys its durable subscription; the session stays", async () => {
    const world = new World();
    const client = await world.connected({ clean: false });
    client.send(subscribe(["a", 1]), unsubscribe("a"));
    assert.deepEqual([client.subscription.addresses.size, client.subscription.cancelled], [0, true]);
    assert.deepEqual(
      world.host.destroyed.map((one) => one.key),
      ["dsub:c1"],
    );
    client.send(subscribe(["b", 1]));
    assert.equal(client.subscription.request.durable?.key, "dsub:c1");
    client.drop();
    assertPackets(await world.client().connect({ clean: false }), [{ cmd: "connack", sessionPresent: true }]);
  });
});
