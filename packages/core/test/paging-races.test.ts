import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settled } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { queue, startHostOn, TestConsumer } from "./harness.ts";
import { SimpleStore } from "./simple-store.ts";

/** Nothing stays in memory that may leave it. */
const SETTINGS = { ...DEFAULT_QUEUE_SETTINGS, tailBufferBytes: 1, swapRangeSize: 3 };
const HOST = { flushDelayMs: -1, queues: [{ filter: undefined, settings: SETTINGS }] };
const PERSISTENT = { persistent: true };

async function turns(): Promise<void> {
  for (let left = 40; left > 0; left -= 1) await settled();
}

test("what is read back is what is left, although the store does not know that yet", async () => {
  const { client, store, engine } = await startHostOn(new SimpleStore(), new FakeClock(), HOST);
  const { send, host } = client();
  for (const body of ["a1", "a2", "a3", "a4"]) send(queue("q"), body, PERSISTENT);
  await turns();
  const picky = new TestConsumer();
  picky.credit = 2;
  const filter = { text: "x", matches: engineFilter("x") };
  const subscription = host.subscribe({ addresses: [queue("q")], filter }, picky);
  await turns();
  for (const body of ["x1", "x2"]) send(queue("q"), body, PERSISTENT);
  await turns();
  assert.deepEqual(picky.bodies, ["x1", "x2"]);

  store.manual = true;
  send(queue("q"), "y", PERSISTENT);
  await turns();
  picky.deliveries[0]!.settle("consumed");
  subscription.cancel(); // x2 comes back, sent once
  store.finish(); // y is durable: it may leave the memory, and x2 too
  await turns();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  await turns();
  store.manual = false;
  store.finish();
  await turns();
  assert.deepEqual(consumer.bodies, ["a1", "a2", "a3", "a4", "x2", "y"]);
  assert.equal(consumer.deliveries[4]!.redeliveryCount, 1);
  assert.equal(engine.router.queues.get("q")!.length, 6);
});

function engineFilter(start: string): (message: { body(): Uint8Array }) => boolean {
  return (message) => Buffer.from(message.body()).toString().startsWith(start);
}
