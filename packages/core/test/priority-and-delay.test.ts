import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleMessage } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { queue, startHost, TestConsumer, topic } from "./harness.ts";

const BY_PRIORITY = {
  queues: [{ filter: undefined, settings: { ...DEFAULT_QUEUE_SETTINGS, priority: true } }],
};

test("with priorities the highest goes out first, within one the oldest; without them strict order", async () => {
  for (const { settings, expected } of [
    { settings: BY_PRIORITY, expected: ["d9", "b7", "e7", "a4", "c0"] },
    { settings: {}, expected: ["a4", "b7", "c0", "d9", "e7"] },
  ]) {
    const { client } = await startHost(settings);
    const { host, send } = client();
    for (const text of ["a4", "b7", "c0", "d9", "e7"]) send(queue("q"), text, { priority: Number(text[1]) });
    const consumer = new TestConsumer();
    host.subscribe({ addresses: [queue("q")] }, consumer);
    assert.deepEqual(consumer.bodies, expected);
  }
});

test("with priorities a message that comes back goes before later ones of its priority, and expired ones are skipped", async () => {
  const { client, clock } = await startHost(BY_PRIORITY);
  const { host, send } = client();
  const first = new TestConsumer();
  first.credit = 2;
  const subscription = host.subscribe({ addresses: [queue("q")] }, first);
  for (const text of ["a", "b", "c", "d"]) {
    send(queue("q"), text, text === "c" ? { expiresAtMs: clock.nowMs() + 10 } : {});
  }
  clock.advance(2_000);
  first.deliveries[0]!.settle("retry");
  subscription.cancel();
  const second = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, second);
  assert.deepEqual(second.bodies, ["a", "b", "d"]);
});

test("a priority beyond the scale counts as its end", async () => {
  const { client } = await startHost(BY_PRIORITY);
  const { host, send } = client();
  send(queue("q"), "low", { priority: -5 });
  send(queue("q"), "high", { priority: 99 });
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.deepEqual(consumer.bodies, ["high", "low"]);
});

test("a message with a time to come is delivered then, in order of time, to queues and topics", async () => {
  const { client, clock, engine } = await startHost();
  const { host, send, producer } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q"), topic("t")] }, consumer);
  const now = clock.nowMs();
  send(queue("q"), "c", { notBeforeMs: now + 3_000 });
  send(topic("t"), "b", { notBeforeMs: now + 2_000 });
  send(queue("q"), "a", { notBeforeMs: now + 1_000 });
  send(queue("q"), "a2", { notBeforeMs: now + 1_000 });
  send(queue("q"), "now", { notBeforeMs: now - 1 });
  assert.deepEqual(producer.confirmations, [1, 2, 3, 4, 5]);
  assert.deepEqual(consumer.bodies, ["now"]);
  assert.equal(engine.scheduler.size, 4);
  clock.advance(999);
  assert.deepEqual(consumer.bodies, ["now"]);
  clock.advance(1);
  assert.deepEqual(consumer.bodies, ["now", "a", "a2"]);
  clock.advance(5_000);
  assert.deepEqual(consumer.bodies, ["now", "a", "a2", "b", "c"]);
  for (const delivery of consumer.deliveries) delivery.settle("consumed");
  assert.equal(engine.memory.usedBytes, 0);
});

test("a thousand times to come in random order come in the right one; very far ones wait", async () => {
  const { client, clock, engine } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  const now = clock.nowMs();
  for (let at = 0; at < 1_000; at += 1) {
    const delay = 1 + ((at * 7_919) % 1_000);
    send(queue("q"), String(delay), { notBeforeMs: now + delay });
  }
  send(queue("q"), "far", { notBeforeMs: now + 400 * 24 * 3_600_000 });
  clock.advance(1_000);
  assert.deepEqual(
    consumer.bodies,
    Array.from({ length: 1_000 }, (_, at) => String(at + 1)),
  );
  assert.equal(engine.scheduler.size, 1);
  await engine.stop();
  assert.equal(engine.scheduler.size, 0);
});

test("a delayed message of a transaction waits from the commit on; its destination may go and come back", async () => {
  const { client, clock } = await startHost();
  const { host } = client();
  const transaction = host.begin();
  transaction.publish(queue("q"), sampleMessage("later", { notBeforeMs: clock.nowMs() + 60_000 }));
  transaction.commit(() => undefined);
  clock.advance(59_000);
  assert.equal(host.exists(queue("q")), false, "idle for long enough");
  clock.advance(1_000);
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.deepEqual(consumer.bodies, ["later"]);
});
