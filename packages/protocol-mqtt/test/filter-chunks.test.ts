import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RecordingHost, settled } from "@tsapollo/testkit";
import type { Packet } from "mqtt-packet";
import { World } from "./client.ts";
import { connected5, hello, subscribe5 } from "./client-5.ts";

const HOUR = { sessionExpiryInterval: 3_600 };
const STAY = { clean: false };
const KEYS = ["mqtt-filters:1:c1", "mqtt-filters:2:c1", "mqtt:c1"];

function subscribeMany(from: number, to: number): Packet {
  const subscriptions = Array.from({ length: to - from }, (_, at) => ({
    topic: at % 10 === 0 ? `$share/g/many/${from + at}` : `many/${from + at}`,
    qos: 1 as const,
  }));
  return { cmd: "subscribe", messageId: 5, subscriptions, properties: {} };
}

/** What was saved between two looks. */
function changed(world: World, before: ReadonlyMap<string, Uint8Array>): string[] {
  const { values } = world.host.states;
  const keys = new Set([...values.keys(), ...before.keys()]);
  return [...keys].filter((key) => key.includes(":c1") && values.get(key) !== before.get(key)).sort();
}

async function withMany(): Promise<World> {
  const world = new World();
  const client = await connected5(world, HOUR, STAY);
  await client.sendAndWait(subscribeMany(0, 700));
  client.drop();
  await settled();
  return world;
}

describe("[MQTT-4.1.0-1] [MQTT5-4.1.0-1] filters are saved in chunks", () => {
  it("a filter that comes, changes or goes costs the writing of its chunk, and answers wait for that", async () => {
    const world = await withMany();
    assert.deepEqual(
      world.host.states.keys("mqtt").filter((key) => key.endsWith(":c1")),
      KEYS,
    );
    const { values } = world.host.states;
    let before = new Map(values);
    const client = await connected5(world, HOUR, STAY);
    await settled();
    assert.deepEqual(changed(world, before), ["mqtt:c1"]);
    const steps: [step: Packet, key: string][] = [
      [subscribe5("many/new", { qos: 1 }), "mqtt-filters:2:c1"],
      [subscribe5("many/301", { qos: 0 }), "mqtt-filters:1:c1"],
      [
        { cmd: "unsubscribe", messageId: 6, unsubscriptions: ["many/302"], properties: {} },
        "mqtt-filters:1:c1",
      ],
      [subscribe5("many/newer", { qos: 1 }), "mqtt-filters:1:c1"],
      [subscribe5("many/1", { qos: 0 }), "mqtt:c1"],
    ];
    for (const [step, key] of steps) {
      before = new Map(values);
      const [answer] = await client.sendAndWait(step);
      assert.match(answer!.cmd, /ack$/);
      assert.deepEqual(changed(world, before), [key]);
    }
  });

  it("all are there after the broker was killed, and go with the session", async () => {
    const world = await withMany();
    const host = new RecordingHost();
    for (const [key, value] of world.host.states.values) host.states.values.set(key, value);
    const next = new World({}, 10, host);
    assert.equal(next.sessions.list("default")[0]!.filterCount, 700);
    assert.equal(next.sessions.of("default").groups.size, 70);
    const client = await connected5(next, HOUR, STAY);
    assert.equal(client.host.subscriptions[0]!.addresses.size, 630);
    const before = new Map(host.states.values);
    await client.sendAndWait(subscribe5("many/699", { qos: 0 }));
    assert.deepEqual(changed(next, before), ["mqtt-filters:2:c1"]);
    await next.client().connect(hello({}, { clean: true }));
    await settled();
    assert.deepEqual(host.states.keys("mqtt"), []);
  });

  it("chunks of nobody go at the start", () => {
    const host = new RecordingHost();
    host.states.values.set("mqtt-filters:1:nobody", new Uint8Array(3));
    new World({}, 10, host);
    assert.deepEqual(host.states.keys("mqtt"), []);
  });
});
