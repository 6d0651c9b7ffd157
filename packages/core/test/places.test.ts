import assert from "node:assert/strict";
import { test } from "node:test";
import type { SubscribeRequest, Subscription } from "@tsapollo/domain";
import { FakeClock, sampleMessage, settled } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../src/index.ts";
import { queue, startHostOn, TestConsumer, type TestHost } from "./harness.ts";
import { automatic, containing, TestBrowser } from "./selecting.ts";
import { Disk, SimpleStore } from "./simple-store.ts";

const COUNT = 1_000;
const PAGE = 10;

/** Waits until nothing is on its way to or from the store. */
async function calm({ engine, store }: TestHost<SimpleStore>): Promise<void> {
  for (let quiet = 0; quiet < 4; quiet += 1) {
    await settled();
    if (store.underWay > 0 || !engine.committer.isIdle) quiet = -1;
  }
}

/** A host whose queue holds 1,000 messages, `0` … `999`, all of them only in the store. */
async function longQueue(changed?: Partial<QueueSettings>): Promise<TestHost<SimpleStore>> {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, swapRangeSize: PAGE, tailBufferBytes: 8, ...changed };
  const host = { flushDelayMs: -1, queues: [{ filter: undefined, settings }] };
  const disk = new Disk();
  const first = await startHostOn(new SimpleStore(disk), new FakeClock(), host);
  const { host: client } = first.client();
  for (let at = 0; at < COUNT; at += 1) {
    client.publish(queue("q"), sampleMessage(String(at), { persistent: true }), 0);
  }
  await calm(first);
  await first.engine.stop();
  first.store.kill();
  return startHostOn(new SimpleStore(disk), new FakeClock(), host);
}

function join(
  host: TestHost<SimpleStore>,
  consumer: TestConsumer,
  request: Omit<SubscribeRequest, "addresses">,
): Subscription {
  return host.client().host.subscribe({ addresses: [queue("q")], ...request }, consumer);
}

for (const { what, browse } of [{ what: "consumer" }, { what: "browser", browse: "once" as const }]) {
  test(`a ${what} that begins deep in a queue loads nothing before its place [messaging 5.1, 5.11]`, async () => {
    const host = await longQueue();
    const deep = browse === undefined ? automatic() : new TestBrowser();
    join(host, deep, { fromSequence: 951, ...(browse === undefined ? {} : { browse }) });
    await calm(host);
    assert.deepEqual([deep.bodies.length, deep.bodies[0], deep.bodies.at(-1)], [50, "950", "999"]);
    assert.ok(host.store.loaded <= 50 + 2 * PAGE, `loaded ${host.store.loaded}`);
    const rest = automatic();
    join(host, rest, {});
    await calm(host);
    assert.deepEqual([rest.bodies[0], rest.bodies.length], ["0", browse === undefined ? 950 : 1_000]);
    const { length, bytes } = host.engine.router.queues.get("q")!;
    assert.deepEqual([length, bytes, host.engine.memory.usedBytes], [0, 0, 0]);
  });
}

test("many that begin at different places of one run get what they want, and nobody counts wrong [messaging 5.11]", async () => {
  const host = await longQueue();
  const places = [990, 500, 700, 501, 989, 2, 1, 1_001];
  const consumers = places.map(() => new TestBrowser());
  for (const [at, fromSequence] of places.entries())
    join(host, consumers[at]!, { fromSequence, browse: "once" });
  await calm(host);
  for (const [at, { bodies, ends }] of consumers.entries()) {
    assert.equal(bodies.length, COUNT + 1 - places[at]!);
    assert.equal(ends.length, 1);
  }
  const queueNow = host.engine.router.queues.get("q")!;
  assert.equal(queueNow.length, COUNT);
  const all = automatic();
  join(host, all, {});
  await calm(host);
  assert.equal(all.bodies.length, COUNT);
  assert.deepEqual([queueNow.length, queueNow.bytes], [0, 0]);
});

test("when somebody exclusive leaves for whom nothing was kept, nobody looks at the queue again [messaging 5.4]", async () => {
  const host = await longQueue();
  const selective = new TestConsumer();
  join(host, selective, { filter: containing("999") });
  await calm(host);
  assert.deepEqual(selective.bodies, ["999"]);
  const before = host.store.loaded;
  const idle = new TestConsumer();
  idle.credit = 0;
  const subscription = join(host, idle, { exclusive: true, filter: containing("nothing of this") });
  await calm(host);
  const joined = host.store.loaded;
  subscription.cancel();
  await calm(host);
  assert.ok(joined - before <= COUNT + PAGE, "who comes looks at everything once");
  assert.equal(host.store.loaded, joined);
});

test("when somebody exclusive leaves, others go back to the first message that was kept for it [messaging 5.4]", async () => {
  const host = await longQueue();
  const exclusive = new TestConsumer();
  exclusive.credit = 0;
  const subscription = join(host, exclusive, { exclusive: true, filter: containing("97") });
  await calm(host);
  const others = [automatic(), automatic()];
  for (const other of others) join(host, other, {});
  await calm(host);
  const kept = Array.from({ length: COUNT }, (_, at) => String(at)).filter((body) => body.includes("97"));
  assert.equal(host.engine.router.queues.get("q")!.length, kept.length);
  const before = host.store.loaded;
  subscription.cancel();
  await calm(host);
  assert.equal(host.engine.router.queues.get("q")!.length, 0);
  assert.ok(host.store.loaded - before <= kept.length, `loaded ${host.store.loaded - before}`);
});

test("a leave of a group's consumer that has everything it may have makes nobody look again [messaging 5.5]", async () => {
  const host = await longQueue({ gracefulHandoff: false });
  const { host: client } = host.client();
  const busy = new TestConsumer();
  busy.credit = 0;
  join(host, busy, { filter: containing("none") });
  const members = [automatic(), automatic(), automatic()];
  const subscriptions = members.map((member) => join(host, member, { filter: containing("g") }));
  await calm(host);
  for (let at = 0; at < 30; at += 1) {
    client.publish(queue("q"), sampleMessage(`g${at}`, { persistent: true, groupKey: `${at}` }), 0);
  }
  await calm(host);
  assert.equal(members.flatMap(({ bodies }) => bodies).length, 30);
  const before = host.store.loaded;
  for (const subscription of subscriptions) {
    subscription.cancel();
    await calm(host);
  }
  assert.equal(host.store.loaded, before);
});

test("a message comes back while its consumer waits for a page: both come [messaging 5.8, 5.11]", async () => {
  const host = await longQueue();
  const consumer = new TestConsumer();
  join(host, consumer, { filter: containing("0") });
  for (let turns = 0; turns < 500 && consumer.deliveries.length < 2; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  consumer.deliveries[0]!.settle("retry"); // another page is on its way
  await calm(host);
  const wanted = Array.from({ length: COUNT }, (_, at) => String(at)).filter((body) => body.includes("0"));
  assert.deepEqual(consumer.bodies.toSorted(), ["0", ...wanted].toSorted());
});

test("a run of which nothing is left moves who waits for it past the end: it sees what comes next [messaging 5.10, 5.11]", async () => {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, swapRangeSize: 3, tailBufferBytes: 8 };
  const clock = new FakeClock();
  const host = await startHostOn(new SimpleStore(), clock, {
    flushDelayMs: -1,
    queues: [{ filter: undefined, settings }],
  });
  const { host: client } = host.client();
  const send = (body: string, expiresAtMs: number): void => {
    client.publish(queue("q"), sampleMessage(body, { persistent: true, expiresAtMs }), 0);
  };
  for (let at = 0; at < 10; at += 1) send("x", clock.nowMs() + 50);
  await calm(host);
  const consumer = new TestConsumer();
  consumer.credit = 0;
  const subscription = join(host, consumer, { filter: containing("x") });
  await calm(host);
  clock.advance(2_000);
  await calm(host);
  clock.advance(12_000);
  await calm(host);
  join(host, new TestBrowser(), { browse: "once" }); // it reads what is left of the run: nothing
  await calm(host);
  send("x1", 0);
  await calm(host);
  consumer.credit = 1;
  subscription.resume();
  await calm(host);
  assert.deepEqual(consumer.bodies, ["x1"]);
});
