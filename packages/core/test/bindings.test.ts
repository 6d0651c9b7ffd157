import assert from "node:assert/strict";
import { test } from "node:test";
import { queue, startHost, TestConsumer, topic } from "./harness.ts";

/** Room for this many queues. */
const links = (count: number): { bindingsBytesMax: number } => ({ bindingsBytesMax: count * 200 });

test("a client's subscriptions are joined to so many queues, and no more; leaving gives them back", async () => {
  const { client } = await startHost(links(10));
  const { host } = client();
  for (const id of ["a", "b", "c", "d"])
    host.subscribe({ addresses: [queue(id)] }, new TestConsumer()).cancel();
  const first = host.subscribe({ addresses: [queue("*")] }, new TestConsumer());
  const second = host.subscribe({ addresses: [queue("*")] }, new TestConsumer());
  assert.throws(() => host.subscribe({ addresses: [queue("*")] }, new TestConsumer()), {
    code: "DESTINATION_LIMIT",
    message: /may be joined to 10 queues/,
  });
  first.cancel();
  host.subscribe({ addresses: [queue("*")] }, new TestConsumer());
  second.remove(queue("*"));
  host.subscribe({ addresses: [queue("*")] }, new TestConsumer());
  const others = client();
  others.host.subscribe({ addresses: [queue("*")] }, new TestConsumer());
});

test("a queue that one pattern too many meets ends that subscription, and not who made the queue", async () => {
  const { client } = await startHost(links(2));
  const greedy = new TestConsumer();
  client().host.subscribe({ addresses: [queue("*")] }, greedy);
  const { send, producer } = client();
  for (const id of ["a", "b", "c"]) send(queue(id), "m");
  assert.match(greedy.reason ?? "", /may be joined to 2 queues/);
  assert.deepEqual(
    producer.confirmations.filter((one) => typeof one === "string"),
    [],
  );
});

test("queues that were deleted do not count for ever", async () => {
  const { client, engine } = await startHost(links(200));
  const consumer = new TestConsumer();
  client().host.subscribe({ addresses: [queue("**")] }, consumer);
  const { send } = client();
  for (let at = 0; at < 1_000; at += 1) {
    send(queue(`passing.${at}`), "m");
    engine.router.deleteQueue(engine.router.queues.get(`passing.${at}`)!);
  }
  assert.equal(consumer.deliveries.length, 1_000);
  assert.doesNotMatch(consumer.reason ?? "", /may be joined/);
});

test("retained messages that wait for a client are bounded with it", async () => {
  const { client } = await startHost({ bindingsBytesMax: 500 });
  const { host, send } = client();
  for (let at = 0; at < 20; at += 1) send(topic(`t.${at}`), "r", { retain: "set" });
  const slow = new TestConsumer();
  slow.credit = 0;
  assert.throws(() => host.subscribe({ addresses: [topic("t.*")] }, slow), { code: "DESTINATION_LIMIT" });
  const quick = new TestConsumer();
  for (let round = 0; round < 5; round += 1) host.subscribe({ addresses: [topic("t.*")] }, quick);
  assert.equal(quick.deliveries.length, 100, "what is taken at once does not wait");
  const later = new TestConsumer();
  later.credit = 12;
  const subscription = host.subscribe({ addresses: [topic("t.*")] }, later);
  later.credit = 20;
  subscription.resume();
  assert.equal(later.deliveries.length, 20);
  host.subscribe({ addresses: [topic("t.*")] }, quick);
});
