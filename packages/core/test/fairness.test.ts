import assert from "node:assert/strict";
import { test } from "node:test";
import type { Subscription } from "@tsapollo/domain";
import { queue, startHost, TestConsumer } from "./harness.ts";
import { automatic, containing } from "./selecting.ts";

for (const apart of [false, true]) {
  const title = apart ? "set apart" : "alike";
  const special = apart ? { filter: containing("m") } : {};

  test(`many consumers of one queue, ${title}, share a flood evenly`, async () => {
    const { client } = await startHost();
    const { host, send } = client();
    const consumers = Array.from({ length: 50 }, () => automatic());
    for (const consumer of consumers) host.subscribe({ addresses: [queue("q")], ...special }, consumer);
    for (let at = 0; at < 5_000; at += 1) send(queue("q"), "m");
    assert.deepEqual(new Set(consumers.map(({ bodies }) => bodies.length)), new Set([100]));
  });

  test(`many consumers of one queue, ${title}, with one credit at a time: nobody is left out, order is kept`, async () => {
    const { client } = await startHost();
    const { host, send } = client();
    const order: number[] = [];
    const members = Array.from({ length: 10 }, () => {
      const consumer = automatic(1);
      const offer = consumer.offer.bind(consumer);
      consumer.offer = (delivery) => {
        const taken = offer(delivery);
        if (taken) order.push(delivery.sequence);
        return taken;
      };
      return { consumer, subscription: undefined as Subscription | undefined };
    });
    for (const member of members) {
      member.subscription = host.subscribe({ addresses: [queue("q")], ...special }, member.consumer);
    }
    for (let at = 0; at < 1_000; at += 1) send(queue("q"), "m");
    for (let round = 1; round < 100; round += 1) {
      for (const { consumer, subscription } of members) {
        consumer.credit = 1;
        subscription!.resume();
      }
    }
    assert.deepEqual(new Set(members.map(({ consumer }) => consumer.bodies.length)), new Set([100]));
    assert.deepEqual(
      order,
      Array.from({ length: 1_000 }, (_, at) => at + 1),
    );
  });
}

test("a flood in one queue does not starve a trickle in others of the same consumer", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const names = ["flood", ...Array.from({ length: 9 }, (_, at) => `trickle${at}`)];
  const consumer = automatic(0);
  const subscription = host.subscribe({ addresses: names.map((name) => queue(name)) }, consumer);
  for (let at = 0; at < 1_000; at += 1) send(queue("flood"), "flood");
  for (const name of names.slice(1)) send(queue(name), name);
  for (let at = 0; at < 50; at += 1) {
    consumer.credit = 1;
    subscription.resume();
    send(queue("flood"), "flood");
  }
  for (const name of names.slice(1)) assert.ok(consumer.bodies.includes(name), name);
});

test("a thousand queues of one consumer: each gets its turn, nothing is left", async () => {
  const { client, engine } = await startHost();
  const { host, send } = client();
  const consumer = automatic(0);
  const subscription = host.subscribe({ addresses: [queue("many.*")] }, consumer);
  for (let round = 0; round < 2; round += 1) {
    for (let at = 0; at < 1_000; at += 1) send(queue(`many.${at}`), String(at));
  }
  for (let at = 0; at < 200; at += 1) {
    consumer.credit = 10;
    subscription.resume();
  }
  assert.equal(consumer.bodies.length, 2_000);
  assert.equal(engine.memory.usedBytes, 0);
});

test("a producer that waits for a full queue does not keep others from theirs", async () => {
  const { client } = await startHost({ memoryLimitBytes: 1_000 });
  const flood = client();
  const trickle = client();
  const consumer = new TestConsumer();
  consumer.auto = true;
  trickle.host.subscribe({ addresses: [queue("trickle")] }, consumer);
  while (flood.send(queue("flood"), "0123456789"));
  for (let at = 0; at < 10; at += 1) trickle.send(queue("trickle"), String(at));
  assert.equal(consumer.bodies.length, 10);
});
