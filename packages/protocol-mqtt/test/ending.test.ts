import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import { settled } from "@tsapollo/testkit";
import fc from "fast-check";
import { generate, type Packet } from "mqtt-packet";
import { type Client, connectBytes, World } from "./client.ts";

const WILL = { topic: "will/foo", payload: Buffer.from("1"), qos: 1 as const, retain: false };

async function withWill(world: World, more: object = {}): Promise<Client> {
  return world.connected({ will: WILL, keepalive: 2, ...more });
}

describe("wills", () => {
  const endings: [string, (client: Client, world: World) => void, number][] = [
    ["MQ-004 [MQTT-3.1.2-8] a socket failure publishes it", (client) => client.drop(), 1],
    ["MQ-005 [MQTT-3.1.2-24] silence publishes it", (_client, world) => world.clock.advance(3_000), 1],
    ["a protocol violation publishes it", (client) => client.connection.feed(Uint8Array.from([0xf0, 0])), 1],
    ["MQ-006 [MQTT-3.14.4-3] DISCONNECT discards it", (client) => void client.send({ cmd: "disconnect" }), 0],
  ];
  for (const [name, end, count] of endings) {
    it(name, async () => {
      const world = new World();
      const client = await withWill(world);
      end(client, world);
      client.handler.closed();
      assert.equal(client.host.published.length, count);
      assert.deepEqual([client.host.closed, client.connection.state === "open"], [true, false]);
    });
  }

  it("[MQTT-3.1.2-16] [MQTT-3.1.2-17] it carries topic, payload, QoS and retain", async () => {
    for (const [payload, asked, retain] of [
      ["1", false, "none"],
      ["", false, "none"],
      ["1", true, "set"],
      ["", true, "clear"],
    ] as const) {
      const client = await withWill(new World(), {
        will: { ...WILL, retain: asked, payload: Buffer.from(payload) },
      });
      client.drop();
      const { address, message, token } = client.host.published[0]!;
      assert.deepEqual(
        [address.key, message.persistent, message.retain, token],
        ["topic:will.foo", true, retain, 0],
      );
      assert.equal(Buffer.from(message.body()).toString(), payload);
    }
  });

  it("16.5 it is dropped when it is refused, or for $SYS", async () => {
    const world = new World();
    const refused = await withWill(world);
    refused.host.refusals.set("topic:will.foo", new BrokerError("ACCESS_DENIED", "no"));
    refused.drop();
    assert.match(world.log.lines.join(), /dropping what the client publishes: no/);
    const reserved = await withWill(world, { will: { ...WILL, topic: "$SYS/x" } });
    reserved.drop();
    assert.equal(reserved.host.published.length, 0);
  });
});

describe("keep-alive", () => {
  it("MQ-002 [MQTT-3.1.2-24] counts from the last bytes, 1.5 times", async () => {
    const world = new World();
    const client = await world.connected({ keepalive: 2 });
    world.clock.advance(2_900);
    client.send({ cmd: "pingreq" });
    world.clock.advance(2_999);
    assert.equal(client.connection.state, "open");
    world.clock.advance(1);
    assert.equal(client.connection.state, "closing");
    assert.equal(world.clock.timerCount, 0);
  });

  it("[MQTT-3.1.2.10] 0 means no monitoring", async () => {
    const world = new World();
    const client = await world.connected({ keepalive: 0 });
    world.clock.advance(1e9);
    assert.equal(client.connection.state, "open");
  });

  it("does not count while the broker itself does not read", async () => {
    const world = new World();
    const client = await world.connected({ keepalive: 2 });
    client.host.accepting = false;
    client.send({ cmd: "publish", topic: "a", qos: 0, payload: "", dup: false, retain: false });
    world.clock.advance(60_000);
    assert.equal(client.connection.state, "open");
    client.host.producer.resumed();
    world.clock.advance(6_000);
    assert.equal(client.connection.state, "closing");
  });
});

describe("any bytes", () => {
  const stream = Buffer.concat(
    [
      { cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "a/+", qos: 2 }] },
      {
        cmd: "publish",
        topic: "a/b",
        qos: 1,
        messageId: 2,
        payload: "x".repeat(150),
        dup: false,
        retain: true,
      },
      { cmd: "publish", topic: "a/b", qos: 2, messageId: 3, payload: "y", dup: false, retain: false },
      { cmd: "pubrel", messageId: 3 },
      { cmd: "pingreq" },
      { cmd: "unsubscribe", messageId: 4, unsubscriptions: ["a/+"] },
    ].map((packet) => generate(packet as Packet)),
  );

  it("how a stream is cut never shows", async () => {
    const whole = await new World().connected();
    whole.connection.feed(stream);
    const expected = whole.connection.output.take().toString("hex");
    for (let cut = 1; cut < stream.length; cut += 1) {
      const client = await new World().connected();
      client.connection.feed(stream.subarray(0, cut));
      client.connection.feed(stream.subarray(cut));
      assert.equal(client.connection.output.take().toString("hex"), expected, `cut at ${cut}`);
    }
    const client = await new World().connected();
    for (const byte of stream) client.connection.feed(Uint8Array.of(byte));
    assert.equal(client.connection.output.take().toString("hex"), expected);
    assert.equal(client.host.published.length, 2);
  });

  it("a CONNECT in single bytes is read too", async () => {
    const client = new World().client();
    for (const byte of connectBytes({ will: WILL, username: "u" }))
      client.connection.feed(Uint8Array.of(byte));
    await settled();
    assert.equal(client.answers()[0]?.cmd, "connack");
  });

  it("random bytes cost at most the connection", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }),
        fc.boolean(),
        async (chunks, connected) => {
          const client = new World().client();
          if (connected) await client.connect();
          for (const chunk of chunks) client.connection.feed(chunk);
          await settled();
          client.handler.closed();
          assert.equal(client.host.closed, connected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("mutated streams cost at most the connection", async () => {
    const mutation = fc.tuple(fc.nat(stream.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { maxLength: 4 }), async (mutations) => {
        const client = await new World().connected();
        const bytes = Buffer.from(stream);
        for (const [at, byte] of mutations) bytes[at] = byte;
        client.connection.feed(bytes);
        client.handler.closed();
        assert.equal(client.host.closed, true);
      }),
      { numRuns: 500 },
    );
  });
});
