import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settled } from "@tsapollo/testkit";
import { queue, startHostOn, TestConsumer } from "./harness.ts";
import { Disk, SimpleStore } from "./simple-store.ts";

const HOST = { flushDelayMs: -1 };
const DELAY_MS = 5_000;
const RETRY_MS = 1_000;

async function turns(): Promise<void> {
  for (let left = 10; left > 0; left -= 1) await settled();
}

test("a delayed message whose time comes while the store fails is in its queue when the store works again", async () => {
  const disk = new Disk();
  const clock = new FakeClock();
  const { client, store, engine } = await startHostOn(new SimpleStore(disk), clock, HOST);
  const { send, producer } = client();
  send(queue("q"), "later", { persistent: true, notBeforeMs: clock.nowMs() + DELAY_MS });
  await turns();
  assert.deepEqual(producer.confirmations, [1]);
  store.failure = new Error("no space left on the device");
  clock.advance(DELAY_MS);
  await turns();
  store.failure = undefined;
  clock.advance(RETRY_MS);
  await turns();
  assert.equal(engine.router.queues.get("q")!.length, 1);
  store.kill();
  const next = await startHostOn(new SimpleStore(disk), clock, HOST);
  const consumer = new TestConsumer();
  next.client().host.subscribe({ addresses: [queue("q")] }, consumer);
  await turns();
  assert.deepEqual(consumer.bodies, ["later"]);
});

test("delayed messages that are due together keep their order in the next process", async () => {
  const disk = new Disk();
  const clock = new FakeClock();
  const first = await startHostOn(new SimpleStore(disk), clock, HOST);
  const { send } = first.client();
  const bodies = Array.from({ length: 12 }, (_, at) => String(at));
  const notBeforeMs = clock.nowMs() + DELAY_MS;
  for (const body of bodies) send(queue("q"), body, { persistent: true, notBeforeMs });
  await turns();
  first.store.kill();
  for (const key of [...disk.states.keys()].sort()) {
    const value = disk.states.get(key)!;
    disk.states.delete(key); // sorted, as another store would give them
    disk.states.set(key, value);
  }
  const next = await startHostOn(new SimpleStore(disk), clock, HOST);
  const consumer = new TestConsumer();
  next.client().host.subscribe({ addresses: [queue("q")] }, consumer);
  clock.advance(DELAY_MS);
  await turns();
  assert.deepEqual(consumer.bodies, bodies);
});
