import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settled } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { queue, startHost, startHostOn, type TestClient, TestConsumer } from "./harness.ts";
import { automatic, containing } from "./selecting.ts";
import { Disk, SimpleStore } from "./simple-store.ts";

const SETTINGS = { ...DEFAULT_QUEUE_SETTINGS, priority: true, swapRangeSize: 3, tailBufferBytes: 1 };
const BY_PRIORITY = { flushDelayMs: -1, queues: [{ filter: undefined, settings: SETTINGS }] };

/** Sends bodies whose last character is the priority. */
function sendAll({ send }: TestClient, bodies: readonly string[], groupKey?: string): void {
  for (const body of bodies) {
    send(queue("q"), body, { priority: Number(body.at(-1)), groupKey, persistent: true });
  }
}

test("a consumer with a selector gets the highest priority of what it wants; others the same of the rest [messaging 5.6]", async () => {
  const { client } = await startHost(BY_PRIORITY);
  const one = client();
  sendAll(one, ["a4", "b9", "a0", "b1", "a9", "b4", "a4"]);
  const selective = new TestConsumer();
  one.host.subscribe({ addresses: [queue("q")], filter: containing("a") }, selective);
  const rest = new TestConsumer();
  one.host.subscribe({ addresses: [queue("q")] }, rest);
  assert.deepEqual(
    [selective.bodies, rest.bodies],
    [
      ["a9", "a4", "a4", "a0"],
      ["b9", "b4", "b1"],
    ],
  );
});

test("what comes later with a higher priority overtakes what a consumer without credit has not got", async () => {
  const { client } = await startHost(BY_PRIORITY);
  const one = client();
  const consumer = new TestConsumer();
  consumer.credit = 1;
  const subscription = one.host.subscribe({ addresses: [queue("q")], filter: containing("x") }, consumer);
  sendAll(one, ["x4", "x3", "y9", "x5", "x9", "x0", "x5"]);
  consumer.credit = 2;
  subscription.resume();
  sendAll(one, ["x7"]);
  consumer.deliveries[0]!.settle("retry"); // it was the first one with 4
  consumer.credit = 10;
  subscription.resume();
  assert.deepEqual(consumer.bodies, ["x4", "x9", "x5", "x7", "x5", "x4", "x3", "x0"]);
});

test("an exclusive consumer, and a group's owner, get theirs by priority; whoever follows them too [messaging 5.4, 5.5]", async () => {
  const { client } = await startHost(BY_PRIORITY);
  const one = client();
  const exclusive = new TestConsumer();
  exclusive.credit = 2;
  const first = one.host.subscribe({ addresses: [queue("q")], exclusive: true }, exclusive);
  const follower = automatic();
  one.host.subscribe({ addresses: [queue("q")] }, follower);
  exclusive.credit = 0;
  sendAll(one, ["a1", "b8", "c4"]);
  sendAll(one, ["g2", "h7"], "group");
  exclusive.credit = 2;
  first.resume();
  assert.deepEqual([exclusive.bodies, follower.bodies], [["b8", "h7"], []]);
  first.cancel();
  assert.deepEqual(follower.bodies, ["b8", "h7", "c4", "g2", "a1"]);
});

test("a restored queue is handed out by priority to consumers with selectors, with what is sent meanwhile", async () => {
  const disk = new Disk();
  const first = await startHostOn(new SimpleStore(disk), new FakeClock(), BY_PRIORITY);
  sendAll(first.client(), ["a4", "b9", "a0", "b1", "a9", "b4", "a4", "a7"]);
  await settled();
  await first.engine.stop();
  first.store.kill();
  const second = await startHostOn(new SimpleStore(disk), new FakeClock(), BY_PRIORITY);
  const one = second.client();
  const early = new TestConsumer();
  one.host.subscribe({ addresses: [queue("q")], filter: containing("a") }, early);
  sendAll(one, ["a8", "b8", "a4"]);
  const other = new TestConsumer();
  one.host.subscribe({ addresses: [queue("q")] }, other);
  assert.deepEqual([early.bodies, other.bodies], [[], []], "nothing before all of it is in memory");
  for (let turns = 0; turns < 50; turns += 1) await settled();
  assert.deepEqual(early.bodies, ["a9", "a8", "a7", "a4", "a4", "a4", "a0"]);
  assert.deepEqual(other.bodies, ["b9", "b8", "b4", "b1"]);
  for (const { deliveries } of [early, other]) for (const delivery of deliveries) delivery.settle("consumed");
  assert.deepEqual([second.engine.router.queues.get("q")!.length, second.engine.memory.usedBytes], [0, 0]);
});

test("a long queue with a consumer that wants nothing of it costs no more for every message [messaging 5.6]", async () => {
  const { client } = await startHost(BY_PRIORITY);
  const one = client();
  let asked = 0;
  const filter = {
    text: "none",
    matches: () => {
      asked += 1;
      return false;
    },
  };
  one.host.subscribe({ addresses: [queue("q")], filter }, new TestConsumer());
  for (let at = 0; at < 2_000; at += 1) sendAll(one, [`m${(at * 7) % 10}`]);
  assert.equal(asked, 2_000, "once for each");
});
