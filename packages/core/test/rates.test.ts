import assert from "node:assert/strict";
import { test } from "node:test";
import { queue, startHost } from "./harness.ts";
import { automatic, queues } from "./selecting.ts";

test("max_enqueue_rate: a producer waits when the slice is used up, and goes on with the next [messaging 4.1]", async () => {
  const { client, clock } = await startHost(queues({ maxEnqueueBytesPerS: 1_000 }));
  const { host, send, producer } = client();
  host.subscribe({ addresses: [queue("q")] }, automatic());
  for (let slice = 1; slice <= 5; slice += 1) {
    const room = slice === 1 ? 10 : 9; // what waited goes first
    for (let at = 1; at <= room; at += 1) assert.equal(send(queue("q"), "0123456789"), true);
    assert.equal(send(queue("q"), "0123456789"), false);
    clock.advance(99);
    assert.equal(producer.resumptions, slice - 1);
    clock.advance(1);
    assert.equal(producer.resumptions, slice);
  }
});

test("what was too much for one slice is taken from the following ones", async () => {
  const { client, clock } = await startHost(queues({ maxEnqueueBytesPerS: 1_000 }));
  const { send, producer } = client();
  assert.equal(send(queue("q"), "x".repeat(350)), true);
  assert.equal(send(queue("q"), "y"), false);
  clock.advance(200);
  assert.equal(producer.resumptions, 0);
  clock.advance(100);
  assert.equal(producer.resumptions, 1);
  assert.equal(send(queue("q"), "x".repeat(49)), true, "51 of this slice are used");
  assert.equal(send(queue("q"), "x"), false);
});

test("a rate far below the size of a message still lets messages through", async () => {
  const { client, clock } = await startHost(queues({ maxEnqueueBytesPerS: 0 }));
  const { send, producer } = client();
  assert.deepEqual([send(queue("q"), "0123456789"), send(queue("q"), "0123456789")], [true, false]);
  clock.advance(1_000);
  assert.equal(producer.resumptions, 1);
});

test("room in the rate does not let producers into a queue that is full", async () => {
  const { client, clock } = await startHost(queues({ maxEnqueueBytesPerS: 100, quotaMessages: 0 }));
  const { host, send, producer } = client();
  assert.deepEqual([send(queue("q"), "0123456789"), send(queue("q"), "x")], [true, false]);
  clock.advance(5_000);
  assert.equal(producer.resumptions, 0);
  host.subscribe({ addresses: [queue("q")] }, automatic());
  assert.equal(producer.resumptions, 1);
});

test("room in the queue does not let producers overtake the rate", async () => {
  const { client, clock } = await startHost(queues({ maxEnqueueBytesPerS: 100, quotaMessages: 0 }));
  const { host, send, producer } = client();
  assert.deepEqual([send(queue("q"), "0123456789"), send(queue("q"), "x")], [true, false]);
  host.subscribe({ addresses: [queue("q")] }, automatic());
  assert.equal(producer.resumptions, 0);
  clock.advance(100);
  assert.equal(producer.resumptions, 1);
});

test("a deleted queue lets its producers go and leaves no timer", async () => {
  const { client, clock } = await startHost(queues({ maxEnqueueBytesPerS: 10 }));
  const { host, send, producer } = client();
  const before = clock.timerCount;
  assert.deepEqual([send(queue("q"), "x".repeat(100_000)), send(queue("q"), "y")], [true, false]);
  host.destroy(queue("q"));
  assert.equal(producer.resumptions, 1);
  clock.advance(100); // what waited went into a new queue
  assert.equal(clock.timerCount, before);
});
