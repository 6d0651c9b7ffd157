import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { IPublishPacket } from "mqtt-packet";
import type { MqttCounters } from "../src/index.ts";
import { delivery, World } from "./client.ts";

const LASTING = { clean: false, clientId: "c1" };

function publish(qos: 0 | 1): IPublishPacket {
  return { cmd: "publish", topic: "a", qos, messageId: 3, dup: false, retain: false, payload: "1234" };
}

function countersOf(world: World): MqttCounters {
  return world.sessions.of("default").counters;
}

describe("counters", () => {
  it("packets and PUBLISH payloads, both ways; what came before the CONNACK is counted apart", async () => {
    const world = new World();
    const client = await world.connected();
    client.subscribe("a");
    client.send(publish(0), publish(1), { cmd: "pingreq" });
    client.offer(delivery("a", 0, "hello"));
    const { strangers } = world.sessions;
    assert.deepEqual([strangers.connects, strangers.packetsReceived, strangers.answersSent], [1, 1, 0]);
    const {
      packetsReceived,
      publishReceived,
      publishReceivedBytes,
      answersSent,
      publishSent,
      publishSentBytes,
    } = countersOf(world);
    assert.deepEqual([packetsReceived, publishReceived, publishReceivedBytes], [4, 2, 8]);
    assert.deepEqual([answersSent, publishSent, publishSentBytes], [4, 1, 5]); // CONNACK, SUBACK, PUBACK, PINGRESP
  });

  it("a message that no filter covers any more is dropped", async () => {
    const world = new World();
    const client = await world.connected();
    client.subscribe("a");
    client.offer(delivery("b", 0, "x"));
    client.offer(delivery("b", 0, "y"));
    assert.equal(countersOf(world).publishDropped, 2);
    assert.equal(countersOf(world).publishSent, 0);
  });

  it("subscriptions: each filter of each session once, as long as the session is", async () => {
    const world = new World();
    const counters = countersOf(world);
    const seen: [number, number][] = [];
    const note = (): unknown => seen.push([counters.subscriptions, counters.sharedSubscriptions]);
    const one = await world.connected(LASTING);
    for (const filter of ["a", "a", "b", "$share/g/a"]) one.subscribe(filter, 1);
    const other = await world.connected({ clientId: "c2" });
    other.subscribe("a");
    note();
    other.send({ cmd: "disconnect" });
    one.send({ cmd: "unsubscribe", messageId: 1, unsubscriptions: ["a", "none"] });
    note();
    one.drop();
    note();
    const again = new World({}, 1_000, world.host);
    const restored = countersOf(again);
    seen.push([restored.subscriptions, restored.sharedSubscriptions]);
    await world.connected({ clientId: "c1" });
    note();
    assert.deepEqual(seen, [
      [3, 1],
      [1, 1],
      [1, 1],
      [1, 1],
      [0, 0],
    ]);
  });

  it("sessions: connected, taken over, away, expired", async () => {
    const world = new World();
    const counters = countersOf(world);
    const lasting = { ...LASTING, protocolVersion: 5, properties: { sessionExpiryInterval: 10 } } as const;
    const first = await world.connected(lasting);
    assert.equal(counters.connected, 1);
    const second = await world.connected(lasting);
    assert.equal(counters.connected, 1);
    first.drop();
    assert.equal(counters.connected, 1);
    second.drop();
    assert.deepEqual([counters.connected, world.sessions.count("default"), counters.expired], [0, 1, 0]);
    world.clock.advance(11_000);
    assert.deepEqual([counters.connected, world.sessions.count("default"), counters.expired], [0, 0, 1]);
  });
});
