import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleMessage, settled } from "@tsapollo/testkit";
import { queue, startHost, TestConsumer, topic } from "./harness.ts";

test("a commit applies sends in order, after what was sent outside before it [ST-052]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  send(queue("q"), "m1");
  const transaction = host.begin();
  transaction.publish(queue("q"), sampleMessage("t1"));
  send(queue("q"), "m2");
  transaction.publish(queue("q"), sampleMessage("t2"));
  assert.deepEqual(consumer.bodies, ["m1", "m2"]);
  transaction.commit(() => undefined);
  send(queue("q"), "m3");
  assert.deepEqual(consumer.bodies, ["m1", "m2", "t1", "t2", "m3"]);
});

test("a commit is confirmed once, after it is durable, in one unit of work", async () => {
  const { client, store } = await startHost();
  const { host } = client();
  store.automatic = false;
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("a")] }, consumer);
  const transaction = host.begin();
  transaction.publish(queue("a"), sampleMessage("1", { persistent: true }));
  transaction.publish(queue("b"), sampleMessage("2", { persistent: true }));
  const results: unknown[] = [];
  transaction.commit((error) => results.push(error));
  await settled();
  assert.deepEqual(results, []);
  assert.equal(store.log.length, 1);
  store.finish();
  assert.deepEqual(results, [undefined]);
});

test("a refused step makes the commit fail and nothing is applied", async () => {
  const { client } = await startHost({ destinationsMax: 1 });
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("a")] }, consumer);
  send(queue("a"), "0");
  const transaction = host.begin();
  transaction.publish(queue("a"), sampleMessage("1"));
  transaction.publish(queue("b"), sampleMessage("2"));
  transaction.settle(consumer.deliveries[0]!, "consumed");
  const results: (string | undefined)[] = [];
  transaction.commit((error) => results.push(error?.code));
  assert.deepEqual(results, ["DESTINATION_LIMIT"]);
  assert.deepEqual(consumer.bodies, ["0"]);
});

test("acknowledgements in a transaction take effect at the commit; an abort leaves them with the consumer [messaging 12]", async () => {
  const { client, engine } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  for (const text of ["a", "b"]) send(queue("q"), text);
  const length = () => engine.router.queues.get("q")!.length;
  const aborted = host.begin();
  aborted.settle(consumer.deliveries[0]!, "consumed");
  aborted.abort();
  assert.equal(length(), 2);
  const committed = host.begin();
  committed.settle(consumer.deliveries[1]!, "consumed");
  assert.equal(length(), 2);
  committed.commit(() => undefined);
  assert.equal(length(), 1);
});

test("a transaction has a size limit", async () => {
  const { client } = await startHost({ transactionBytesMax: 1_000 });
  const { host } = client();
  const transaction = host.begin();
  for (let at = 0; at < 12; at += 1) transaction.publish(topic("t"), sampleMessage("x".repeat(100)));
  const results: (string | undefined)[] = [];
  transaction.commit((error) => results.push(error?.code));
  assert.deepEqual(results, ["TRANSACTION_LIMIT"]);
});
