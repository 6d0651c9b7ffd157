import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import { settled } from "@tsapollo/testkit";
import type { Packet } from "mqtt-packet";
import { assertPackets, type Client, delivery, World } from "./client.ts";

const LASTING = { clean: false, clientId: "c1" };

describe("sessions", () => {
  it("MQ-014 [MQTT-3.2.2-2] a lasting session is found again, its filters bound before CONNACK", async () => {
    const world = new World();
    const first = await world.connected(LASTING);
    first.send({
      cmd: "subscribe",
      messageId: 1,
      subscriptions: [
        { topic: "a/#", qos: 1 },
        { topic: "b", qos: 2 },
      ],
    });
    first.send({ cmd: "disconnect" });
    assert.equal(first.subscription.cancelled, true);
    const second = world.client();
    assertPackets(await second.connect(LASTING), [{ cmd: "connack", returnCode: 0, sessionPresent: true }]);
    assert.equal(second.host.subscriptions.length, 1);
    assert.deepEqual(
      second.subscription.request.addresses.map((one) => one.key),
      ["topic:a.**", "topic:b"],
    );
    assert.equal(second.subscription.request.durable?.key, "dsub:c1");
    assert.equal(second.offer(delivery("a/x", 2, "1"))?.qos, 1);
  });

  it("[MQTT-3.2.2-1] [MQTT-3.2.2-3] session present is 0 for new, for clean and for MQTT 3.1 sessions", async () => {
    const world = new World();
    const present = async (connect: object): Promise<unknown> => {
      const [connack] = await world.client().connect(connect);
      return (connack as { sessionPresent?: boolean }).sessionPresent;
    };
    assert.equal(await present(LASTING), false);
    assert.equal(await present(LASTING), true);
    assert.equal(await present({ ...LASTING, protocolId: "MQIsdp", protocolVersion: 3 }), false);
    assert.equal(await present({ ...LASTING, clean: true }), false);
    assert.equal(await present(LASTING), false);
  });

  it("[MQTT-3.1.2-6] quirk 16: a clean connect erases the session and destroys its durable subscription", async () => {
    const world = new World();
    const first = await world.connected(LASTING);
    first.subscribe("a", 1);
    first.drop();
    const second = await world.connected({ clientId: "c1" });
    assert.deepEqual(
      world.host.destroyed.map((one) => one.key),
      ["dsub:c1"],
    );
    assert.equal(second.host.subscriptions.length, 0);
  });

  for (const clean of [false, true]) {
    it(`13.1 a client id of another user's session is rejected and its session left alone, clean ${clean}`, async () => {
      const world = new World();
      const owner = world.client();
      owner.reception.userName = "alice";
      await owner.connect(LASTING);
      owner.subscribe("alarm", 1);
      for (const [isConnected, userName] of [
        [true, "bob"],
        [false, "bob"],
      ] as const) {
        if (!isConnected) owner.drop();
        const thief = world.client();
        thief.reception.userName = userName;
        assertPackets(await thief.connect({ ...LASTING, clean }), [{ cmd: "connack", returnCode: 2 }]);
        assert.equal(owner.connection.state, isConnected ? "open" : "destroyed");
        assert.deepEqual([thief.host.closed, thief.host.subscriptions, world.host.destroyed], [true, [], []]);
      }
      const again = world.client();
      again.reception.userName = "alice";
      assertPackets(await again.connect(LASTING), [{ cmd: "connack", returnCode: 0, sessionPresent: true }]);
      assert.deepEqual([...again.subscription.addresses.keys()], ["topic:alarm"]);
    });
  }

  it("sessions_max: stored sessions that hold nothing make room, the one left first goes first", async () => {
    const world = new World({}, 5);
    const leave = async (clientId: string, act: (client: Client) => void): Promise<void> => {
      const client = await world.connected({ clean: false, clientId });
      act(client);
      client.drop();
    };
    const present = async (clientId: string): Promise<unknown> => {
      const [connack] = await world.client().connect({ clean: false, clientId });
      return (connack as { returnCode: number }).returnCode === 0
        ? (connack as { sessionPresent: boolean }).sessionPresent
        : "refused";
    };
    const taken = {
      cmd: "publish",
      topic: "a",
      qos: 2,
      messageId: 4,
      payload: "1",
      dup: false,
      retain: false,
    };
    await leave("filters", (client) => void client.subscribe("a", 1));
    await leave("received", (client) => void client.send(taken as Packet));
    for (const id of ["first", "second", "third", "first"]) await leave(id, () => {});
    assert.equal(world.sessions.count("default"), 5);
    assert.equal(await present("new"), false); // in the place of `second`
    assert.equal(world.sessions.count("default"), 5);
    for (const id of ["filters", "received", "third", "first"]) assert.equal(await present(id), true, id);
    assert.equal(await present("second"), "refused"); // all are connected
  });

  it("a session whose engine subscription ended is not stored as an empty one", async () => {
    const world = new World({}, 1);
    const first = await world.connected(LASTING);
    first.subscribe("a", 1);
    first.subscription.consumer.ended(new BrokerError("DESTINATION_MISSING", "deleted"));
    await world.connected({ clientId: "c2" });
    assertPackets(await world.client().connect({ clientId: "c3" }), [{ cmd: "connack", returnCode: 3 }]);
  });

  it("a clean session that never lasted destroys nothing", async () => {
    const world = new World();
    for (let round = 0; round < 2; round += 1) {
      const client = await world.connected({ clientId: "c1" });
      client.subscribe("a", 1);
      client.drop();
      assert.equal(world.host.destroyed.length, 0);
    }
    assert.equal(world.sessions.count("default"), 0);
  });

  it("[MQTT-3.1.4-2] quirk 17: a takeover closes the old connection first and publishes its will", async () => {
    const world = new World();
    const will = { topic: "gone", payload: Buffer.from("1"), qos: 1 as const, retain: false };
    const first = await world.connected({ clientId: "c1", will });
    first.subscribe("a", 1);
    const second = await world.connected({ clientId: "c1" });
    assert.deepEqual([first.connection.state, second.connection.state], ["closing", "open"]);
    assert.deepEqual([first.subscription.cancelled, first.host.closed], [true, true]);
    assert.equal(first.host.published[0]!.address.key, "topic:gone");
    first.drop();
    assert.equal(first.host.published.length, 1);
    assert.equal(world.sessions.count("default"), 1);
    second.drop();
    assert.equal(world.sessions.count("default"), 0);
  });

  it("[MQTT-4.4.0-1] PUBLISH is sent again with its id and DUP, PUBREL without its message", async () => {
    const world = new World();
    const first = await world.connected(LASTING);
    first.subscribe("#", 2);
    await settled();
    first.answers();
    const offers = [1, 2, 3].map((sequence) =>
      delivery("a", sequence === 1 ? 1 : 2, `${sequence}`, { sequence }),
    );
    const ids = offers.map((one) => first.offer(one)!.messageId!);
    first.send({ cmd: "pubrec", messageId: ids[2]! });
    assert.deepEqual(
      offers.map((one) => one.outcome),
      [undefined, undefined, "consumed"],
    );
    first.drop();

    const second = world.client();
    assertPackets(await second.connect(LASTING), [{ cmd: "connack" }, { cmd: "pubrel", messageId: ids[2] }]);
    const again = [1, 2].map((sequence) =>
      second.offer(delivery("a", sequence, `${sequence}`, { sequence, redeliveryCount: 1 })),
    );
    assertPackets(again as never, [
      { messageId: ids[0], qos: 1, dup: true },
      { messageId: ids[1], qos: 2, dup: true },
    ]);
    const fresh = second.offer(delivery("a", 1, "4", { sequence: 4 }))!;
    assert.ok(!ids.includes(fresh.messageId!));
    second.send({ cmd: "pubcomp", messageId: ids[2]! });
    second.drop();
    assertPackets(await world.client().connect(LASTING), [{ cmd: "connack" }]);
  });

  it("[MQTT-4.6.0-4] PUBRELs are sent again in the order of their PUBRECs", async () => {
    const world = new World();
    const first = await world.connected(LASTING);
    first.subscribe("#", 2);
    await settled();
    first.answers();
    const ids = [1, 2, 3].map((sequence) => first.offer(delivery("a", 2, "x", { sequence }))!.messageId!);
    const order = [ids[1]!, ids[2]!, ids[0]!];
    for (const messageId of order) first.send({ cmd: "pubrec", messageId });
    first.drop();
    const answers = await world.client().connect(LASTING);
    assert.deepEqual(
      answers.slice(1).map((one) => one.messageId),
      order,
    );
  });

  it("ids of messages that never come again are given up", async () => {
    const world = new World({ maxInflightMessages: 2 });
    const first = await world.connected(LASTING);
    first.subscribe("#", 1);
    for (const sequence of [1, 2]) first.offer(delivery("a", 1, "x", { sequence }));
    first.drop();
    const second = await world.connected(LASTING);
    assert.equal(second.subscription.consumer.offer(delivery("a", 1, "x", { sequence: 3 })), true);
    assert.equal(second.subscription.consumer.offer(delivery("a", 1, "x", { sequence: 4 })), true);
    assert.equal(second.subscription.consumer.offer(delivery("a", 1, "x", { sequence: 5 })), false);
  });

  it("[MQTT-4.3.3-2] received QoS 2 ids survive the connection", async () => {
    const world = new World();
    const publish = {
      cmd: "publish",
      topic: "a",
      qos: 2,
      messageId: 4,
      payload: "1",
      dup: false,
      retain: false,
    } as const;
    const first = await world.connected(LASTING);
    first.send(publish);
    first.drop();
    const second = await world.connected(LASTING);
    assertPackets(second.send({ ...publish, dup: true }), [{ cmd: "pubrec", messageId: 4 }]);
    assert.equal(second.host.published.length, 0);
  });

  it("filters that are refused at the reconnect stay in the session, unbound, and come back later", async () => {
    const world = new World();
    const first = await world.connected(LASTING);
    first.subscribe("a", 1);
    first.subscribe("b", 1);
    first.drop();
    const second = world.client();
    second.host.refusals.set("topic:a", new BrokerError("ACCESS_DENIED"));
    assertPackets(await second.connect(LASTING), [{ cmd: "connack", sessionPresent: true }]);
    assert.deepEqual([...second.subscription.addresses.keys()], ["topic:b"]);
    second.drop();
    const third = await world.connected(LASTING);
    assert.deepEqual([...third.subscription.addresses.keys()], ["topic:a", "topic:b"]);
  });

  it("[MQTT-3.2.0-1] CONNACK is the first packet, even when deliveries wait", async () => {
    const world = new World();
    const first = await world.connected(LASTING);
    first.subscribe("a", 1);
    first.drop();
    const second = world.client();
    const { host } = second;
    const subscribe = host.subscribe.bind(host);
    host.subscribe = (request, consumer) => {
      const made = subscribe(request, consumer);
      assert.equal(consumer.offer(delivery("a", 1, "x")), false);
      made.resume = () => void consumer.offer(delivery("a", 1, "x"));
      return made;
    };
    assertPackets(await second.connect(LASTING), [{ cmd: "connack" }, { cmd: "publish" }]);
  });

  it("when the engine ends the subscription, the connection closes and the session is gone", async () => {
    const world = new World();
    const first = await world.connected(LASTING);
    first.subscribe("a", 1);
    first.subscription.consumer.ended(new BrokerError("DESTINATION_MISSING", "deleted"));
    assert.equal(first.connection.state, "closing");
    assertPackets(await world.client().connect(LASTING), [{ cmd: "connack", sessionPresent: false }]);
  });

  it("10.3: a refused clean-up leaves a log line", async () => {
    const world = new World();
    const first = await world.connected(LASTING);
    first.subscribe("a", 1);
    first.drop();
    const second = world.client();
    world.host.refusals.set("dsub:c1", new BrokerError("ACCESS_DENIED", "Not authorized"));
    assertPackets(await second.connect({ clientId: "c1" }), [{ cmd: "connack", returnCode: 0 }]);
    assert.match(world.log.lines.join(), /durable subscription of a session stays: Not authorized/);
  });
});
