import assert from "node:assert/strict";
import { test } from "node:test";
import { Address } from "@tsapollo/domain";
import { dsub, queue, startHost, topic } from "./harness.ts";
import { automatic } from "./selecting.ts";

for (const { id, kind } of [
  { id: "ST-065, OW-011", kind: "queue" },
  { id: "ST-066, OW-012", kind: "topic" },
] as const) {
  test(`${id}: a temporary ${kind}: anybody sends, only its owner consumes, it goes with the owner`, async () => {
    const { client, clock, engine } = await startHost();
    const owner = client();
    const stranger = client();
    const address = new Address(kind, ["temp", "default", owner.clientId, "test"]);
    const consumer = automatic();
    owner.host.subscribe({ addresses: [address] }, consumer);
    owner.send(address, "1");
    stranger.send(address, "2");
    assert.deepEqual(consumer.bodies, ["1", "2"]);
    assert.throws(() => stranger.host.subscribe({ addresses: [address] }, automatic()), {
      code: "ACCESS_DENIED",
      message: "Not authorized to receive from the temporary destination. Principals=[]",
    });
    assert.throws(() => stranger.host.destroy(address), {
      code: "ACCESS_DENIED",
      message: `Not authorized to destroy the temp ${kind} '${address.id}'. Principals=[]`,
    });
    clock.advance(60_000);
    stranger.send(address, "3");
    assert.deepEqual(consumer.bodies, ["1", "2", "3"], "as long as its owner is here");
    owner.host.close();
    stranger.send(address, "lost");
    clock.advance(2_000);
    assert.equal(stranger.host.exists(address), false);
    assert.equal(engine.memory.usedBytes, 0);
    stranger.send(address, "4");
    assert.equal(stranger.producer.confirmations.at(-1), "4: The destination does not exist.");
    assert.equal(stranger.host.exists(address), false);
  });
}

test("what nobody owns is not made by strangers, and what an owner did not make yet is", async () => {
  const { client } = await startHost();
  const owner = client();
  const stranger = client();
  stranger.send(queue("temp.default.default-99.x"), "1");
  assert.match(String(stranger.producer.confirmations[0]), /does not exist/);
  const replies = queue(`temp.default.${owner.clientId}.replies`);
  stranger.send(replies, "early");
  const consumer = automatic();
  owner.host.subscribe({ addresses: [replies] }, consumer);
  assert.deepEqual(consumer.bodies, ["early"]);
});

test("a stranger does not reach a temporary destination by pattern, by browsing or by a durable subscription", async () => {
  const { client } = await startHost();
  const owner = client();
  const stranger = client();
  const path = ["temp", "default", owner.clientId, "x"];
  const [ownQueue, ownTopic] = [new Address("queue", path), new Address("topic", path)];
  const spy = automatic();
  stranger.host.subscribe({ addresses: [queue("temp.**"), topic("temp.**")] }, spy);
  stranger.host.subscribe({ addresses: [topic("temp.**")], durable: dsub("d") }, spy);
  const consumer = automatic();
  owner.host.subscribe({ addresses: [ownQueue, ownTopic] }, consumer);
  stranger.host.subscribe({ addresses: [queue("**")], browse: "forever" }, spy);
  for (const address of [ownQueue, ownTopic]) owner.send(address, "secret", { retain: "set" });
  stranger.host.subscribe({ addresses: [topic("**")] }, spy);
  assert.deepEqual([consumer.bodies, spy.bodies], [["secret", "secret"], []]);
  const direct = { addresses: [ownQueue], browse: "once" as const };
  assert.throws(() => stranger.host.subscribe(direct, spy), { code: "ACCESS_DENIED" });
  assert.throws(() => stranger.host.subscribe({ addresses: [ownTopic], durable: dsub("e") }, spy), {
    code: "ACCESS_DENIED",
  });
});

test("OW-011: its owner may delete it; somebody else's consumer there would have been refused", async () => {
  const { client } = await startHost();
  const owner = client();
  const address = queue(`temp.default.${owner.clientId}.x`);
  owner.host.subscribe({ addresses: [address] }, automatic()).cancel();
  assert.equal(owner.host.exists(address), true);
  owner.host.destroy(address);
  assert.equal(owner.host.exists(address), false);
});

for (const kind of ["queue", "topic"] as const) {
  test(`OW-011: sends to a temporary ${kind} that its owner deleted fail, until the owner makes it again [messaging 2.9]`, async () => {
    const { client, clock, engine } = await startHost();
    const owner = client();
    const stranger = client();
    const address = new Address(kind, ["temp", "default", owner.clientId, "x"]);
    const subscription = owner.host.subscribe({ addresses: [address] }, automatic());
    const [now, later] = [{}, { notBeforeMs: clock.nowMs() + 5_000 }];
    for (const rest of [now, later]) stranger.send(address, "fine", rest);
    subscription.cancel();
    owner.host.destroy(address);
    clock.advance(1_000);
    stranger.send(address, "late");
    clock.advance(10_000);
    assert.deepEqual(stranger.producer.confirmations, [1, 2, "3: The destination does not exist."]);
    assert.equal(engine.router.size, 0, "the delayed one does not make it either");
    const consumer = automatic();
    owner.host.subscribe({ addresses: [address] }, consumer);
    stranger.send(address, "again");
    assert.deepEqual(consumer.bodies, ["again"]);
  });
}

test("of the temporary destinations that a client deleted only the newest are remembered", async () => {
  const { client, engine } = await startHost();
  const owner = client();
  const stranger = client();
  const named = (at: number): Address => queue(`temp.default.${owner.clientId}.${at}`);
  for (let at = 0; at <= 1_000; at += 1) {
    owner.send(named(at), "x");
    owner.host.destroy(named(at));
  }
  stranger.send(named(0), "forgotten");
  stranger.send(named(1), "remembered");
  assert.deepEqual([...engine.router.queues.keys()], [named(0).id]);
});
