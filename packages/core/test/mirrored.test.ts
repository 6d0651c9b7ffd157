import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleMessage } from "@tsapollo/testkit";
import { dsub, queue, startHost, topic } from "./harness.ts";
import { automatic, queuesOf } from "./selecting.ts";

const MIRRORED = queuesOf({ m: { mirrored: true, autoDeleteAfterMs: 0 } });

test("ST-036: what is sent to a mirrored queue reaches its topic, and durable subscriptions of it", async () => {
  const { client } = await startHost(MIRRORED);
  const { host, send } = client();
  const listener = automatic();
  const pattern = automatic();
  host.subscribe({ addresses: [topic("m.a")] }, listener);
  host.subscribe({ addresses: [topic("m.*")] }, pattern);
  host.subscribe({ addresses: [topic("m.a")], durable: dsub("d") }, automatic()).cancel();
  send(queue("m.a"), "1");
  const durable = automatic();
  host.subscribe({ addresses: [dsub("d")] }, durable);
  const consumer = automatic();
  host.subscribe({ addresses: [queue("m.a")] }, consumer);
  assert.deepEqual(
    [listener.bodies, pattern.bodies, durable.bodies, consumer.bodies],
    [["1"], ["1"], ["1"], ["1"]],
  );
  assert.equal(consumer.deliveries[0]!.address.key, "queue:m.a");
});

test("ST-037: what is sent to the topic reaches the queue, each message one consumer", async () => {
  const { client, engine } = await startHost(MIRRORED);
  const { host, send } = client();
  const consumers = [automatic(), automatic()];
  for (const consumer of consumers) host.subscribe({ addresses: [queue("m.b")] }, consumer);
  for (let at = 0; at < 10; at += 1) send(at % 2 === 0 ? topic("m.b") : queue("m.b"), String(at));
  assert.deepEqual(
    consumers.map(({ bodies }) => bodies.length),
    [5, 5],
  );
  assert.equal(engine.memory.usedBytes, 0);
});

test("ST-038: nothing is copied before the queue exists, but a retained message is [messaging 8]", async () => {
  const { client } = await startHost(MIRRORED);
  const { host, send } = client();
  send(topic("m.c"), "1");
  send(topic("m.d"), "kept", { retain: "set" });
  const consumer = automatic();
  host.subscribe({ addresses: [queue("m.c"), queue("m.d")] }, consumer);
  send(topic("m.c"), "2");
  assert.deepEqual(consumer.bodies, ["kept", "2"]);
});

test("a pattern covers mirrored queues that are made later; a transaction reaches queue and topic", async () => {
  const { client } = await startHost(MIRRORED);
  const { host } = client();
  const consumer = automatic();
  const listener = automatic();
  host.subscribe({ addresses: [queue("m.**")] }, consumer);
  host.subscribe({ addresses: [topic("m.**")] }, listener);
  const transaction = host.begin();
  transaction.publish(queue("m.e"), sampleMessage("1"));
  transaction.publish(topic("m.e"), sampleMessage("2"));
  transaction.commit(() => undefined);
  assert.deepEqual(
    [consumer.bodies, listener.bodies],
    [
      ["1", "2"],
      ["1", "2"],
    ],
  );
});

test("a mirrored queue that is deleted and sent to again gets messages as before", async () => {
  const { client, engine } = await startHost(MIRRORED);
  const { host, send } = client();
  const address = queue("m.f"); // the same object: its route is remembered
  send(address, "1");
  host.destroy(queue("m.f"));
  send(topic("m.f"), "for nobody");
  send(address, "2");
  const consumer = automatic();
  host.subscribe({ addresses: [queue("m.f")] }, consumer);
  assert.deepEqual(consumer.bodies, ["2"]);
  assert.equal(engine.memory.usedBytes, 0);
});

test("a topic that is deleted and made again still fills its mirrored queue", async () => {
  const { client, engine } = await startHost(MIRRORED);
  const { host, send } = client();
  const consumer = automatic();
  host.subscribe({ addresses: [queue("m.g")] }, consumer);
  const address = queue("m.g");
  send(address, "1");
  engine.router.deleteTopic(engine.router.topics.get("m.g")!);
  send(address, "2");
  send(topic("m.g"), "3");
  assert.deepEqual(consumer.bodies, ["1", "2", "3"]);
});

test("a full mirrored queue makes the producers of queue and topic wait", async () => {
  const { client } = await startHost(queuesOf({ m: { mirrored: true, quotaMessages: 0 } }));
  const { host, send, producer } = client();
  host.subscribe({ addresses: [queue("m")] }, automatic(0)).cancel();
  assert.deepEqual([send(topic("m"), "1"), send(queue("m"), "2")], [false, false]);
  host.subscribe({ addresses: [queue("m")] }, automatic());
  assert.equal(producer.resumptions, 1);
});

test("a mirrored queue that cannot have its topic is not made by halves", async () => {
  const { client, engine } = await startHost({ ...MIRRORED, destinationsMax: 0 });
  const { send, producer } = client();
  send(queue("m.h"), "1");
  assert.match(String(producer.confirmations[0]), /destinations_max/);
  assert.deepEqual([engine.router.queues.size, engine.router.topics.size], [0, 0]);
});
