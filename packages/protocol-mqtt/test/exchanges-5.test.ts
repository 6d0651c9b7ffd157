import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RecordingHost } from "@tsapollo/testkit";
import type { Packet } from "mqtt-packet";
import { assertPackets, type Client, delivery, World } from "./client.ts";
import { connected5, delivery5, hello, propertiesOf, subscribe5 } from "./client-5.ts";

const HOUR = { sessionExpiryInterval: 3_600 };
const STAY = { clean: false };
const SHARE = "$share/g/a";

/** A client whose connection broke in the middle of as many QoS 2 exchanges of a shared subscription. */
async function leftBehind(world: World, count: number, expiresAtMs = 0): Promise<void> {
  const client = await connected5(world, HOUR, STAY);
  await client.sendAndWait(subscribe5(SHARE, {}, 77));
  for (let sequence = 1; sequence <= count; sequence += 1) {
    client.offer(delivery5("a", 2, { n: `${sequence}`, pad: "-".repeat(50) }, { sequence, expiresAtMs }));
  }
  client.drop();
}

/** The broker is killed and started again. */
function restarted(world: World): World {
  const host = new RecordingHost();
  for (const [key, value] of world.host.states.values) host.states.values.set(key, value);
  return new World({}, 1_000, host);
}

const shown = (all: readonly Packet[]): string[] =>
  all.map((one) => `${one.cmd} ${String((propertiesOf(one)["userProperties"] as { n?: string })?.n ?? "")}`);

async function finish(client: Client, messageId: number): Promise<Packet[]> {
  await client.sendAndWait({ cmd: "pubrec", messageId });
  return client.sendAndWait({ cmd: "pubcomp", messageId });
}

describe("MQTT 5.0: exchanges that outlive their connection", () => {
  it("[MQTT5-3.3.4-9] what is completed after a reconnect counts against the new receive maximum", async () => {
    const world = new World();
    await leftBehind(world, 3);
    const client = world.client();
    const [, first, ...more] = await client.connect(hello({ ...HOUR, receiveMaximum: 1 }, STAY));
    assert.deepEqual([shown([first!]), more.length], [["publish 1"], 0]);
    client.subscription.consumer.offer(delivery5("a", 1, { n: "new" }, { sequence: 9 }));
    assert.deepEqual(shown(await finish(client, first!.messageId!)), ["publish 2"]);
    const [last] = await finish(client, 2);
    assert.deepEqual(shown([last!]), ["publish 3"]);
    assert.equal((last as { dup?: boolean }).dup, true);
  });

  it("[MQTT5-3.1.2-24] what the client cannot take any more is over, and takes no room", async () => {
    const world = new World();
    await leftBehind(world, 3);
    const client = world.client();
    const answers = await client.connect(hello({ ...HOUR, maximumPacketSize: 45 }, STAY));
    assert.deepEqual(shown(answers), ["connack "]);
    assert.equal(world.sessions.list("default")[0]!.inflightCount, 0);
    client.drop();
    assert.deepEqual(world.host.states.keys("mqtt-kept:"), []);
  });

  it("[MQTT5-4.8.2-4] they are completed after the broker was killed, with properties and identifiers", async () => {
    const world = new World();
    const expiresAtMs = world.clock.nowMs() + 100_000;
    await leftBehind(world, 2, expiresAtMs);
    assert.equal(world.host.states.keys("mqtt-kept:").length, 2);
    const next = restarted(world);
    const client = next.client();
    const [, one, two] = await client.connect(hello(HOUR, STAY));
    assert.deepEqual(shown([one!, two!]), ["publish 1", "publish 2"]);
    assertPackets([one!], [{ cmd: "publish", topic: "a", payload: Buffer.from("x"), qos: 2, dup: true }]);
    assert.equal(propertiesOf(one)["subscriptionIdentifier"], 77);
    assert.equal(propertiesOf(one)["messageExpiryInterval"], 100);
    await finish(client, one!.messageId!);
    assert.equal(next.host.states.keys("mqtt-kept:").length, 1);
    client.send({ cmd: "disconnect", reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    assert.deepEqual(next.host.states.keys("mqtt"), []);
  });

  it("a kept message of a session that is not there any more goes at the start", () => {
    const host = new RecordingHost();
    host.states.values.set("mqtt-kept:3:nobody", new Uint8Array(40));
    new World({}, 10, host);
    assert.deepEqual(host.states.keys("mqtt"), []);
  });

  it("a kept message of another version of the broker is left alone", async () => {
    const world = new World();
    await leftBehind(world, 1);
    world.host.states.values.set("mqtt-kept:1:c1", Buffer.from([9, 9]));
    const next = restarted(world);
    assert.match(next.log.lines.join(), /cannot be read and is left alone/);
  });

  it("[MQTT5-4.8.2-5] a session that ends with its connection takes its exchanges along", async () => {
    const client = await connected5(new World());
    client.send(subscribe5(SHARE));
    const [one, two] = [delivery5("a", 1, {}, { sequence: 1 }), delivery5("a", 2, {}, { sequence: 2 })];
    client.offer(one);
    client.offer(two);
    client.drop();
    assert.deepEqual([one.outcome, two.outcome], [undefined, "consumed"]);
  });

  for (const [version, lasting] of [
    ["MQTT 5.0", hello(HOUR, STAY)],
    ["MQTT 3.1.1", STAY],
  ] as const) {
    it(`[MQTT5-4.3.3-13] ${version}: the exchange of a message that expired meanwhile is completed`, async () => {
      const world = new World();
      const first = await world.connected(lasting);
      await first.sendAndWait({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "a", qos: 2 }] });
      first.offer(delivery("a", 2, "expires", { sequence: 5 }));
      first.drop();
      const client = await world.connected(lasting);
      client.subscription.consumer.offer(delivery("a", 2, "next", { sequence: 6 }));
      const answers = await client.sendAndWait();
      assertPackets(
        answers.sort((a, b) => a.cmd.localeCompare(b.cmd)),
        [
          { cmd: "publish", messageId: 6, dup: false },
          { cmd: "pubrel", messageId: 5 },
        ],
      );
      assert.equal(world.sessions.list("default")[0]!.inflightCount, 2);
      client.send({ cmd: "pubcomp", messageId: 5 });
      assert.equal(world.sessions.list("default")[0]!.inflightCount, 1);
    });
  }

  it("[MQTT5-4.9.0-2] a PUBCOMP of an earlier connection's exchange raises the quota of this one no further", async () => {
    const world = new World();
    const first = await connected5(world, HOUR, STAY);
    await first.sendAndWait(subscribe5("a"));
    const { messageId } = first.offer(delivery5("a", 2, {}, { sequence: 1 }))!;
    await first.sendAndWait({ cmd: "pubrec", messageId: messageId! });
    first.drop();
    const client = await connected5(world, { ...HOUR, receiveMaximum: 1 }, STAY);
    await client.sendAndWait({ cmd: "pubcomp", messageId: messageId! });
    const { consumer } = client.subscription;
    assert.equal(consumer.offer(delivery5("a", 1, {}, { sequence: 2 })), true);
    assert.equal(consumer.offer(delivery5("a", 1, {}, { sequence: 3 })), false);
  });
});
