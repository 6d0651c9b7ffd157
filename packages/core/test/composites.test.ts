import assert from "node:assert/strict";
import { test } from "node:test";
import type { Address } from "@tsapollo/domain";
import { sampleMessage, settled } from "@tsapollo/testkit";
import { queue, startHost, topic } from "./harness.ts";
import { automatic, queuesOf } from "./selecting.ts";

for (const { title, addresses, expected } of [
  { title: "to each", addresses: [queue("a"), queue("b"), topic("t")], expected: { a: 1, b: 1, t: 1 } },
  { title: "named twice, one copy", addresses: [queue("a"), queue("a")], expected: { a: 1, b: 0, t: 0 } },
  { title: "a topic twice", addresses: [topic("t"), queue("b"), topic("t")], expected: { a: 0, b: 1, t: 1 } },
  { title: "to none", addresses: [], expected: { a: 0, b: 0, t: 0 } },
] as { title: string; addresses: Address[]; expected: Record<string, number> }[]) {
  test(`a composite send, ${title}: one confirmation [messaging 2.6]`, async () => {
    const { client } = await startHost();
    const { host, producer } = client();
    const consumers = new Map([queue("a"), queue("b"), topic("t")].map((one) => [one.id, automatic()]));
    for (const address of [queue("a"), queue("b"), topic("t")]) {
      host.subscribe({ addresses: [address] }, consumers.get(address.id)!);
    }
    host.publishToAll(addresses, sampleMessage("m"), 7);
    await settled();
    assert.deepEqual(
      Object.fromEntries([...consumers].map(([id, { bodies }]) => [id, bodies.length])),
      expected,
    );
    assert.deepEqual(producer.confirmations, [7]);
  });
}

test("one refusal refuses all, with every reason [messaging 2.6]", async () => {
  const can = (_identity: unknown, action: string, { id }: { id: string }) =>
    !(action === "send" && id.startsWith("no"));
  const { client, engine } = await startHost({}, { generation: 0, can });
  const { host, producer } = client();
  host.publishToAll([queue("a"), queue("no1"), topic("no2")], sampleMessage("m"), 1);
  assert.match(String(producer.confirmations[0]), /send to the queue 'no1'.*; Not.*send to the topic 'no2'/);
  assert.equal(producer.confirmations.length, 1);
  assert.equal(engine.router.queues.get("a")?.length ?? 0, 0);
});

test("a stored composite message has one body, and its confirmation waits for the store once", async () => {
  const { client, store } = await startHost();
  const { host, producer } = client();
  store.automatic = false;
  host.publishToAll([queue("a"), queue("b")], sampleMessage("m", { persistent: true }), 1);
  await settled();
  assert.deepEqual(producer.confirmations, []);
  assert.equal(store.log[0]!.split("message m").length, 2);
  assert.match(store.log[0]!, /\+1:1.*\+2:1/);
  store.finish();
  assert.deepEqual(producer.confirmations, [1]);
});

test("one full destination makes the producer of a composite wait", async () => {
  const { client } = await startHost(queuesOf({ full: { quotaMessages: 0 } }));
  const { host, producer } = client();
  assert.equal(host.publishToAll([queue("full"), queue("b")], sampleMessage("m"), 1), false);
  host.subscribe({ addresses: [queue("full")] }, automatic());
  assert.equal(producer.resumptions, 1);
});

test("a composite for a full destination waits, and what follows with it: all or nothing, in order [messaging 11]", async () => {
  const { client, engine } = await startHost(
    queuesOf({ full: { quotaMessages: 1 }, more: { quotaMessages: 1 } }),
  );
  const { host, producer } = client();
  const lengths = () => ["full", "b", "more"].map((name) => engine.router.queues.get(name)?.length ?? 0);
  for (const token of [1, 2]) host.publish(queue("full"), sampleMessage(`f${token}`), token);
  for (const token of [3, 4]) host.publish(queue("more"), sampleMessage(`m${token}`), token);
  assert.equal(host.publishToAll([queue("b"), queue("full"), queue("more")], sampleMessage("all"), 5), false);
  assert.equal(host.publish(queue("b"), sampleMessage("after"), 6), false);
  assert.equal(host.publishToAll([queue("b"), topic("t")], sampleMessage("last"), 7), false);
  assert.deepEqual(lengths(), [2, 0, 2]);
  assert.deepEqual(producer.confirmations, [1, 2, 3, 4]);
  const full = automatic(2);
  const subscription = host.subscribe({ addresses: [queue("full")] }, full);
  assert.deepEqual([lengths(), producer.resumptions], [[0, 0, 2], 0], "room in one of two is not enough");
  const more = automatic(2);
  host.subscribe({ addresses: [queue("more")] }, more);
  assert.deepEqual([lengths(), producer.resumptions], [[1, 3, 1], 1]);
  await settled();
  assert.deepEqual(producer.confirmations, [1, 2, 3, 4, 5, 6, 7]);
  full.credit = 5;
  subscription.resume();
  const other = automatic();
  host.subscribe({ addresses: [queue("b")] }, other);
  assert.deepEqual(
    [full.bodies, other.bodies],
    [
      ["f1", "f2", "all"],
      ["all", "after", "last"],
    ],
  );
});

test("a composite that waited is refused as a whole when the rules have changed; patterns are looked at again", async () => {
  let allowed = true;
  const rules = {
    generation: 0,
    can: (_identity: unknown, action: string, { id }: { id: string }) =>
      allowed || action !== "send" || id !== "b",
  };
  const { client, engine } = await startHost(queuesOf({ full: { quotaMessages: 0 } }), rules);
  const { host, producer } = client();
  for (const name of ["full", "p.x", "p.y"]) host.publish(queue(name), sampleMessage("first"), 0);
  const any = [queue("full"), queue("p.*")];
  assert.equal(host.publishToAll([queue("b"), queue("full")], sampleMessage("refused"), 1), false);
  assert.equal(host.publishToMatching(any, sampleMessage("some"), 2, 10), false);
  assert.equal(host.publishToMatching(any, sampleMessage("too many"), 3, 0), true);
  allowed = false;
  rules.generation += 1;
  host.destroy(queue("p.y"));
  host.subscribe({ addresses: [queue("full")] }, automatic());
  await settled();
  assert.match(String(producer.confirmations[0]), /^3: More than 0 destinations/);
  assert.match(String(producer.confirmations[1]), /^1: Not authorized to send to the queue 'b'/);
  assert.deepEqual(producer.confirmations.slice(2), [2]);
  const names = [...engine.router.queues.keys()];
  assert.deepEqual([names.includes("p.y"), engine.router.queues.get("p.x")!.length], [false, 2]);
  assert.equal(engine.router.queues.get("b")!.length, 0);
});

test("a mirrored queue and its topic get one copy [messaging 8]", async () => {
  const { client } = await startHost(queuesOf({ m: { mirrored: true } }));
  const { host } = client();
  const listener = automatic();
  const consumer = automatic();
  host.subscribe({ addresses: [topic("m")] }, listener);
  host.subscribe({ addresses: [queue("m")] }, consumer);
  host.publishToAll([queue("m"), topic("m")], sampleMessage("m"), 1);
  assert.deepEqual([listener.bodies, consumer.bodies], [["m"], ["m"]]);
});

test("OW-002, OW-003, ST-121: subscribing to several, by name and pattern: each message once [messaging 2.6]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const consumer = automatic();
  host.subscribe({ addresses: [queue("p.*"), queue("p.**"), queue("p.a"), topic("p.*")] }, consumer);
  for (const name of ["p", "p.a", "p.a.b", "other.a"]) send(queue(name), `queue ${name}`);
  send(topic("p.a"), "topic p.a");
  assert.deepEqual(consumer.bodies, ["queue p", "queue p.a", "queue p.a.b", "topic p.a"]);
});
