import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settled } from "@tsapollo/testkit";
import { dsub, queue, startHostOn, TestConsumer, type TestHost, topic } from "./harness.ts";
import { queues } from "./selecting.ts";
import { SimpleStore } from "./simple-store.ts";

const FULL = new Error("no space left on the device");
const RETRY_MS = 1_000;
const PERSISTENT = { persistent: true };

async function start(): Promise<TestHost<SimpleStore>> {
  return startHostOn(new SimpleStore(), new FakeClock(), { flushDelayMs: -1 });
}

async function turns(): Promise<void> {
  for (let left = 6; left > 0; left -= 1) await settled();
}

test("what cannot be stored is refused and is nowhere; when the store works again, so does the queue", async () => {
  const { client, store, clock, engine } = await start();
  const { send, producer, host } = client();
  send(queue("q"), "1", PERSISTENT);
  await turns();
  store.failure = FULL;
  send(queue("q"), "2", PERSISTENT);
  send(queue("q"), "3", PERSISTENT);
  await turns();
  const refused = "The store failed: no space left on the device";
  assert.deepEqual(producer.confirmations, [1, `2: ${refused}`, `3: ${refused}`]);
  assert.equal(engine.router.queues.get("q")!.length, 1);
  send(queue("q"), "refused at once", PERSISTENT);
  assert.equal(producer.confirmations.at(-1), `4: ${refused}`);
  send(queue("q"), "not persistent");
  assert.equal(producer.confirmations.at(-1), 5, "what needs no store goes on");
  store.failure = undefined;
  clock.advance(RETRY_MS);
  await turns();
  send(queue("q"), "6", PERSISTENT);
  await turns();
  assert.equal(producer.confirmations.at(-1), 6);
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.deepEqual(consumer.bodies, ["1", "not persistent", "6"]);
});

test("acknowledgements that cannot be stored are stored later, and nothing overtakes them", async () => {
  const { client, store, clock } = await start();
  const { send, host } = client();
  send(queue("q"), "1", PERSISTENT);
  await turns();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  store.failure = FULL;
  consumer.deliveries[0]!.settle("consumed");
  const answers: unknown[] = [];
  host.whenDurable((error) => answers.push(error));
  await turns();
  assert.deepEqual(answers, [], "not confirmed, and not denied either");
  clock.advance(RETRY_MS);
  await turns();
  assert.deepEqual(answers, []);
  store.failure = undefined;
  clock.advance(RETRY_MS);
  await turns();
  assert.deepEqual(answers, [undefined]);
  assert.equal([...store.disk.queues.values()][0]!.entries.size, 0);
});

test("a transaction is not taken apart: it is confirmed when the store works again [messaging 12]", async () => {
  const { client, store, clock } = await start();
  const { send, host } = client();
  send(queue("from"), "1", PERSISTENT);
  await turns();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("from")] }, consumer);
  const transaction = host.begin();
  transaction.settle(consumer.deliveries[0]!, "consumed");
  const { message } = consumer.deliveries[0]!;
  transaction.publish(queue("to"), message);
  store.failure = FULL;
  const answers: unknown[] = [];
  transaction.commit((error) => answers.push(error));
  await turns();
  assert.deepEqual(answers, []);
  store.failure = undefined;
  clock.advance(RETRY_MS);
  await turns();
  assert.deepEqual(answers, [undefined]);
  const sizes = [...store.disk.queues.values()].map(({ description, entries }) => [
    description.key,
    entries.size,
  ]);
  assert.deepEqual(
    new Map(sizes as [string, number][]),
    new Map([
      ["queue:from", 0],
      ["queue:to", 1],
    ]),
  );
});

test("a message that a consumer had already goes on from memory when it cannot be stored", async () => {
  const { client, store, clock } = await start();
  const { send, host, producer } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  store.failure = FULL;
  send(queue("q"), "1", PERSISTENT);
  await turns();
  assert.match(String(producer.confirmations[0]), /The store failed/);
  assert.deepEqual(consumer.bodies, ["1"]);
  consumer.deliveries[0]!.settle("consumed");
  store.failure = undefined;
  clock.advance(2 * RETRY_MS);
  await turns();
  for (const { entries } of store.disk.queues.values()) assert.equal(entries.size, 0);
});

test("producers wait when more is on its way to the store than may be, and go on afterwards", async () => {
  const store = new SimpleStore();
  const { client } = await startHostOn(store, new FakeClock(), {
    flushDelayMs: -1,
    storePendingBytesMax: 10,
  });
  const { send, producer } = client();
  store.manual = true;
  assert.equal(send(queue("q"), "12345", PERSISTENT), true);
  assert.equal(send(queue("q"), "67890", PERSISTENT), false, "too much is on its way");
  assert.equal(client().send(topic("t"), "others go on"), true);
  await settled();
  assert.equal(producer.resumptions, 0);
  store.finish();
  await turns();
  assert.equal(producer.resumptions, 1);
  assert.deepEqual(producer.confirmations, [1, 2]);
});

test("a topic whose messages nobody stores goes on; with a durable subscription or a retained message it cannot", async () => {
  const { client, store } = await start();
  const { send, producer, host } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [topic("live"), topic("kept")] }, consumer);
  host.subscribe({ addresses: [topic("kept")], durable: dsub("d") }, new TestConsumer());
  await turns();
  store.failure = FULL;
  send(queue("q"), "1", PERSISTENT);
  await turns();
  send(topic("live"), "2", PERSISTENT);
  send(topic("kept"), "3", PERSISTENT);
  send(topic("live"), "4", { ...PERSISTENT, retain: "set" });
  await turns();
  const refused = "The store failed: no space left on the device";
  assert.deepEqual(producer.confirmations, [`1: ${refused}`, 2, `3: ${refused}`, `4: ${refused}`]);
  assert.deepEqual(consumer.bodies, ["2"]);
});

test("what expired among what only the store has is not lost when its move cannot be stored [messaging 5.10]", async () => {
  const store = new SimpleStore();
  const clock = new FakeClock();
  const { client, engine } = await startHostOn(store, clock, {
    ...queues({ tailBufferBytes: 0, dlq: "dlq", dlqExpired: true }),
    flushDelayMs: -1,
  });
  const { send } = client();
  for (const body of ["1", "2"]) {
    send(queue("q"), body, { persistent: true, expiresAtMs: clock.nowMs() + 10_000 });
    await turns();
  }
  assert.equal(engine.memory.usedBytes, 0, "only the store has them");
  store.failure = FULL;
  for (let seconds = 0; seconds < 20; seconds += 1) {
    clock.advance(1_000);
    await turns();
  }
  store.failure = undefined;
  clock.advance(1_000);
  await turns();
  assert.deepEqual([store.entriesOf("queue:q"), store.entriesOf("queue:dlq")], [0, 2]);
});

test("what a transaction makes room for is refused with it and is nowhere, and the transaction goes on [messaging 12]", async () => {
  const store = new SimpleStore();
  const clock = new FakeClock();
  const { client } = await startHostOn(store, clock, { ...queues({ quotaMessages: 0 }), flushDelayMs: -1 });
  const { send, producer } = client();
  send(queue("q"), "1", PERSISTENT);
  await turns();
  send(queue("q"), "2", PERSISTENT);
  const { host } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  store.failure = FULL;
  const transaction = host.begin();
  transaction.settle(consumer.deliveries[0]!, "consumed");
  let committed: unknown = "not yet";
  transaction.commit((error) => {
    committed = error;
  });
  await turns();
  assert.match(String(producer.confirmations[1]), /no space left/);
  store.failure = undefined;
  clock.advance(RETRY_MS);
  await turns();
  assert.equal(committed, undefined);
  assert.equal(store.entriesOf("queue:q"), 0);
});
