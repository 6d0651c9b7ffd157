import assert from "node:assert/strict";
import { test } from "node:test";
import { type Authorizer, NO_TOKEN } from "@tsapollo/domain";
import { FakeClock, sampleMessage, settled } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { dsub, queue, startHost, startHostOn, TestConsumer, type TestHost, topic } from "./harness.ts";
import { Disk, SimpleStore } from "./simple-store.ts";

const UPTIME = topic("$SYS.broker.uptime");
const RETAINED = { retain: "set", persistent: true } as const;

function say({ engine }: Pick<TestHost, "engine">, text: string, rest: object = RETAINED): void {
  engine.admitBroker().publish(UPTIME, sampleMessage(text, rest), NO_TOKEN);
}

test("only the broker sends to $SYS, whatever the access rules allow [MQTT-4.7.2-1]", async () => {
  const all: Authorizer = { generation: 0, can: () => true };
  const world = await startHost({}, all);
  const { host, producer, send } = world.client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [topic("$SYS.**")] }, consumer);
  send(UPTIME, "forged", RETAINED);
  send(queue("$SYS.x"), "forged");
  host.publishToAll([topic("a"), UPTIME], sampleMessage("forged"), 3);
  const transaction = host.begin();
  transaction.publish(UPTIME, sampleMessage("forged"));
  transaction.commit((error) => producer.confirmed(4, error));
  say(world, "true");
  host.publishToMatching([topic("$SYS.**")], sampleMessage("forged"), 5, 10);
  const refusal = "Only the broker itself may send to the topic '$SYS.broker.uptime'";
  await settled();
  assert.deepEqual(producer.confirmations, [
    `1: ${refusal}`,
    "2: Only the broker itself may send to the queue '$SYS.x'",
    `3: ${refusal}`,
    `4: ${refusal}`,
    5,
  ]);
  assert.deepEqual(consumer.bodies, ["true"]);
  assert.throws(() => world.client().host.destroy(UPTIME), /Only the broker itself may destroy the topic/);
});

test("$SYS needs the right to receive as every topic does [messaging 13]", async () => {
  const rules: Authorizer = {
    generation: 0,
    can: ({ userName }, action, { id }) =>
      action !== "receive" || !id.startsWith("$SYS") || userName === "op",
  };
  const world = await startHost({}, rules);
  say(world, "1 seconds");
  const users = world.client("u").host;
  assert.throws(() => users.subscribe({ addresses: [UPTIME] }, new TestConsumer()), {
    code: "ACCESS_DENIED",
  });
  const [nobodys, operators] = [new TestConsumer(), new TestConsumer()];
  users.subscribe({ addresses: [topic("$SYS.**")] }, nobodys);
  world.client("op").host.subscribe({ addresses: [topic("$SYS.**")] }, operators);
  say(world, "2 seconds");
  assert.deepEqual([nobodys.bodies, operators.bodies], [[], ["1 seconds", "2 seconds"]]);
});

test("wildcards at the first level see neither what it says nor what it retains", async () => {
  const world = await startHost();
  say(world, "old");
  const consumer = new TestConsumer();
  const addresses = ["**", "*.**", "*.broker.uptime", "*\\d*.broker.uptime"].map(topic);
  world.client().host.subscribe({ addresses }, consumer);
  say(world, "new");
  assert.deepEqual(consumer.bodies, []);
});

test("it does not count against limits, and needs no leave to be made", async () => {
  const world = await startHost({ destinationsMax: 1, autoCreateDestinations: false });
  const consumer = new TestConsumer();
  say(world, "here");
  assert.equal(world.engine.router.size, 0);
  world.client().host.subscribe({ addresses: [UPTIME] }, consumer);
  assert.deepEqual(consumer.bodies, ["here"]);
});

test("what waits for somebody expires, what is retained does not", async () => {
  const world = await startHost();
  const { host } = world.client();
  host.subscribe({ addresses: [UPTIME], durable: dsub("d") }, new TestConsumer());
  host.close();
  say(world, "1 seconds", { retain: "set", expiresAtMs: world.clock.nowMs() + 60_000 });
  assert.equal(world.engine.counters.queuedMessages, 1);
  world.clock.advance(61_000);
  assert.equal(world.engine.counters.queuedMessages, 0);
  const consumer = new TestConsumer();
  world.client().host.subscribe({ addresses: [UPTIME] }, consumer);
  assert.deepEqual(consumer.bodies, ["1 seconds"]);
});

test("what it retains is not stored: a restart leaves nothing stale [messaging 9]", async () => {
  const disk = new Disk();
  const first = await startHostOn(new SimpleStore(disk), new FakeClock(), { flushDelayMs: -1 });
  first.client().send(topic("ordinary"), "stays", RETAINED);
  say({ engine: first.engine }, "99 seconds");
  await settled();
  await first.engine.stop();
  const second = await startHostOn(new SimpleStore(disk), new FakeClock());
  const consumer = new TestConsumer();
  second.client().host.subscribe({ addresses: [topic("$SYS.**"), topic("**")] }, consumer);
  assert.deepEqual(consumer.bodies, ["stays"]);
});

test("counters say what is held and what was dropped", async () => {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, quotaMessages: 1, tailBufferBytes: 1_000 };
  const world = await startHost({
    queues: [
      { filter: ["head"], settings: { ...settings, fullPolicy: "drop head" } },
      { filter: ["tail"], settings: { ...settings, fullPolicy: "drop tail" } },
    ],
  } as never);
  const { host, send } = world.client();
  const { counters } = world.engine;
  for (const name of ["head", "tail"]) for (const body of ["1", "2", "3", "4"]) send(queue(name), body);
  assert.ok(counters.droppedMessages >= 2);
  const { queuedMessages, droppedMessages } = counters;
  assert.equal(queuedMessages + droppedMessages, 8);
  send(topic("t"), "abc", { retain: "set" });
  send(topic("t"), "abcdef", { retain: "set" });
  assert.deepEqual(
    [counters.retainedMessages, counters.retainedBytes],
    [1, sampleMessage("abcdef").sizeBytes],
  );
  send(topic("t"), "", { retain: "clear" });
  assert.deepEqual([counters.retainedMessages, counters.retainedBytes], [0, 0]);
  const consumer = new TestConsumer();
  consumer.auto = true;
  host.subscribe({ addresses: [queue("head")] }, consumer);
  host.destroy(queue("tail"));
  assert.deepEqual([counters.queuedMessages, counters.queuedBytes], [0, 0]);
});
