import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_QUEUE_SETTINGS, DEFAULT_TOPIC_SETTINGS, type QueueSettings } from "../src/index.ts";
import { startHost, TestConsumer, topic } from "./harness.ts";
import { automatic, containing } from "./selecting.ts";

function queued(changed: Partial<QueueSettings> = {}) {
  const subscription = { ...DEFAULT_QUEUE_SETTINGS, tailBufferBytes: 100, ...changed };
  const settings = { ...DEFAULT_TOPIC_SETTINGS, slowConsumerPolicy: "queue" as const, subscription };
  return { topics: [{ filter: undefined, settings }], consumerBufferBytes: 1 };
}

test("policy queue: a slow consumer reads from its own queue, others and producers do not notice [messaging 6]", async () => {
  const { client, engine } = await startHost(queued());
  const { host, send, producer } = client();
  const slow = automatic(1);
  const fast = automatic();
  const subscription = host.subscribe({ addresses: [topic("t")] }, slow);
  host.subscribe({ addresses: [topic("*")] }, fast);
  for (let at = 0; at < 10; at += 1) assert.equal(send(topic("t"), String(at)), true);
  assert.deepEqual([slow.bodies.length, fast.bodies.length], [1, 10]);
  slow.credit = 99;
  subscription.resume();
  assert.deepEqual(slow.bodies, fast.bodies);
  assert.deepEqual(
    slow.deliveries.map(({ sequence, address, redeliveryCount }) => [sequence, address.key, redeliveryCount]),
    slow.bodies.map(() => [-1, "topic:t", 0]),
  );
  assert.equal(producer.resumptions, 0);
  assert.equal(engine.memory.usedBytes, 0);
});

for (const { fullPolicy, accepted, expected } of [
  { fullPolicy: "block", accepted: 9, expected: 12 },
  { fullPolicy: "drop tail", accepted: 12, expected: 10 },
  { fullPolicy: "drop head", accepted: 12, expected: 10 },
] as const) {
  test(`policy queue, full, ${fullPolicy} [messaging 4.3, 5.2]`, async () => {
    const { client, engine } = await startHost(queued({ fullPolicy }));
    const { host, send, producer } = client();
    const slow = automatic(0);
    const subscription = host.subscribe({ addresses: [topic("t")] }, slow);
    let count = 0;
    for (let at = 0; at < 12; at += 1) if (send(topic("t"), "0123456789")) count += 1;
    assert.equal(count, accepted);
    slow.credit = 99;
    subscription.resume();
    assert.equal(slow.bodies.length, expected);
    assert.equal(producer.resumptions, fullPolicy === "block" ? 1 : 0);
    assert.equal(engine.memory.usedBytes, 0);
  });
}

test("acknowledging has no effect, in either policy; nothing comes back when the consumer leaves [messaging 6]", async () => {
  for (const settings of [queued(), {}]) {
    const { client, engine } = await startHost(settings);
    const { host, send } = client();
    const consumer = new TestConsumer();
    const subscription = host.subscribe({ addresses: [topic("t")] }, consumer);
    for (const text of ["1", "2"]) send(topic("t"), text);
    consumer.deliveries[0]!.settle("poisoned");
    consumer.deliveries[1]!.settle("retry");
    subscription.cancel();
    const next = automatic();
    host.subscribe({ addresses: [topic("t")] }, next);
    assert.deepEqual([consumer.bodies, next.bodies], [["1", "2"], []]);
    assert.equal(engine.memory.usedBytes, 0);
  }
});

test("a selector saves room in the queue: what is not wanted does not wait in it", async () => {
  const { client } = await startHost(queued());
  const { host, send } = client();
  const slow = automatic(0);
  const subscription = host.subscribe({ addresses: [topic("t")], filter: containing("red") }, slow);
  for (let at = 0; at < 100; at += 1) assert.equal(send(topic("t"), "blue"), true);
  send(topic("t"), "red");
  slow.credit = 9;
  subscription.resume();
  assert.deepEqual(slow.bodies, ["red"]);
});

test("ST-042 in small: what expires while it waits in the queue is not delivered, and a closed queue is forgotten", async () => {
  const { client, clock, engine } = await startHost(queued());
  const { host, send } = client();
  const slow = automatic(0);
  const subscription = host.subscribe({ addresses: [topic("t")] }, slow);
  for (const text of ["1", "2"]) send(topic("t"), text, { expiresAtMs: clock.nowMs() + 500 });
  send(topic("t"), "DONE");
  clock.advance(600);
  slow.credit = 9;
  subscription.resume();
  assert.deepEqual(slow.bodies, ["DONE"]);
  slow.credit = 0;
  send(topic("t"), "far", { expiresAtMs: clock.nowMs() + 1e9 });
  subscription.cancel();
  clock.advance(2_000);
  assert.equal(engine.router.expiring.size, 0);
  assert.equal(engine.memory.usedBytes, 0);
});

test("what waits is discarded when the consumer leaves, and its producers go on", async () => {
  const { client, engine } = await startHost(queued());
  const { host, send, producer } = client();
  const subscription = host.subscribe({ addresses: [topic("t")] }, automatic(0));
  assert.equal(send(topic("t"), "x".repeat(200)), false);
  subscription.cancel();
  assert.equal(producer.resumptions, 1);
  assert.equal(engine.memory.usedBytes, 0);
});

for (const { policy, settings } of [
  { policy: "block", settings: {} },
  { policy: "queue", settings: queued() },
]) {
  test(`a consumer that leaves while a message is given to others gets nothing more, policy ${policy}`, async () => {
    const { client, engine } = await startHost({ ...settings, consumerBufferBytes: 1 });
    const { host, send, producer } = client();
    const late = automatic();
    const first = {
      offer: () => {
        lateSubscription.cancel();
        return true;
      },
      ended: () => undefined,
    };
    host.subscribe({ addresses: [topic("t")] }, first);
    const lateSubscription = host.subscribe({ addresses: [topic("t")] }, late);
    assert.equal(send(topic("t"), "a longer message"), true);
    assert.deepEqual(late.bodies, []);
    assert.equal(send(topic("t"), "another message"), true);
    assert.deepEqual([producer.resumptions, engine.memory.usedBytes], [0, 0]);
  });
}

test("one subscription to a blocking and a queueing topic gets both, each in order", async () => {
  const { topics } = queued();
  const { client } = await startHost({ topics: [{ ...topics[0]!, filter: ["queued"] }] });
  const { host, send } = client();
  const consumer = automatic(0);
  const subscription = host.subscribe({ addresses: [topic("**")] }, consumer);
  for (let at = 0; at < 5; at += 1)
    for (const name of ["queued", "block"]) send(topic(name), `${name} ${at}`);
  for (let at = 0; at < 10; at += 1) {
    consumer.credit = 1;
    subscription.resume();
  }
  for (const name of ["queued", "block"]) {
    assert.deepEqual(
      consumer.bodies.filter((body) => body.startsWith(name)),
      [0, 1, 2, 3, 4].map((at) => `${name} ${at}`),
    );
  }
});
