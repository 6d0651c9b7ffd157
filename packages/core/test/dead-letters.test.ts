import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { dsub, queue, startHost, type TestClient, TestConsumer, topic } from "./harness.ts";
import { automatic, queues, queuesOf } from "./selecting.ts";

const NACKER = queuesOf({ nacker: { nakLimit: 2, dlq: "dlq.*", dlqExpired: true } });

/** Refuses the message at the head until it does not come any more; says how often it came. */
function refuseAll(client: TestClient, name: string): number {
  const consumer = new TestConsumer();
  const subscription = client.host.subscribe({ addresses: [queue(name)] }, consumer);
  let refused = 0;
  while (refused < consumer.deliveries.length && refused < 20) {
    consumer.deliveries[refused]!.settle("poisoned");
    refused += 1;
  }
  subscription.cancel();
  return refused;
}

function drain(client: TestClient, name: string): TestConsumer {
  const consumer = automatic();
  client.host.subscribe({ addresses: [queue(name)] }, consumer).cancel();
  return consumer;
}

for (const { id, persistent } of [
  { id: "ST-068", persistent: false },
  { id: "ST-069", persistent: true },
]) {
  test(`${id}: refused twice, a message is in the dead letter queue, in one unit of work`, async () => {
    const started = await startHost(NACKER);
    const client = started.client();
    client.send(queue("nacker.a"), "m", { persistent });
    await settled();
    assert.equal(refuseAll(client, "nacker.a"), 2);
    await settled();
    if (persistent) assert.match(started.store.log.at(-1)!, /-1:1.*\+2:1/);
    const [delivery] = drain(client, "dlq.nacker.a").deliveries;
    assert.equal(delivery!.redeliveryCount, 2);
    assert.equal(delivery!.address.key, "queue:dlq.nacker.a");
    assert.equal(started.engine.memory.usedBytes, 0);
  });
}

for (const { nakLimit, dlq, comes, dead } of [
  { nakLimit: 1, dlq: "dlq.*", comes: 1, dead: ["dlq.q"] },
  { nakLimit: 3, dlq: "all", comes: 3, dead: ["all"] },
  { nakLimit: 2, dlq: "*.*", comes: 2, dead: ["q.q"] },
  { nakLimit: 2, dlq: undefined, comes: 2, dead: [] },
  { nakLimit: 0, dlq: "dlq.*", comes: 20, dead: [] },
]) {
  test(`nak_limit ${nakLimit}, dlq ${dlq}: it comes ${comes} times [messaging 5.9]`, async () => {
    const started = await startHost(queuesOf({ q: { nakLimit, dlq } }));
    const client = started.client();
    client.send(queue("q"), "m");
    assert.equal(refuseAll(client, "q"), comes);
    const names = [...started.engine.router.queues.keys()].filter((name) => name !== "q");
    assert.deepEqual(names, dead);
    for (const name of dead) assert.deepEqual(drain(client, name).bodies, ["m"]);
  });
}

test("returns by leaving count, but only a refusal makes a message dead [messaging 5.9]", async () => {
  const started = await startHost(NACKER);
  const client = started.client();
  client.send(queue("nacker"), "m");
  for (let at = 0; at < 5; at += 1) {
    client.host.subscribe({ addresses: [queue("nacker")] }, new TestConsumer()).cancel();
  }
  assert.equal(started.engine.router.queues.get("nacker")!.length, 1);
  assert.equal(refuseAll(client, "nacker"), 1);
  assert.deepEqual(drain(client, "dlq.nacker").bodies, ["m"]);
});

test("ST-041: an expired message is a dead letter that does not expire", async () => {
  const { client: make, clock } = await startHost(NACKER);
  const client = make();
  client.send(queue("nacker.e"), "1");
  client.send(queue("nacker.e"), "2", { expiresAtMs: clock.nowMs() + 500 });
  client.send(queue("nacker.e"), "3");
  clock.advance(5_000);
  assert.deepEqual(drain(client, "nacker.e").bodies, ["1", "3"]);
  clock.advance(5_000);
  const dead = drain(client, "dlq.nacker.e");
  assert.deepEqual(dead.bodies, ["2"]);
  assert.equal(dead.deliveries[0]!.message.expiresAtMs, 0);
});

test("without dlq_expired an expired message is dropped; expired on arrival it is no dead letter [5.2, 5.10, quirk 29]", async () => {
  for (const { dlqExpired, ttlMs } of [
    { dlqExpired: false, ttlMs: 10 },
    { dlqExpired: true, ttlMs: -1 },
  ]) {
    const { client: make, clock, engine } = await startHost(queuesOf({ q: { dlq: "dlq", dlqExpired } }));
    make().send(queue("q"), "m", { expiresAtMs: clock.nowMs() + ttlMs });
    clock.advance(3_000);
    assert.equal(engine.router.queues.has("dlq"), false);
    assert.equal(engine.memory.usedBytes, 0);
  }
});

test("found expired by its consumer, or at dispatch, a message is a dead letter as well [messaging 1, 5.3]", async () => {
  const { client: make, clock } = await startHost(NACKER);
  const client = make();
  const consumer = new TestConsumer();
  consumer.credit = 1;
  const subscription = client.host.subscribe({ addresses: [queue("nacker")] }, consumer);
  for (const text of ["1", "2"]) client.send(queue("nacker"), text, { expiresAtMs: clock.nowMs() + 500 });
  clock.advance(600);
  consumer.deliveries[0]!.settle("expired");
  consumer.credit = 1;
  subscription.resume();
  assert.deepEqual([consumer.bodies, drain(client, "dlq.nacker").bodies], [["1"], ["1", "2"]]);
});

test("a dead letter queue may be its own: the message goes to the end, and nothing is lost", async () => {
  const started = await startHost(queuesOf({ q: { nakLimit: 1, dlq: "q", dlqExpired: true } }));
  const client = started.client();
  for (const text of ["1", "2"]) client.send(queue("q"), text);
  client.send(queue("q"), "3", { expiresAtMs: started.clock.nowMs() + 10 });
  const consumer = new TestConsumer();
  consumer.credit = 1;
  const subscription = client.host.subscribe({ addresses: [queue("q")] }, consumer);
  consumer.deliveries[0]!.settle("poisoned");
  subscription.cancel();
  started.clock.advance(3_000);
  assert.deepEqual(drain(client, "q").bodies, ["2", "1", "3"]);
  assert.equal(started.engine.memory.usedBytes, 0);
});

test("a full dead letter queue takes dead letters all the same, or drops them by its policy [messaging 5.2]", async () => {
  for (const { fullPolicy, expected } of [
    { fullPolicy: "block", expected: ["1", "2", "3", "4"] },
    { fullPolicy: "drop tail", expected: ["1", "2"] },
    { fullPolicy: "drop head", expected: ["3", "4"] },
  ] as const) {
    const dead = { quotaMessages: 1, fullPolicy };
    const started = await startHost(queuesOf({ q: { nakLimit: 1, dlq: "dead" }, dead }));
    const client = started.client();
    for (const text of ["1", "2", "3", "4"]) client.send(queue("q"), text);
    assert.equal(refuseAll(client, "q"), 4);
    assert.deepEqual(drain(client, "dead").bodies, expected);
    assert.equal(started.engine.memory.usedBytes, 0);
  }
});

test("the name of a queue stands for itself in the name of its dead letter queue, whatever is in it", async () => {
  for (const name of ["a$$b", "$&", "$'x", "so\\dcool"]) {
    const started = await startHost(queues({ nakLimit: 1, dlq: "dlq.*" }));
    const client = started.client();
    client.send(queue(name), "m");
    refuseAll(client, name);
    assert.ok(started.engine.router.queues.has(`dlq.${name}`), name);
  }
});

test("a durable subscription has dead letters too [messaging 7]", async () => {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, nakLimit: 1, dlq: "dlq.*" };
  const one = { filter: undefined, idRegex: undefined, topics: [], messages: undefined, settings };
  const started = await startHost({ dsubs: [one] });
  const client = started.client();
  const consumer = new TestConsumer();
  client.host.subscribe({ addresses: [topic("t")], durable: dsub("d") }, consumer);
  client.send(topic("t"), "m");
  consumer.deliveries[0]!.settle("poisoned");
  assert.deepEqual(drain(client, "dlq.d").bodies, ["m"]);
});

test("ST-141 in small: a thousand messages, each refused twice, each in the dead letter queue", async () => {
  const started = await startHost(NACKER);
  const client = started.client();
  const consumer = new TestConsumer();
  const dead = automatic();
  client.host.subscribe({ addresses: [queue("nacker.load")] }, consumer);
  client.host.subscribe({ addresses: [queue("dlq.nacker.load")] }, dead);
  for (let at = 0; at < 1_000; at += 1) {
    client.send(queue("nacker.load"), String(at));
    for (let again = 0; again < 2; again += 1) consumer.deliveries.at(-1)!.settle("poisoned");
    assert.equal(dead.bodies.length, at + 1);
  }
  assert.equal(started.engine.memory.usedBytes, 0);
});

for (const { template, chain } of [
  { template: "dlq.*", chain: ["q", "dlq.q", "dlq.dlq.q", "dlq.dlq.dlq.q"] },
  { template: "*.dead", chain: ["q", "q.dead", "q.dead.dead", "q.dead.dead.dead"] },
  { template: "*.*", chain: ["q", "q.q", "q.q.q.q", "q.q.q.q.q.q.q.q"] },
  { template: "dead", chain: ["q", "dead"] },
  { template: "*", chain: ["q"] },
]) {
  test(`dead letters of dead letters, by ${template}, stay in the last of ${chain.length} queues [messaging 5.9]`, async () => {
    const settings = { ...DEFAULT_QUEUE_SETTINGS, nakLimit: 1, dlq: template };
    const { client, engine } = await startHost({ queues: [{ filter: undefined, settings }] });
    const one = client();
    one.send(queue("q"), "m");
    for (let times = 0; times < 8; times += 1) {
      for (const name of [...engine.router.queues.keys()]) refuseOnce(one, name);
    }
    assert.deepEqual([...engine.router.queues.keys()], chain);
    assert.deepEqual(drain(one, chain.at(-1)!).bodies, ["m"]);
  });
}

function refuseOnce(client: TestClient, name: string): void {
  const consumer = new TestConsumer();
  consumer.credit = 1;
  const subscription = client.host.subscribe({ addresses: [queue(name)] }, consumer);
  consumer.deliveries[0]?.settle("poisoned");
  subscription.cancel();
}
