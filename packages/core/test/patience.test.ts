import assert from "node:assert/strict";
import { test } from "node:test";
import type { Address } from "@tsapollo/domain";
import { FakeClock, sampleMessage, settled } from "@tsapollo/testkit";
import { dsub, queue, startHostOn, type TestClient, TestConsumer, type TestHost, topic } from "./harness.ts";
import { SimpleStore } from "./simple-store.ts";

const PERSISTENT = { persistent: true };
const Q = queue("q");
const ROUND_MS = 1;
/** More than a wait can take. */
const WAIT_MS = 20 * ROUND_MS;

interface Started extends TestHost<SimpleStore>, Pick<TestClient, "send" | "producer" | "host"> {
  readonly consumer: TestConsumer;
}

/** A host that has queue q with one consumer, and nothing on its way to the store. */
async function start(patienceMs = ROUND_MS): Promise<Started> {
  const started = await startHostOn(new SimpleStore(), new FakeClock(), { flushDelayMs: 500, patienceMs });
  const { send, producer, host } = started.client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [Q] }, consumer);
  await turns();
  started.clock.advance(1_000);
  await turns();
  return { ...started, send, producer, host, consumer };
}

async function turns(): Promise<void> {
  for (let left = 6; left > 0; left -= 1) await settled();
}

function consume(consumer: TestConsumer): void {
  for (const delivery of consumer.deliveries.splice(0)) delivery.settle("consumed");
}

/** Sends each message when the one before is confirmed. @returns how many of them waited for a moment */
async function sendOneByOne({ send, producer, clock }: Started, to: Address, count: number): Promise<number> {
  let waited = 0;
  for (let sent = 1; sent <= count; sent += 1) {
    send(to, `${sent}`, PERSISTENT);
    await turns();
    if (producer.confirmations.length === sent) continue;
    waited += 1;
    clock.advance(WAIT_MS);
    await turns();
    assert.equal(producer.confirmations.length, sent);
  }
  return waited;
}

test("[messaging 10.2] what is consumed while its write waits is never written, and confirmed at once", async () => {
  const { send, producer, consumer, store } = await start();
  const { commits } = store;
  send(Q, "1", PERSISTENT);
  send(Q, "2", PERSISTENT);
  await turns();
  assert.deepEqual(producer.confirmations, [], "it waits for the consumer");
  consumer.deliveries.shift()!.settle("consumed");
  await turns();
  assert.deepEqual(producer.confirmations, [], "one is left");
  consume(consumer);
  await turns();
  assert.deepEqual(producer.confirmations, [1, 2]);
  assert.equal(store.commits, commits, "without the disk");
});

test("what nobody consumes is written after a moment", async () => {
  const { send, producer, store, clock } = await start();
  send(Q, "1", PERSISTENT);
  await turns();
  assert.deepEqual(producer.confirmations, []);
  clock.advance(WAIT_MS);
  await turns();
  assert.deepEqual(producer.confirmations, [1]);
  assert.equal(store.entriesOf("queue:q"), 1);
});

test("only what is left at the end is written", async () => {
  const { send, producer, consumer, store, clock } = await start();
  for (const body of ["1", "2", "3"]) send(Q, body, PERSISTENT);
  consumer.deliveries.shift()!.settle("consumed");
  clock.advance(WAIT_MS);
  await turns();
  assert.deepEqual(producer.confirmations, [1, 2, 3]);
  assert.equal(store.entriesOf("queue:q"), 2);
});

test("where nobody consumes, writes stop waiting; later it is tried again", async () => {
  const started = await start();
  const { send, producer, consumer, clock } = started;
  const waited = await sendOneByOne(started, Q, 200);
  assert.ok(waited >= 2 && waited <= 8, `${waited} of 200 waited`);
  consume(consumer);
  await turns();
  clock.advance(1_000);
  let atOnce = 0;
  for (let sent = 201; sent <= 800; sent += 1) {
    send(Q, `${sent}`, PERSISTENT);
    await turns();
    if (producer.confirmations.length === sent) atOnce += 1;
    consume(consumer);
    await turns();
    assert.equal(
      producer.confirmations.length,
      sent,
      "consumed or written, it is confirmed without the clock",
    );
  }
  assert.ok(atOnce < 300, `${atOnce} of 600 did not wait although they could be consumed`);
});

test("a wait goes on while consumers take what is there, and ends all the same", async () => {
  const { send, producer, consumer, clock, store } = await start();
  const { commits } = store;
  send(Q, "first", PERSISTENT);
  let rounds = 0;
  while (producer.confirmations.length === 0 && rounds < 100) {
    rounds += 1;
    send(Q, `${rounds}`, PERSISTENT);
    consumer.deliveries.shift()!.settle("consumed");
    clock.advance(ROUND_MS);
    await turns();
  }
  assert.ok(rounds > 2 && rounds < 20, `${rounds} rounds`);
  assert.equal(store.commits, commits + 1);
});

test("who waits for the disk itself is not made to wait for consumers", async () => {
  const { send, client, producer, consumer, store } = await start();
  const { commits } = store;
  send(Q, "1", PERSISTENT);
  let durable = false;
  client().host.whenDurable(() => {
    durable = true;
  });
  await turns();
  assert.ok(durable);
  assert.deepEqual(producer.confirmations, [1]);
  assert.equal(store.commits, commits + 1);
  consume(consumer);
});

test("acknowledgements of what was written before are not forgotten while writes wait again and again", async () => {
  const { send, producer, consumer, store, clock } = await start();
  send(Q, "old", PERSISTENT);
  clock.advance(WAIT_MS);
  await turns();
  assert.equal(store.entriesOf("queue:q"), 1);
  consume(consumer);
  for (let sent = 2; sent <= 40; sent += 1) {
    send(Q, `${sent}`, PERSISTENT);
    clock.advance(ROUND_MS);
    consume(consumer);
    await turns();
    assert.equal(producer.confirmations.length, sent);
  }
  assert.equal(store.entriesOf("queue:q"), 0);
});

test("a subscriber that is away does not make producers wait for the others", async () => {
  const started = await start();
  const { client, clock } = started;
  const T = topic("t");
  const consumer = new TestConsumer();
  consumer.auto = true;
  const { host } = client();
  host.subscribe({ addresses: [T], durable: dsub("here") }, consumer);
  host.subscribe({ addresses: [T], durable: dsub("away") }, new TestConsumer()).cancel();
  clock.advance(1_000);
  await turns();
  const waited = await sendOneByOne(started, T, 100);
  assert.ok(waited >= 1 && waited <= 5, `${waited} of 100 waited`);
});

test("consumers that settle what they are offered at once make nobody wait", async () => {
  const { send, producer, consumer, store } = await start();
  const { commits } = store;
  consumer.auto = true;
  for (let sent = 1; sent <= 100; sent += 1) {
    send(Q, `${sent}`, PERSISTENT);
    await turns();
    assert.equal(producer.confirmations.length, sent, "without the clock");
  }
  assert.equal(store.commits, commits);
});

test("who publishes again when it is confirmed, and waits behind its own messages, does not wait for the clock", async () => {
  const { host, producer, consumer } = await start();
  const confirmed = producer.confirmed.bind(producer);
  producer.confirmed = (token, error) => {
    confirmed(token, error);
    if (token === 1) host.publish(Q, sampleMessage("not persistent"), 3);
  };
  for (const token of [1, 2]) host.publish(Q, sampleMessage(`${token}`, PERSISTENT), token);
  await turns();
  consume(consumer);
  await turns();
  assert.deepEqual(producer.confirmations, [1, 2, 3]);
});

test("a message that comes back while its write waits is written at once, with its counter", async () => {
  const { send, producer, consumer, store } = await start();
  send(Q, "1", PERSISTENT);
  await turns();
  consumer.deliveries.shift()!.settle("retry");
  await turns();
  assert.deepEqual(producer.confirmations, [1]);
  assert.equal(store.entriesOf("queue:q"), 1);
});

test("the same for one that comes back while a write is under way and the next one would wait", async () => {
  const { send, producer, consumer, store } = await start();
  send(Q, "1", PERSISTENT);
  consume(consumer);
  await turns(); // it pays to wait
  store.manual = true;
  send(topic("kept"), "2", { ...PERSISTENT, retain: "set" });
  await turns();
  send(Q, "3", PERSISTENT);
  consumer.deliveries.shift()!.settle("retry");
  while (store.underWay > 0) {
    store.finish();
    await turns();
  }
  assert.deepEqual(producer.confirmations, [1, 2, 3]);
});

test("without patience a write waits for nobody", async () => {
  const { send, producer, store } = await start(0);
  send(Q, "1", PERSISTENT);
  await turns();
  assert.deepEqual(producer.confirmations, [1]);
  assert.equal(store.entriesOf("queue:q"), 1);
});
