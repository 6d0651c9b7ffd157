import assert from "node:assert/strict";
import { test } from "node:test";
import type { Authorizer, Consumer, Delivery, Resource } from "@tsapollo/domain";
import { sampleMessage, settled } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { dsub, queue, startHost, TestConsumer, topic } from "./harness.ts";

test("names that only look temporary are ordinary, and maintenance survives them", async () => {
  const { client, clock, engine } = await startHost();
  const { send } = client();
  for (const name of ["temp", "temp.livingroom", "temp.livingroom.1"])
    send(topic(name), "20", { retain: "set" });
  clock.advance(5_000);
  assert.equal(engine.router.topics.size, 3);
});

test("a pattern does not reach another client's temporary queue", async () => {
  const { client } = await startHost();
  const owner = client();
  const stranger = client();
  const replies = queue(`temp.default.${owner.clientId}.replies`);
  const own = new TestConsumer();
  const other = new TestConsumer();
  stranger.host.subscribe({ addresses: [queue("**")] }, other);
  owner.host.subscribe({ addresses: [replies] }, own);
  for (const text of ["1", "2"]) stranger.send(replies, text);
  assert.deepEqual([own.bodies, other.bodies], [["1", "2"], []]);
});

test("retained messages are owed once, however often a filter is repeated, and come on credit", async () => {
  const { client, engine } = await startHost();
  const { host, send } = client();
  for (let at = 0; at < 50; at += 1) send(topic(`r.${at}`), "x", { retain: "set" });
  const consumer = new TestConsumer();
  consumer.credit = 0;
  const subscription = host.subscribe({ addresses: [] }, consumer);
  for (let at = 0; at < 100; at += 1) subscription.add(topic("**"));
  consumer.credit = Number.POSITIVE_INFINITY;
  subscription.resume();
  assert.equal(consumer.deliveries.length, 50);
  assert.equal(engine.memory.usedBytes, 50);
});

test("renewing a durable subscription again and again does not fill the memory", async () => {
  const { client, engine } = await startHost();
  const { host, send } = client();
  for (let at = 0; at < 10; at += 1) send(topic(`r.${at}`), "x", { retain: "set" });
  const consumer = new TestConsumer();
  consumer.credit = 0;
  const subscription = host.subscribe({ addresses: [topic("r.*")], durable: dsub("d") }, consumer);
  for (let at = 0; at < 100; at += 1) subscription.add(topic("r.*"));
  assert.ok(engine.memory.usedBytes <= 30, `${engine.memory.usedBytes} bytes for ten`);
});

test("an exception in one consumer ends it, and nobody else notices", async () => {
  const { client } = await startHost();
  const { host, send, producer } = client();
  const reasons: string[] = [];
  const broken: Consumer = {
    offer: (): boolean => {
      throw new Error("bug");
    },
    ended: (reason) => void reasons.push(reason.code),
  };
  for (const address of [topic("t"), queue("q")]) {
    host.subscribe({ addresses: [address] }, broken);
    const healthy = new TestConsumer();
    host.subscribe({ addresses: [address] }, healthy);
    for (const text of ["1", "2"]) send(address, text);
    assert.deepEqual(healthy.bodies, ["1", "2"]);
  }
  await settled();
  assert.deepEqual(reasons, ["INTERNAL", "INTERNAL"]);
  assert.deepEqual(producer.confirmations, [1, 2, 3, 4]);
});

test("a client that closes itself inside its first delivery leaves nothing behind", async () => {
  const { client, engine } = await startHost({ consumerBufferBytes: 1 });
  const publisher = client();
  publisher.send(topic("t"), "retained", { retain: "set" });
  for (const address of [topic("t"), topic("*")]) {
    const leaver = client();
    const consumer: Consumer = {
      offer: (_delivery: Delivery): boolean => {
        leaver.host.close();
        return false;
      },
      ended: () => undefined,
    };
    leaver.host.subscribe({ addresses: [address] }, consumer);
  }
  assert.equal(publisher.send(topic("t"), "on"), true);
  assert.equal(engine.router.topics.get("t")!.targets().length, 0);
});

test("after close nothing is published, joined or confirmed", async () => {
  const { client, store, engine } = await startHost();
  const { host, send, producer } = client();
  store.automatic = false;
  send(queue("q"), "a", { persistent: true });
  await settled();
  host.close();
  send(queue("q"), "b");
  store.finish();
  await settled();
  assert.deepEqual(producer.confirmations, []);
  assert.equal(engine.router.queues.get("q")!.length, 1);
  assert.throws(() => host.subscribe({ addresses: [queue("q")] }, new TestConsumer()), {
    code: "HOST_STOPPED",
  });
});

class Rules implements Authorizer {
  generation = 0;
  readonly denied: Set<string> = new Set();
  can(identity: { userName: string | undefined }, action: string, { kind, id }: Resource): boolean {
    return !this.denied.has(`${identity.userName} ${action} ${kind}:${id}`);
  }
}

test("re-binding a durable subscription brings the new owner's rights, in both directions", async () => {
  const rules = new Rules();
  rules.denied.add("bob receive topic:secret");
  const { client } = await startHost({}, rules);
  const alice = client("alice");
  const bob = client("bob");
  const request = { addresses: [topic("**")], durable: dsub("d") };
  alice.host.subscribe(request, new TestConsumer()).cancel();
  alice.send(topic("secret"), "for alice");
  const bobs = new TestConsumer();
  const subscription = bob.host.subscribe(request, bobs);
  alice.send(topic("secret"), "not for bob");
  assert.deepEqual(bobs.bodies, ["for alice"], "what was collected before stays in the queue");
  subscription.cancel();
  const alices = new TestConsumer();
  alice.host.subscribe(request, alices);
  alice.send(topic("secret"), "again");
  assert.deepEqual(alices.bodies, ["for alice", "again"]);
});

test("when rules change, patterns see what is allowed now", async () => {
  const rules = new Rules();
  const { client } = await startHost({}, rules);
  const { host, send } = client("bob");
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [topic("**")] }, consumer);
  send(topic("t"), "1");
  rules.denied.add("bob receive topic:t");
  rules.generation += 1;
  send(topic("t"), "2");
  assert.deepEqual(consumer.bodies, ["1"]);
});

test("a refused durable subscription leaves nothing behind", async () => {
  const rules = new Rules();
  rules.denied.add("bob receive topic:secret");
  const { client, engine } = await startHost({}, rules);
  const { host } = client("bob");
  const attempt = () =>
    host.subscribe({ addresses: [topic("secret")], durable: dsub("d") }, new TestConsumer());
  assert.throws(attempt, { code: "ACCESS_DENIED" });
  assert.equal(engine.router.dsubs.size, 0);
});

test("what is kept without consumers makes producers wait too: retained, delayed, in transactions", async () => {
  const { client, clock } = await startHost({ memoryLimitBytes: 100 });
  const body = "x".repeat(60);
  const retaining = client();
  assert.deepEqual(
    ["a", "b"].map((name) => retaining.send(topic(name), body, { retain: "set" })),
    [true, false],
  );
  const delaying = client();
  assert.equal(delaying.send(queue("q"), body, { notBeforeMs: clock.nowMs() + 1_000 }), false);
  const transaction = client().host.begin();
  transaction.publish(queue("q"), sampleMessage(body));
  const results: (string | undefined)[] = [];
  transaction.commit((error) => results.push(error?.code));
  assert.deepEqual(results, ["TRANSACTION_LIMIT"]);
});

test("an expired retained message and its topic go with maintenance", async () => {
  const { client, clock, engine } = await startHost();
  const { send } = client();
  send(topic("t"), "x", { retain: "set", expiresAtMs: clock.nowMs() + 1_000 });
  clock.advance(60_000);
  assert.equal(engine.router.topics.size, 0);
  assert.equal(engine.memory.usedBytes, 0);
});

test("a topic with listeners is not destroyed", async () => {
  const { client } = await startHost();
  const { host } = client();
  host.subscribe({ addresses: [topic("t")] }, new TestConsumer());
  assert.throws(() => host.destroy(topic("t")), { code: "DESTINATION_IN_USE" });
});

test("a dead letter finds its queue even where clients cannot make any more", async () => {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, nakLimit: 1, dlq: "dead.*" };
  const { client, engine } = await startHost({ destinationsMax: 1, queues: [{ filter: ["q"], settings }] });
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  send(queue("q"), "a");
  consumer.deliveries[0]!.settle("poisoned");
  assert.equal(engine.router.queues.get("dead.q")!.length, 1);
});
