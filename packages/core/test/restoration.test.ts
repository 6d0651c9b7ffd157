import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyText, FakeClock, settled } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS, type HostSettings } from "../src/index.ts";
import { dsub, queue, startHostOn, TestConsumer, type TestHost, topic } from "./harness.ts";
import { Disk, SimpleStore } from "./simple-store.ts";

const PROMPT: Partial<HostSettings> = { flushDelayMs: -1 };

/** Waits until nothing is on its way to or from the store. */
async function calm({ engine, store }: TestHost<SimpleStore>): Promise<void> {
  for (let quiet = 0; quiet < 4; quiet += 1) {
    await settled();
    if (store.underWay > 0 || !engine.committer.isIdle) quiet = -1;
  }
}

/** A host, and the same host after a crash. */
class Lives {
  readonly disk: Disk = new Disk();
  readonly clock: FakeClock = new FakeClock();
  #last: TestHost<SimpleStore> | undefined = undefined;

  async next(settings: Partial<HostSettings> = PROMPT): Promise<TestHost<SimpleStore>> {
    if (this.#last !== undefined) {
      if (!this.#last.store.killed) await calm(this.#last);
      this.#last.store.kill();
    }
    this.#last = await startHostOn(new SimpleStore(this.disk), this.clock, settings);
    return this.#last;
  }
}

const PERSISTENT = { persistent: true };

test("a durable subscription, its topics, selector and messages are there again [messaging 10.4]", async () => {
  const lives = new Lives();
  const first = await lives.next();
  const { host, send } = first.client();
  host.subscribe(
    {
      addresses: [topic("a.b"), topic("c.*")],
      durable: dsub("d"),
      filter: { text: "x", matches: () => true },
    },
    new TestConsumer(),
  );
  host.close();
  const publisher = first.client();
  publisher.send(topic("a.b"), "x1", PERSISTENT);
  publisher.send(topic("a.b"), "x2");
  publisher.send(topic("c.d"), "x3", PERSISTENT);
  assert.equal(send(topic("a.b"), "nobody's"), true);
  const second = await lives.next();
  const later = second.client();
  later.send(topic("c.e"), "x4", PERSISTENT);
  later.send(topic("c.e"), "other", PERSISTENT);
  later.send(topic("e"), "x elsewhere", PERSISTENT);
  const consumer = new TestConsumer();
  later.host.subscribe({ addresses: [dsub("d")] }, consumer);
  await calm(second);
  assert.deepEqual(consumer.bodies, ["x1", "x3", "x4"]);
  assert.deepEqual(
    consumer.deliveries.map(({ address }) => address.key),
    ["topic:a.b", "topic:c.d", "topic:c.e"],
  );
  later.host.destroy(dsub("d"));
  const third = await lives.next();
  assert.equal(third.client().host.exists(dsub("d")), false);
});

test("retained messages, set, replaced and cleared, are as they were [messaging 9]", async () => {
  const lives = new Lives();
  const { client } = await lives.next();
  const { send } = client();
  send(topic("kept"), "old", { retain: "set" });
  send(topic("kept"), "new", { retain: "set", persistent: true });
  send(topic("cleared"), "gone", { retain: "set" });
  send(topic("cleared"), "", { retain: "clear" });
  const second = await lives.next();
  const consumer = new TestConsumer();
  second.client().host.subscribe({ addresses: [topic("**")] }, consumer);
  assert.deepEqual(consumer.bodies, ["new"]);
  assert.equal(consumer.deliveries[0]!.retained, true);
});

test("a scheduled message comes at its time, once, also when that was while nobody was there", async () => {
  const lives = new Lives();
  const { client } = await lives.next();
  const notBeforeMs = lives.clock.nowMs() + 60_000;
  client().send(queue("late"), "persistent", { notBeforeMs, persistent: true });
  client().send(queue("late"), "forgotten", { notBeforeMs });
  const second = await lives.next();
  const consumer = new TestConsumer();
  second.client().host.subscribe({ addresses: [queue("late")] }, consumer);
  assert.deepEqual(consumer.bodies, []);
  lives.clock.advance(60_000);
  assert.deepEqual(consumer.bodies, ["persistent"]);
  second.client().send(queue("late"), "2", { notBeforeMs: lives.clock.nowMs() + 5_000, persistent: true });
  await calm(second);
  lives.clock.advance(3_600_000);
  const third = await lives.next();
  const again = new TestConsumer();
  third.client().host.subscribe({ addresses: [queue("late")] }, again);
  lives.clock.advance(1_000);
  await calm(third);
  assert.deepEqual(again.bodies.sort(), ["2", "persistent"], "neither was acknowledged");
  assert.equal([...lives.disk.states.keys()].filter((key) => key.startsWith("scheduled:")).length, 0);
});

test("sequences go on, redelivery counters stay, dead letters are where they were put", async () => {
  const settings = { ...PROMPT, queues: [{ filter: undefined, settings: DEFAULT_QUEUE_SETTINGS }] };
  const lives = new Lives();
  const first = await lives.next(settings);
  const one = first.client();
  for (const body of ["a", "b", "c"]) one.send(queue("q"), body, PERSISTENT);
  const consumer = new TestConsumer();
  consumer.credit = 2;
  one.host.subscribe({ addresses: [queue("q")] }, consumer);
  consumer.deliveries[1]!.settle("poisoned");
  consumer.deliveries[0]!.settle("consumed");
  const second = await lives.next(settings);
  const two = second.client();
  two.send(queue("q"), "d", PERSISTENT);
  const rest = new TestConsumer();
  two.host.subscribe({ addresses: [queue("q")] }, rest);
  await calm(second);
  assert.deepEqual(
    rest.deliveries.map(({ sequence, redeliveryCount, message }) => [
      bodyText(message),
      sequence,
      redeliveryCount,
    ]),
    [
      ["b", 2, 1],
      ["c", 3, 0],
      ["d", 4, 0],
    ],
  );
});

test("a queue with priorities is whole again before it hands out anything", async () => {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, priority: true, swapRangeSize: 2, tailBufferBytes: 1 };
  const host = { ...PROMPT, queues: [{ filter: undefined, settings }] };
  const lives = new Lives();
  const { client } = await lives.next(host);
  for (const priority of [1, 5, 3, 9, 0])
    client().send(queue("q"), String(priority), { priority, persistent: true });
  const second = await lives.next(host);
  const consumer = new TestConsumer();
  second.client().host.subscribe({ addresses: [queue("q")] }, consumer);
  await calm(second);
  assert.deepEqual(consumer.bodies, ["9", "5", "3", "1", "0"]);
});

test("message groups of restored messages go to one consumer each [messaging 5.5]", async () => {
  const lives = new Lives();
  const settings = { ...DEFAULT_QUEUE_SETTINGS, swapRangeSize: 4 };
  const host = { ...PROMPT, queues: [{ filter: undefined, settings }] };
  const { client } = await lives.next(host);
  for (let at = 0; at < 40; at += 1) {
    client().send(queue("q"), `${at % 5}`, { groupKey: `g${at % 5}`, persistent: true });
  }
  const second = await lives.next(host);
  const consumers = [new TestConsumer(), new TestConsumer(), new TestConsumer()];
  for (const consumer of consumers) second.client().host.subscribe({ addresses: [queue("q")] }, consumer);
  await calm(second);
  const owners = new Map<string, number>();
  let count = 0;
  for (const [index, { bodies }] of consumers.entries()) {
    for (const body of bodies) {
      assert.equal(owners.get(body) ?? index, index, `group ${body} has one owner`);
      owners.set(body, index);
      count += 1;
    }
  }
  assert.equal(count, 40);
});

test("drop head makes room in a queue whose head only the store has [messaging 5.2]", async () => {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, quotaMessages: 5, swapRangeSize: 2, tailBufferBytes: 1 };
  const host: Partial<HostSettings> = {
    ...PROMPT,
    queues: [{ filter: undefined, settings: { ...settings, fullPolicy: "drop head" } }],
  };
  const lives = new Lives();
  const { client } = await lives.next(host);
  for (let at = 0; at < 4; at += 1) client().send(queue("q"), String(at), PERSISTENT);
  const second = await lives.next(host);
  const { send, host: virtualHost } = second.client();
  for (let at = 4; at < 12; at += 1) {
    send(queue("q"), String(at), PERSISTENT);
    await calm(second);
  }
  const consumer = new TestConsumer();
  virtualHost.subscribe({ addresses: [queue("q")] }, consumer);
  await calm(second);
  // what was let in before there was room counts when room is made: one less than in memory
  assert.deepEqual(consumer.bodies, ["7", "8", "9", "10", "11"]);
});

test("states are there again, with what was sent in the same turn or not at all", async () => {
  const lives = new Lives();
  const first = await lives.next();
  const { host, send } = first.client();
  send(queue("q"), "m", PERSISTENT);
  host.states.save("mqtt:a", () => Buffer.from("1"));
  host.states.save("mqtt:b", () => Buffer.from("2"));
  host.states.save("mqtt:b", () => undefined);
  await calm(first);
  first.store.manual = true;
  send(queue("q"), "never", PERSISTENT);
  host.states.save("mqtt:a", () => Buffer.from("3"));
  await settled();
  first.store.kill();
  first.store.finish();
  const second = await lives.next();
  assert.deepEqual(second.client().host.states.keys("mqtt:"), ["mqtt:a"]);
  assert.equal(Buffer.from(second.client().host.states.get("mqtt:a")!).toString(), "1");
  assert.equal(second.engine.router.queues.get("q")!.length, 1);
});

test("a message whose encoding is unknown stays in the store and is no reason not to start", async () => {
  const lives = new Lives();
  lives.disk.states.set("retained:strange", Buffer.from("not a record"));
  const { client } = await lives.next();
  assert.equal(client().host.exists(topic("strange")), false);
  assert.ok(lives.disk.states.has("retained:strange"));
  client().send(topic("ordinary"), "x", { retain: "set" });
});
