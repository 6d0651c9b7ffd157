import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RecordingHost, settled } from "@tsapollo/testkit";
import type { IConnectPacket, IPublishPacket } from "mqtt-packet";
import { REASON } from "../src/index.ts";
import { assertPackets, type Client, delivery, World } from "./client.ts";
import { connected5, delivery5, hello, publish5, subscribe5 } from "./client-5.ts";

const HOUR: IConnectPacket["properties"] = { sessionExpiryInterval: 3_600 };
const STAY = { clean: false };
const WILL = { topic: "w", payload: Buffer.from("gone"), qos: 1 as const, retain: false };

async function isPresent(world: World, properties = HOUR): Promise<unknown> {
  const client = world.client();
  const [answer] = await client.connect(hello(properties, STAY));
  return (answer as { sessionPresent?: boolean }).sessionPresent;
}

function delayedWill(seconds: number, expiry: number): Partial<IConnectPacket> {
  const will = { ...WILL, properties: { willDelayInterval: seconds } };
  return hello({ sessionExpiryInterval: expiry }, { will, clean: false });
}

/** The broker is killed and started again: another world over what the first one saved. */
function restarted(world: World): World {
  const host = new RecordingHost();
  for (const [key, value] of world.host.states.values) host.states.values.set(key, value);
  const next = new World({}, 1_000, host);
  return next;
}

describe("MQTT 5.0: sessions", () => {
  it("[MQTT5-3.1.2-5] [MQTT5-3.1.2-6] [MQTT5-3.2.2-2] [MQTT5-3.2.2-3] found again without clean start", async () => {
    const world = new World();
    (await connected5(world, HOUR)).drop();
    assert.equal(await isPresent(world), true);
  });

  it("[MQTT5-3.1.2-4] [MQTT5-3.2.2-2] clean start ends the one before", async () => {
    const world = new World();
    const first = await connected5(world, HOUR);
    await first.sendAndWait(subscribe5("a"));
    first.drop();
    const [answer] = await world.client().connect(hello(HOUR));
    assertPackets([answer!], [{ cmd: "connack", sessionPresent: false }]);
    assert.deepEqual(
      world.host.destroyed.map(({ key }) => key),
      ["dsub:c1"],
    );
  });

  it("[MQTT5-3.1.2-23] [MQTT5-4.1.0-1] [MQTT5-4.1.0-2] it expires after its time, not before", async () => {
    const world = new World();
    const first = await connected5(world, { sessionExpiryInterval: 10 });
    await first.sendAndWait(subscribe5("a"));
    world.clock.advance(60_000);
    first.drop();
    world.clock.advance(9_000);
    assert.equal(world.sessions.count("default"), 1);
    world.clock.advance(1_500);
    assert.equal(world.sessions.count("default"), 0);
    assert.equal(world.host.states.get("mqtt:c1"), undefined);
    assert.equal(world.host.destroyed.length, 1);
  });

  it("without expiry it ends with its connection", async () => {
    const world = new World();
    (await connected5(world, {}, STAY)).drop();
    assert.equal(await isPresent(world), false);
  });

  it("session_expiry_max bounds MQTT 3.1.1 sessions too", async () => {
    const world = new World({ sessionExpiryMaxSeconds: 5 });
    (await world.connected(STAY)).drop();
    world.clock.advance(6_000);
    assert.equal(world.sessions.count("default"), 0);
  });

  it("a DISCONNECT may change the expiry", async () => {
    const world = new World();
    const first = await connected5(world, HOUR);
    first.send({ cmd: "disconnect", reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    assert.equal(world.sessions.count("default"), 0);
  });

  it("[MQTT5-3.14.2.2.2] but not from nothing to something", async () => {
    const first = await connected5(new World());
    const changed = first.send({ cmd: "disconnect", reasonCode: 0, properties: HOUR });
    assertPackets(changed, [{ cmd: "disconnect", reasonCode: REASON.PROTOCOL_ERROR }]);
  });

  it("one begun without authentication belongs to whoever is asked for a name first", async () => {
    const world = new World();
    (await connected5(world, HOUR)).drop();
    for (const [userName, reasonCode] of [
      ["alice", 0],
      ["bob", REASON.CLIENT_ID_NOT_VALID],
    ] as const) {
      const client = world.client();
      client.reception.userName = userName;
      assertPackets(await client.connect(hello(HOUR, STAY)), [{ cmd: "connack", reasonCode }]);
    }
  });

  it("operators list and remove them", async () => {
    const world = new World();
    const first = await connected5(world, HOUR);
    await first.sendAndWait(subscribe5("a"));
    const [view] = world.sessions.list("default");
    assert.deepEqual(
      [view!.clientId, view!.connected, view!.expirySeconds, view!.filterCount],
      ["c1", true, 3_600, 1],
    );
    assert.equal(world.sessions.remove("default", "c1"), true);
    assertPackets(first.answers(), [{ cmd: "disconnect", reasonCode: REASON.ADMINISTRATIVE_ACTION }]);
    assert.equal(world.sessions.remove("default", "c1"), false);
    assert.equal(await isPresent(world), false);
  });
});

describe("MQTT 5.0: wills", () => {
  const ends: [name: string, end: (client: Client) => void, isSent: boolean][] = [
    ["[MQTT5-3.1.2-8] a broken connection", (one) => one.drop(), true],
    [
      "[MQTT5-3.14.4-3] [MQTT5-3.1.2-10] DISCONNECT",
      (one) => void one.send({ cmd: "disconnect", reasonCode: 0 }),
      false,
    ],
    ["DISCONNECT with will", (one) => void one.send({ cmd: "disconnect", reasonCode: 4 }), true],
    ["a protocol error", (one) => void one.send(publish5("")), true],
  ];
  for (const [name, end, isSent] of ends) {
    it(`${name}: ${isSent ? "published" : "discarded"}`, async () => {
      const client = await connected5(new World(), {}, { will: WILL });
      end(client);
      assert.equal(client.host.published.length, isSent ? 1 : 0);
    });
  }

  it("[MQTT5-3.1.3-9] its delay passes before it is published, with its properties", async () => {
    const world = new World();
    const properties = {
      willDelayInterval: 10,
      messageExpiryInterval: 60,
      userProperties: { k: "v" },
      contentType: "t",
    };
    const client = await connected5(world, HOUR, { will: { ...WILL, properties } });
    client.drop();
    assert.equal(client.host.closed, false);
    world.clock.advance(9_900);
    assert.equal(client.host.published.length, 0);
    world.clock.advance(200);
    const [published] = client.host.published;
    const { message } = published!;
    const neutral = message.codec.toNeutral(message);
    assert.deepEqual([...neutral.properties], [["k", "v"]]);
    assert.equal(neutral.contentType, "t");
    assert.equal(message.expiresAtMs, world.clock.nowMs() - 100 + 60_000);
    assert.equal(client.host.closed, true);
  });

  it("[MQTT5-3.1.3-9] a client that comes back in time has none", async () => {
    const world = new World();
    const first = await world.connected(delayedWill(10, 3_600));
    first.drop();
    await connected5(world, HOUR, STAY);
    world.clock.advance(60_000);
    assert.deepEqual([first.host.published.length, first.host.closed], [0, true]);
  });

  it("[MQTT5-3.1.3-9] the end of the session is the end of the delay", async () => {
    const world = new World();
    const first = await world.connected(delayedWill(100, 10));
    first.drop();
    world.clock.advance(10_100);
    assert.equal(first.host.published.length, 1);
    const second = await world.connected(delayedWill(100, 3_600));
    second.drop();
    await connected5(world); // clean start
    assert.equal(second.host.published.length, 1);
  });
});

describe("after a restart", () => {
  it("MQ-014 [MQTT-3.1.2-4] sessions are there, with filters, options, owner and expiry", async () => {
    const world = new World();
    const first = world.client();
    first.reception.userName = "alice";
    await first.connect(hello(HOUR));
    first.send(subscribe5("a/#", { qos: 1, rap: true }, 7), subscribe5("$share/g/s", { qos: 2 }));
    await settled();
    const next = restarted(world);
    const thief = next.client();
    thief.reception.userName = "bob";
    assertPackets(await thief.connect(hello(HOUR)), [
      { cmd: "connack", reasonCode: REASON.CLIENT_ID_NOT_VALID },
    ]);
    const again = next.client();
    again.reception.userName = "alice";
    assertPackets(await again.connect(hello(HOUR, STAY)), [{ cmd: "connack", sessionPresent: true }]);
    const [durable, shared] = again.host.subscriptions;
    assert.deepEqual(
      [durable!.request.durable?.key, [...durable!.addresses.keys()]],
      ["dsub:c1", ["topic:a.**"]],
    );
    assert.deepEqual([...shared!.addresses.keys()], ["topic:s"]);
    const packet = ((): IPublishPacket => {
      durable!.consumer.offer(delivery5("a/b", 2, {}, { retain: "set" }));
      return again.answers()[0] as IPublishPacket;
    })();
    assert.deepEqual([packet.qos, packet.retain, packet.properties?.subscriptionIdentifier], [1, true, 7]);
  });

  it("[MQTT-4.3.3-2] [MQTT5-4.3.3-8] ids of received QoS 2 messages are saved before their PUBREC", async () => {
    const world = new World();
    const first = await connected5(world, HOUR);
    world.host.states.confirming = false;
    assert.deepEqual(await first.sendAndWait(publish5("a", 2)), []);
    world.host.states.confirmAll();
    assertPackets(first.answers(), [{ cmd: "pubrec", messageId: 7 }]);
    const next = restarted(world);
    const again = await connected5(next, HOUR, STAY);
    assertPackets(again.send(publish5("a", 2, {}, { dup: true })), [{ cmd: "pubrec", messageId: 7 }]);
    assert.equal(again.host.published.length, 0);
    next.host.states.confirming = false;
    assert.deepEqual(await again.sendAndWait({ cmd: "pubrel", messageId: 7 }), []);
    next.host.states.confirmAll();
    assertPackets(again.answers(), [{ cmd: "pubcomp", messageId: 7, reasonCode: 0 }]);
    assert.equal(restarted(next).host.states.get("mqtt-qos2:c1"), undefined);
  });

  it("[MQTT-4.3.3-1] [MQTT5-4.3.3-5] what was released is saved before PUBREL, and never sent again", async () => {
    const world = new World();
    const first = await world.connected({ clean: false });
    first.subscribe("a", 2);
    await settled();
    first.answers();
    const one = delivery("a", 2, "x", { sequence: 70_000 });
    const { messageId } = first.offer(one)!;
    assert.equal(messageId, ((70_000 - 1) % 65_535) + 1);
    world.host.states.confirming = false;
    assert.deepEqual(await first.sendAndWait({ cmd: "pubrec", messageId: messageId! }), []);
    assert.equal(one.outcome, "consumed");
    world.host.states.confirmAll();
    assertPackets(first.answers(), [{ cmd: "pubrel", messageId }]);
    const next = restarted(world);
    const again = next.client();
    assertPackets(await again.connect({ clean: false }), [{ cmd: "connack" }, { cmd: "pubrel", messageId }]);
    assert.deepEqual(again.send({ cmd: "pubcomp", messageId: messageId! }), []);
    await settled();
    assertPackets(await restarted(next).client().connect({ clean: false }), [{ cmd: "connack" }]);
  });

  it("[MQTT-4.4.0-1] a message that was sent and not acknowledged has the same packet id again", async () => {
    const world = new World();
    const first = await world.connected({ clean: false });
    first.subscribe("a", 2);
    await settled();
    first.answers();
    const ids = [3, 4].map((sequence) => first.offer(delivery("a", 2, "x", { sequence }))!.messageId);
    const again = await restarted(world).connected({ clean: false });
    assert.deepEqual(
      [3, 4].map((sequence) => again.offer(delivery("a", 2, "x", { sequence }))!.messageId),
      ids,
    );
  });

  it("[MQTT5-3.1.2-7] a will of a client that was connected is published after its delay", async () => {
    const world = new World();
    await world.connected(delayedWill(10, 3_600));
    await settled();
    const next = restarted(world);
    next.clock.advance(10_100);
    assert.deepEqual(
      next.host.published.map(({ address }) => address.key),
      ["topic:w"],
    );
  });

  it("a will that outlived the broker is published with the rights of the client that left it", async () => {
    const world = new World();
    const client = world.client();
    const principals = [
      { kind: "User", name: "joe" },
      { kind: "Group", name: "workers" },
    ];
    const { reception } = client;
    const login = reception.login.bind(reception);
    reception.login = async (request) => ({
      ...(await login(request)),
      identity: { userName: "joe", principals },
    });
    await client.connect(delayedWill(10, 3_600));
    await settled();
    const next = restarted(world);
    next.clock.advance(10_100);
    assert.deepEqual(next.absent, ["joe joe,workers tcp"]);
    assert.equal(next.host.published.length, 1);
  });

  it("a will whose delay ran out while the broker was down is published at the start", async () => {
    const world = new World();
    (await world.connected(delayedWill(10, 3_600))).drop();
    const host = new RecordingHost();
    for (const [key, value] of world.host.states.values) host.states.values.set(key, value);
    const next = new World({}, 10, host, [], 60_000);
    next.clock.advance(1);
    assert.equal(host.published.length, 1);
    assert.equal(next.sessions.count("default"), 1);
  });

  it("sessions that expired while the broker was down are gone, with what they held", async () => {
    const world = new World();
    const first = await connected5(world, { sessionExpiryInterval: 10 });
    await first.sendAndWait(subscribe5("a"));
    first.drop();
    const host = new RecordingHost();
    for (const [key, value] of world.host.states.values) host.states.values.set(key, value);
    const next = new World({}, 10, host, [], 60_000);
    next.clock.advance(1);
    assert.equal(next.sessions.count("default"), 0);
    assert.deepEqual(
      host.destroyed.map(({ key }) => key),
      ["dsub:c1"],
    );
    assert.deepEqual(host.states.keys("mqtt"), []);
  });

  it("a session of another version of the broker is left alone", () => {
    const host = new RecordingHost();
    host.states.values.set("mqtt:c1", Buffer.from('{"v":99}'));
    const world = new World({}, 10, host);
    assert.equal(world.sessions.count("default"), 0);
    assert.match(world.log.lines.join(), /cannot be read and is left alone/);
    assert.ok(host.states.get("mqtt:c1"));
  });

  it("[MQTT5-4.8.2-5] the message of an exchange whose session ends goes to nobody", async () => {
    const world = new World();
    const first = await connected5(world, { sessionExpiryInterval: 10 });
    await first.sendAndWait(subscribe5("$share/g/a"));
    const two = delivery5("a", 2);
    first.offer(two);
    first.drop();
    world.clock.advance(11_000);
    assert.equal(two.outcome, "consumed");
    assert.equal(world.sessions.count("default"), 0);
  });

  it("exchanges of a shared subscription stay with the client that began them [MQTT5-4.8.2-4]", async () => {
    const world = new World();
    const first = await connected5(world, HOUR);
    await first.sendAndWait(subscribe5("$share/g/a"));
    const two = delivery5("a", 2);
    const one = delivery5("a", 1, {}, { sequence: 2 });
    const packet = first.offer(two)!;
    first.offer(one);
    first.drop();
    assert.deepEqual([two.outcome, one.outcome], ["consumed", undefined]);
    const again = world.client();
    const answers = await again.connect(hello(HOUR, STAY));
    const { messageId } = packet;
    assertPackets(answers, [
      { cmd: "connack" },
      { cmd: "publish", messageId, dup: true, topic: "a", qos: 2 },
    ]);
    const [pubrel] = await again.sendAndWait({ cmd: "pubrec", messageId: messageId! });
    assertPackets([pubrel!], [{ cmd: "pubrel", messageId }]);
    again.drop();
    assertPackets(await world.client().connect(hello(HOUR, STAY)), [
      { cmd: "connack" },
      { cmd: "pubrel", messageId },
    ]);
  });
});
