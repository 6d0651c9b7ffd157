import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleMessage, settled } from "@tsapollo/testkit";
import { dsub, queue, startHost, TestConsumer, type TestHost, topic } from "./harness.ts";
import { automatic, queuesOf } from "./selecting.ts";

/** Queues `p.a`, `p.b`, `p.no` and `q`, a topic `p.a` with a listener, and a durable subscription `p.d`. */
async function populated(changed = {}): Promise<TestHost & { listener: TestConsumer }> {
  const can = (_identity: unknown, action: string, { id }: { id: string }) =>
    !(action === "send" && id === "p.no");
  const started = await startHost(changed, { generation: 0, can });
  const { host, send } = started.client();
  for (const id of ["p.a", "p.b", "q"]) send(queue(id), "first");
  host.subscribe({ addresses: [queue("p.no")] }, new TestConsumer()).cancel();
  const listener = automatic();
  host.subscribe({ addresses: [topic("p.a")] }, listener);
  host.subscribe({ addresses: [topic("elsewhere")], durable: dsub("p.d") }, new TestConsumer()).cancel();
  return { ...started, listener };
}

const lengths = ({ engine }: TestHost): Record<string, number> =>
  Object.fromEntries([...engine.router.queues].map(([id, { length }]) => [id, length]));

test("a send to a pattern reaches what exists and may be sent to, and makes nothing [messaging 2.6, quirk 4]", async () => {
  const here = await populated();
  const { host, producer } = here.client();
  assert.equal(host.publishToMatching([queue("p.*")], sampleMessage("m"), 7, 2), true);
  await settled();
  assert.deepEqual(lengths(here), { "p.a": 2, "p.b": 2, q: 1, "p.no": 0 });
  assert.deepEqual(producer.confirmations, [7], "one confirmation");
  host.publishToMatching([queue("none.**")], sampleMessage("m"), 8, 2);
  await settled();
  assert.deepEqual(producer.confirmations, [7, 8], "to nobody is no mistake");
  assert.equal(here.engine.router.queues.has("none"), false);
});

test("patterns of every kind, names among them, each destination once [messaging 2.6]", async () => {
  const here = await populated();
  const { host } = here.client();
  const addresses = [queue("**"), queue("p.a"), topic("p.**"), dsub("p.*"), queue("new")];
  host.publishToMatching(addresses, sampleMessage("m"), 1, 10);
  assert.deepEqual(lengths(here), { "p.a": 2, "p.b": 2, q: 2, "p.no": 0, new: 1 });
  assert.deepEqual(here.listener.bodies, ["m"]);
  assert.equal(here.engine.router.dsubs.get("p.d")!.queue.length, 1);
});

test("a mirrored queue that a pattern matches: one copy for it and its topic [messaging 8]", async () => {
  const { client } = await startHost(queuesOf({ m: { mirrored: true } }));
  const { host } = client();
  const [listener, consumer] = [automatic(), automatic()];
  host.subscribe({ addresses: [topic("m")] }, listener);
  host.subscribe({ addresses: [queue("m")] }, consumer);
  host.publishToMatching([queue("*"), topic("*")], sampleMessage("m"), 1, 10);
  assert.deepEqual([listener.bodies, consumer.bodies], [["m"], ["m"]]);
});

test("more than allowed, or a name that is refused, is a refusal of all", async () => {
  const here = await populated();
  const { host, producer } = here.client();
  host.publishToMatching([queue("**")], sampleMessage("m"), 1, 2);
  host.publishToMatching([queue("p.*"), queue("p.no")], sampleMessage("m"), 2, 10);
  assert.match(String(producer.confirmations[0]), /^1: More than 2 destinations match, 'queue:\*\*' among/);
  assert.match(String(producer.confirmations[1]), /^2: Not authorized to send to the queue 'p.no'/);
  assert.deepEqual(lengths(here), { "p.a": 1, "p.b": 1, q: 1, "p.no": 0 });
});

test("in a transaction the commit says what the pattern stands for; one refusal is none of all [messaging 12]", async () => {
  const here = await populated();
  const { host, send } = here.client();
  const first = host.begin();
  first.publishToMatching([queue("p.*"), queue("q")], sampleMessage("m"), 10);
  send(queue("p.later"), "first");
  assert.equal(first.refusal, undefined);
  const errors: (string | undefined)[] = [];
  first.commit((error) => errors.push(error?.message));
  const second = host.begin();
  second.publish(queue("q"), sampleMessage("n"));
  second.publishToMatching([queue("**")], sampleMessage("n"), 3);
  second.commit((error) => errors.push(error?.message));
  await settled();
  assert.match(String(errors.find((text) => text !== undefined)), /^More than 3 destinations/);
  assert.equal(errors.length, 2);
  assert.deepEqual(lengths(here), { "p.a": 2, "p.b": 2, q: 2, "p.no": 0, "p.later": 2 });
});

test("a composite in a transaction is one copy for each destination, as without one [messaging 2.6, 8]", async () => {
  const here = await startHost();
  const { host } = here.client();
  const transaction = host.begin();
  transaction.publishToMatching([queue("a"), queue("a"), queue("b")], sampleMessage("m"), 0);
  transaction.commit(() => undefined);
  assert.deepEqual(lengths(here), { a: 1, b: 1 });
});

test("a transaction says why its commit will fail as soon as that is known [messaging 12]", async () => {
  const here = await populated();
  const { host } = here.client();
  const transaction = host.begin();
  transaction.publish(queue("q"), sampleMessage("m"));
  transaction.publish(queue("p.no"), sampleMessage("m"));
  assert.equal(transaction.refusal?.code, "ACCESS_DENIED");
  let refused = "";
  transaction.commit((error) => {
    refused = error?.code ?? "";
  });
  assert.equal(refused, "ACCESS_DENIED");
  assert.equal(lengths(here)["q"], 1);
});

test("what a client's open transactions hold is free again when it leaves [architecture 6]", async () => {
  const { client, engine } = await startHost({ memoryLimitBytes: 10_000 });
  for (let round = 0; round < 5; round += 1) {
    const { host } = client();
    host.begin().publish(queue("q"), sampleMessage("x".repeat(6_000)));
    host.close();
  }
  assert.equal(engine.memory.isExhausted, false);
});
