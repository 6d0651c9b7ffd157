import assert from "node:assert/strict";
import { test } from "node:test";
import type { QueueSettings } from "../src/index.ts";
import { queue, startHost, TestConsumer } from "./harness.ts";
import { automatic, queues } from "./selecting.ts";

const HUNDRED = 100;

function body(at: number): string {
  return String(at).padStart(HUNDRED, "0");
}

const SCENARIOS: readonly { id: string; settings: Partial<QueueSettings>; persistent: boolean }[] = [
  { id: "ST-111", settings: { fullPolicy: "drop head", quotaBytes: 100 * 1024 }, persistent: true },
  {
    id: "ST-112",
    settings: { fullPolicy: "drop head", persistent: false, tailBufferBytes: 100 * 1024 },
    persistent: false,
  },
  { id: "ST-113", settings: { fullPolicy: "drop tail", quotaBytes: 100 * 1024 }, persistent: true },
  {
    id: "ST-114",
    settings: { fullPolicy: "drop tail", persistent: false, tailBufferBytes: 100 * 1024 },
    persistent: false,
  },
  { id: "5.2, by count", settings: { fullPolicy: "drop head", quotaMessages: 500 }, persistent: true },
  { id: "5.2, by count", settings: { fullPolicy: "drop tail", quotaMessages: 500 }, persistent: false },
];

for (const { id, settings, persistent } of SCENARIOS) {
  test(`${id}: ${settings.fullPolicy}, the producer never waits and is confirmed [messaging 5.2]`, async () => {
    // a hundred bytes a message, so that about a thousand fit into 100 KiB
    const { client, engine } = await startHost(queues(settings));
    const { host, send, producer } = client();
    for (let at = 0; at < 3_000; at += 1) assert.equal(send(queue("q"), body(at), { persistent }), true);
    const left = engine.router.queues.get("q")!.length;
    assert.ok(left > 100 && left < 2_000, String(left));
    if (!persistent) assert.equal(producer.confirmations.length, 3_000);
    const consumer = automatic();
    host.subscribe({ addresses: [queue("q")] }, consumer);
    const from = settings.fullPolicy === "drop head" ? 3_000 - left : 0;
    assert.deepEqual(
      consumer.bodies,
      Array.from({ length: left }, (_, at) => body(from + at)),
    );
    send(queue("q"), "end");
    assert.equal(consumer.bodies.at(-1), "end");
    assert.equal(engine.memory.usedBytes, 0);
  });
}

test("dropping the head spares what consumers hold, also what came back is dropped, and no dead letter is made", async () => {
  const settings = {
    fullPolicy: "drop head",
    quotaMessages: 3,
    dlq: "dlq",
    dlqExpired: true,
    nakLimit: 1,
  } as const;
  const { client, engine } = await startHost(queues(settings));
  const { host, send } = client();
  const holder = new TestConsumer();
  holder.credit = 2;
  host.subscribe({ addresses: [queue("q")] }, holder);
  for (const text of ["1", "2", "3", "4", "5"]) send(queue("q"), text);
  holder.deliveries[1]!.settle("retry");
  send(queue("q"), "6");
  const rest = automatic();
  host.subscribe({ addresses: [queue("q")] }, rest);
  assert.deepEqual(rest.bodies, ["4", "5", "6"]);
  assert.equal(engine.router.queues.has("dlq"), false);
  holder.deliveries[0]!.settle("consumed");
  assert.equal(engine.memory.usedBytes, 0);
});

for (const { apart } of [{ apart: false }, { apart: true }]) {
  test(`consumers and browsers keep their places while the head is dropped, ${apart ? "" : "not "}set apart`, async () => {
    const { client, engine } = await startHost(queues({ fullPolicy: "drop head", quotaMessages: 3 }));
    const { host, send } = client();
    const consumer = automatic(0);
    const request = { addresses: [queue("q")], ...(apart ? { fromSequence: 1 } : {}) };
    const subscription = host.subscribe(request, consumer);
    const browser = automatic(1);
    const browsing = host.subscribe({ addresses: [queue("q")], browse: "forever" }, browser);
    for (let at = 1; at <= 20; at += 1) send(queue("q"), String(at));
    const left = engine.router.queues.get("q")!.length;
    browser.credit = 99;
    browsing.resume();
    consumer.credit = 99;
    subscription.resume();
    const expected = Array.from({ length: left }, (_, at) => String(20 - left + 1 + at));
    assert.deepEqual(consumer.bodies, expected);
    assert.deepEqual(browser.bodies, ["1", ...expected]);
    assert.equal(engine.memory.usedBytes, 0);
  });
}

test("ST-071 in small, IT-072, quirk 33: over its quota a queue lets one message in, and one more per acknowledgement", async () => {
  const { client } = await startHost(queues({ quotaBytes: 10 }));
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  const first = client();
  assert.equal(first.send(queue("q"), "01234567890"), true, "who crosses the line goes on");
  assert.deepEqual(first.producer.confirmations, [1]);
  for (let at = 1; at < 5; at += 1) {
    const { send: sendNext, producer } = client();
    assert.equal(sendNext(queue("q"), `0123456789${at}`), false);
    assert.deepEqual(
      [producer.confirmations, consumer.bodies.length],
      [[], at],
      "it waits outside, unconfirmed",
    );
    consumer.deliveries[at - 1]!.settle("consumed");
    assert.deepEqual(
      [producer.confirmations, producer.resumptions, consumer.bodies.length],
      [[1], 1, at + 1],
    );
  }
  assert.equal(send(queue("other"), "x"), true);
});

test("IT-071, IT-074: a producer that waits for one queue may send to others; it goes on when a consumer takes, in order", async () => {
  const { client } = await startHost(queues({ quotaMessages: 1 }));
  const { host, send, producer } = client();
  const sent = [send(queue("a"), "1"), send(queue("a"), "2"), send(queue("a"), "3"), send(queue("b"), "4")];
  assert.deepEqual(sent, [true, true, false, true]);
  const other = automatic();
  host.subscribe({ addresses: [queue("b")] }, other);
  assert.deepEqual([producer.resumptions, producer.confirmations], [0, [1, 2, 4]]);
  const consumer = automatic();
  host.subscribe({ addresses: [queue("a")] }, consumer);
  assert.deepEqual([producer.resumptions, producer.confirmations], [1, [1, 2, 4, 3]]);
  assert.deepEqual([consumer.bodies, other.bodies], [["1", "2", "3"], ["4"]]);
});

test("a producer that waits for a queue goes on when the queue is deleted, or its messages expire", async () => {
  for (const how of ["deleted", "expired"]) {
    const { client, clock, engine } = await startHost(queues({ quotaMessages: 0 }));
    const { host, send, producer } = client();
    assert.equal(send(queue("q"), "1", { expiresAtMs: clock.nowMs() + 100 }), true);
    assert.equal(send(queue("q"), "2"), false);
    if (how === "deleted") host.destroy(queue("q"));
    else clock.advance(2_000);
    assert.equal(producer.resumptions, 1, how);
    assert.equal(engine.router.queues.get("q")!.length, 1);
    assert.equal(engine.memory.usedBytes, 1);
  }
});

test("what waits for a full queue goes with its producer", async () => {
  const { client, engine } = await startHost(queues({ quotaMessages: 0 }));
  const leaver = client();
  leaver.send(queue("q"), "1");
  leaver.send(queue("q"), "2");
  leaver.host.close();
  const consumer = automatic();
  client().host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.deepEqual(consumer.bodies, ["1"]);
  assert.equal(engine.memory.usedBytes, 0);
});

test("deleting a queue from within an offer loses nothing but the queue", async () => {
  for (const apart of [false, true]) {
    const { client, engine } = await startHost();
    const { host, send } = client();
    for (const text of ["1", "2", "3"]) send(queue("q"), text);
    const got: string[] = [];
    const ends: string[] = [];
    const request = { addresses: [queue("q")], exclusive: apart };
    host.subscribe(request, {
      offer: ({ sequence }) => {
        got.push(String(sequence));
        host.destroy(queue("q"));
        send(queue("q"), "again");
        return false;
      },
      ended: ({ message }) => ends.push(message),
    });
    assert.deepEqual(got, ["1"]);
    assert.equal(ends.length, 1);
    assert.equal(engine.router.queues.get("q")!.length, 1);
    host.destroy(queue("q"));
    assert.equal(engine.memory.usedBytes, 0);
  }
});
