import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { queue, startHost, TestConsumer } from "./harness.ts";

test("messages wait in order for the first consumer [messaging 2.1]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  for (const text of ["a", "b", "c"]) send(queue("q"), text);
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.deepEqual(consumer.bodies, ["a", "b", "c"]);
  assert.deepEqual(
    consumer.deliveries.map(({ sequence }) => sequence),
    [1, 2, 3],
  );
});

test("two idle consumers share four messages two and two [messaging 5.3]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const one = new TestConsumer();
  const two = new TestConsumer();
  one.auto = true;
  two.auto = true;
  host.subscribe({ addresses: [queue("q")] }, one);
  host.subscribe({ addresses: [queue("q")] }, two);
  for (const text of ["a", "b", "c", "d"]) send(queue("q"), text);
  assert.deepEqual(
    [one.bodies, two.bodies],
    [
      ["a", "c"],
      ["b", "d"],
    ],
  );
});

test("a consumer without credit blocks only itself [messaging 5.3]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const one = new TestConsumer();
  const two = new TestConsumer();
  one.credit = 1;
  const subscription = host.subscribe({ addresses: [queue("q")] }, one);
  host.subscribe({ addresses: [queue("q")] }, two);
  for (const text of ["a", "b", "c", "d"]) send(queue("q"), text);
  assert.deepEqual([one.bodies, two.bodies], [["a"], ["b", "c", "d"]]);
  one.credit = 5;
  subscription.resume();
  send(queue("q"), "e");
  send(queue("q"), "f");
  assert.equal(one.bodies.length + two.bodies.length, 6);
  assert.equal(one.bodies.length, 2);
});

test("what a leaving consumer holds goes out first, in order, counted as sent [messaging 5.8]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const first = new TestConsumer();
  first.credit = 3;
  const subscription = host.subscribe({ addresses: [queue("q")] }, first);
  for (const text of ["a", "b", "c", "d", "e"]) send(queue("q"), text);
  first.deliveries[1]!.settle("consumed");
  subscription.cancel();
  const second = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, second);
  assert.deepEqual(second.bodies, ["a", "c", "d", "e"]);
  assert.deepEqual(
    second.deliveries.map(({ redeliveryCount }) => redeliveryCount),
    [1, 1, 0, 0],
  );
});

for (const { outcome, count, again } of [
  { outcome: "consumed", count: 0, again: false },
  { outcome: "expired", count: 0, again: false },
  { outcome: "retry", count: 1, again: true },
  { outcome: "poisoned", count: 1, again: true },
  { outcome: "undelivered", count: 0, again: true },
] as const) {
  test(`outcome ${outcome}: ${again ? "comes back" : "is gone"}, counter ${count} [messaging 1]`, async () => {
    const { client, engine } = await startHost();
    const { host, send } = client();
    const consumer = new TestConsumer();
    consumer.credit = 1;
    const subscription = host.subscribe({ addresses: [queue("q")] }, consumer);
    send(queue("q"), "a");
    consumer.deliveries[0]!.settle(outcome);
    consumer.deliveries[0]!.settle(outcome); // a second time has no effect
    consumer.credit = 1;
    subscription.resume();
    assert.equal(consumer.deliveries.length, again ? 2 : 1);
    assert.equal(consumer.deliveries.at(-1)!.redeliveryCount, count);
    assert.equal(engine.router.queues.get("q")!.length, again ? 1 : 0);
  });
}

test("an expired message is discarded on arrival, at dispatch and by the sweep [messaging 5.10]", async () => {
  const { client, clock, engine } = await startHost();
  const { host, send } = client();
  send(queue("q"), "late", { expiresAtMs: clock.nowMs() - 1 });
  const found = () => engine.router.queues.get("q")!.length;
  assert.equal(found(), 0);
  send(queue("q"), "a", { expiresAtMs: clock.nowMs() + 500 });
  send(queue("q"), "b", { expiresAtMs: clock.nowMs() + 5_000 });
  send(queue("q"), "c");
  clock.advance(1_000);
  assert.equal(found(), 2);
  clock.advance(3_500);
  assert.equal(found(), 2);
  const consumer = new TestConsumer();
  clock.advance(499);
  host.subscribe({ addresses: [queue("q")] }, consumer);
  clock.advance(1_500);
  assert.deepEqual(consumer.bodies.at(-1), "c");
  assert.equal(engine.memory.usedBytes, found() * 1);
});

test("an entry that expires in the middle of what waits leaves the others in order", async () => {
  const { client, clock } = await startHost();
  const { host, send } = client();
  for (const text of ["a", "b", "c", "d"])
    send(queue("q"), text, text === "a" || text === "c" ? { expiresAtMs: clock.nowMs() + 10 } : {});
  clock.advance(1_000);
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.deepEqual(consumer.bodies, ["b", "d"]);
});

test("a quota makes producers wait until consumers acknowledge [messaging 11]", async () => {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, quotaBytes: 10 };
  const { client } = await startHost({ queues: [{ filter: undefined, settings }] });
  const { host, send, producer } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.equal(send(queue("q"), "0123456789"), true);
  assert.equal(send(queue("q"), "x"), true, "who crosses the line goes on");
  assert.equal(send(queue("q"), "y"), false);
  assert.equal(producer.resumptions, 0);
  consumer.deliveries[1]!.settle("consumed");
  assert.equal(producer.resumptions, 1);
});

test("a full queue makes only the producers wait that send to it [messaging 11]", async () => {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, quotaMessages: 0 };
  const { client } = await startHost({ queues: [{ filter: ["full"], settings }] });
  const one = client();
  const two = client();
  assert.equal(one.send(queue("full"), "a"), true);
  assert.equal(one.send(queue("full"), "b"), false);
  assert.equal(two.send(queue("other"), "a"), true);
});

test("the memory limit makes producers wait, and draining lets them go on", async () => {
  const { client } = await startHost({ memoryLimitBytes: 100 });
  const { host, send, producer } = client();
  for (let at = 0; at < 9; at += 1) assert.equal(send(queue("q"), "0123456789"), true);
  assert.equal(send(queue("q"), "0123456789"), false);
  const consumer = new TestConsumer();
  consumer.auto = true;
  host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.equal(producer.resumptions, 1);
});

test("a confirmation of a persistent message waits for the store, in order; others do not [architecture 6]", async () => {
  const { client, store } = await startHost();
  const { send, producer } = client();
  send(queue("q"), "a");
  assert.deepEqual(producer.confirmations, [1], "it is not persistent, so nothing of it waits for the store");
  await settled();
  send(queue("q"), "b");
  assert.deepEqual(producer.confirmations, [1, 2]);
  store.automatic = false;
  send(queue("q"), "c", { persistent: true });
  send(queue("q"), "d");
  await settled();
  assert.deepEqual(producer.confirmations, [1, 2]);
  send(queue("q"), "e", { persistent: true });
  store.finish();
  assert.deepEqual(producer.confirmations, [1, 2, 3, 4]);
  await settled();
  store.finish(new Error("disk full"));
  assert.deepEqual(producer.confirmations, [1, 2, 3, 4, "5: The store failed: disk full"]);
  assert.deepEqual(store.log, ["queue queue:q", "message c +1:3", "message e +1:5"]);
});

test("acknowledging a stored message dequeues it, soon or when somebody waits for the store", async () => {
  const { client, store, clock } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  send(queue("q"), "a", { persistent: true });
  await settled();
  consumer.deliveries[0]!.settle("consumed");
  await settled();
  assert.equal(store.log.length, 1, "nobody waits");
  clock.advance(10);
  await settled();
  assert.deepEqual(store.log, ["queue queue:q message a +1:1", "-1:1"]);
  send(queue("q"), "b", { persistent: true });
  await settled();
  consumer.deliveries[1]!.settle("consumed");
  host.whenDurable(() => undefined);
  await settled();
  assert.equal(store.log.at(-1), "-1:2");
});

test("a borrowed message is copied when it stays, and only then", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  send(queue("q"), "kept", { borrowed: true } as never);
  host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.equal(consumer.deliveries[0]!.message.borrowed, false);
});

test("consumers joined to a pattern get existing and later queues, each once [messaging 2.6]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  send(queue("foo.a"), "1");
  const consumer = new TestConsumer();
  const subscription = host.subscribe({ addresses: [queue("foo.*"), queue("foo.a")] }, consumer);
  send(queue("foo.b"), "2");
  send(queue("bar.c"), "3");
  assert.deepEqual(consumer.bodies, ["1", "2"]);
  assert.equal(subscription.remove(queue("foo.*")), true);
  send(queue("foo.b"), "4");
  send(queue("foo.a"), "5");
  assert.deepEqual(consumer.bodies, ["1", "2", "5"]);
});

test("an idle queue is deleted, one with messages is not [messaging 3]", async () => {
  const { client, clock, engine } = await startHost();
  const { host, send } = client();
  send(queue("full"), "a");
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("empty")] }, consumer).cancel();
  clock.advance(29_000);
  assert.deepEqual([...engine.router.queues.keys()], ["full", "empty"]);
  clock.advance(3_000);
  assert.deepEqual([...engine.router.queues.keys()], ["full"]);
  send(queue("empty"), "again");
  assert.equal(engine.router.queues.get("empty")!.length, 1);
});

test("a consumer of a destroyed queue is told", async () => {
  const { client, engine } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  send(queue("q"), "a");
  host.destroy(queue("q"));
  assert.match(consumer.reason!, /was deleted/);
  consumer.deliveries[0]!.settle("consumed");
  assert.equal(engine.memory.usedBytes, 0);
  assert.equal(host.exists(queue("q")), false);
});
