import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyText, FakeClock, sampleMessage, settled } from "@tsapollo/testkit";
import { dsub, queue, startHostOn, type TestClient, TestConsumer, type TestHost, topic } from "./harness.ts";
import { SimpleStore } from "./simple-store.ts";

const PERSISTENT = { persistent: true, borrowed: true };
const SHORT = "y".repeat(100);
/** Wanted by nobody at first. */
const LEFT = `!${SHORT}`;
const WANTED = {
  text: "y",
  matches: (message: Parameters<typeof bodyText>[0]) => bodyText(message)[0] === "y",
};

type Started = TestHost<SimpleStore> & TestClient;

async function start(): Promise<Started> {
  const started = await startHostOn(new SimpleStore(), new FakeClock(), { flushDelayMs: 500 });
  return { ...started, ...started.client() };
}

async function written({ clock }: Started): Promise<void> {
  for (let left = 3; left > 0; left -= 1) {
    clock.advance(1_000);
    await settled();
    await settled();
  }
}

/** Bytes that messages keep alive, and how many messages it are. */
function kept({ deliveries }: TestConsumer): readonly [number, number] {
  const blocks = new Set(deliveries.map(({ message }) => message.bytes));
  let bytes = 0;
  for (const { length } of blocks) bytes += length;
  return [bytes, deliveries.length];
}

test("a few messages in each of many queues keep hardly more memory than they need", async () => {
  const started = await start();
  const { host } = started;
  const consumer = new TestConsumer();
  for (let name = 0; name < 100; name += 1) {
    for (let sent = 0; sent < 3; sent += 1)
      host.publish(queue(`q${name}`), sampleMessage(SHORT, PERSISTENT), 0);
    host.subscribe({ addresses: [queue(`q${name}`)] }, consumer);
  }
  const [bytes, messages] = kept(consumer);
  assert.equal(messages, 300);
  assert.ok(bytes < 3 * 300 * SHORT.length, `${bytes} bytes`);
});

test("a batch of many messages lies in few blocks, each as it was sent", async () => {
  const { host } = await start();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  const bodies = Array.from({ length: 5_000 }, (_, sent) => `${sent}${SHORT}`);
  for (const body of bodies) {
    const block = Buffer.from(body);
    host.publish(queue("q"), sampleMessage(body, { ...PERSISTENT, bytes: block }), 0);
    block.fill("#"); // read over
  }
  assert.deepEqual(consumer.bodies, bodies);
  const blocks = new Set(consumer.deliveries.map(({ message }) => message.bytes));
  assert.ok(blocks.size < 25, `${blocks.size} blocks`);
});

for (const where of ["a queue", "a durable subscription, taken in by another one"]) {
  test(`what stays behind when its neighbours have left does not keep their memory: ${where}`, async () => {
    const started = await start();
    const { host } = started;
    const isQueue = where === "a queue";
    const T = topic("t");
    const Q = isQueue ? queue("q") : T;
    const quick = new TestConsumer();
    if (isQueue) host.subscribe({ addresses: [Q], filter: WANTED }, quick);
    else {
      quick.auto = true;
      host.subscribe({ addresses: [T], durable: dsub("all") }, quick);
      const filter = {
        text: "!",
        matches: (message: Parameters<typeof bodyText>[0]) => !WANTED.matches(message),
      };
      host.subscribe({ addresses: [T], durable: dsub("few"), filter }, new TestConsumer()).cancel();
    }
    for (let sent = 1; sent <= 30_000; sent += 1) {
      host.publish(Q, sampleMessage(sent % 100 === 0 ? LEFT : SHORT, PERSISTENT), 0);
      if (sent % 1_000 !== 0) continue;
      if (isQueue) for (const delivery of quick.deliveries) delivery.settle("consumed");
      quick.deliveries.length = 0;
      await written(started);
    }
    const consumer = new TestConsumer();
    if (isQueue) host.subscribe({ addresses: [Q] }, consumer);
    else host.subscribe({ addresses: [T], durable: dsub("few") }, consumer);
    const [bytes, messages] = kept(consumer);
    assert.equal(messages, 300);
    assert.ok(bytes < 1_000_000, `${bytes} bytes`);
  });
}
