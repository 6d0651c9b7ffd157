import assert from "node:assert/strict";
import { test } from "node:test";
import { dsub, queue, startHost, TestConsumer, topic } from "./harness.ts";
import { automatic, containing, queues } from "./selecting.ts";

test("ST-026, OW-017: a selective consumer takes what it wants, in order; the rest stays for others", async () => {
  const { client, engine } = await startHost();
  const { host, send } = client();
  for (const text of ["1 red", "2 blue", "3 red"]) send(queue("q"), text);
  const red = automatic();
  host.subscribe({ addresses: [queue("q")], filter: containing("red") }, red);
  send(queue("q"), "4 green");
  send(queue("q"), "5 red");
  assert.deepEqual(red.bodies, ["1 red", "3 red", "5 red"]);
  const all = automatic();
  host.subscribe({ addresses: [queue("q")] }, all);
  assert.deepEqual(all.bodies, ["2 blue", "4 green"]);
  assert.equal(engine.memory.usedBytes, 0);
});

for (const roundRobin of [true, false]) {
  test(`whoever wants a message gets it, wherever the turn is, round_robin ${roundRobin} [messaging 5.3, 5.6]`, async () => {
    const { client } = await startHost(queues({ roundRobin }));
    const { host, send } = client();
    const colors = ["red", "green", "blue"];
    const consumers = colors.map(() => automatic());
    consumers.forEach((consumer, at) => {
      host.subscribe({ addresses: [queue("q")], filter: containing(colors[at]!) }, consumer);
    });
    for (let at = 0; at < 9; at += 1) send(queue("q"), `${colors[(at * 2) % 3]} ${at}`);
    assert.deepEqual(
      consumers.map(({ bodies }) => bodies.length),
      [3, 3, 3],
    );
  });
}

test("ST-028, ST-029: consumers that want the same share it, or the first gets everything", async () => {
  for (const { roundRobin, shares } of [
    { roundRobin: true, shares: [2, 2] },
    { roundRobin: false, shares: [4, 0] },
  ]) {
    for (const filter of [undefined, containing("m")]) {
      const { client } = await startHost(queues({ roundRobin }));
      const { host, send } = client();
      const consumers = [automatic(), automatic()];
      const request = { addresses: [queue("q")], ...(filter === undefined ? {} : { filter }) };
      for (const consumer of consumers) host.subscribe(request, consumer);
      for (let at = 0; at < 4; at += 1) send(queue("q"), `m${at}`);
      assert.deepEqual(
        consumers.map(({ bodies }) => bodies.length),
        shares,
      );
    }
  }
});

test("a message given back goes to whoever wants it, before later ones [messaging 5.8]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const red = new TestConsumer();
  red.credit = 1;
  const redSubscription = host.subscribe({ addresses: [queue("q")], filter: containing("red") }, red);
  const blue = automatic(0);
  const blueSubscription = host.subscribe({ addresses: [queue("q")], filter: containing("blue") }, blue);
  for (const text of ["1 red", "2 blue", "3 red", "4 red blue"]) send(queue("q"), text);
  red.deliveries[0]!.settle("retry");
  red.credit = 2;
  redSubscription.resume();
  blue.credit = 9;
  blueSubscription.resume();
  assert.deepEqual(red.bodies, ["1 red", "1 red", "3 red"]);
  assert.equal(red.deliveries[1]!.redeliveryCount, 1);
  assert.deepEqual(blue.bodies, ["2 blue", "4 red blue"]);
});

for (const { fromSequence, expected } of [
  { fromSequence: 0, expected: ["a", "b", "c", "d"] },
  { fromSequence: 1, expected: ["a", "b", "c", "d"] },
  { fromSequence: 3, expected: ["c", "d"] },
  { fromSequence: 9, expected: [] },
  { fromSequence: -1, expected: ["d"] },
]) {
  test(`from sequence ${fromSequence}: ${expected.join(" ") || "nothing"} [messaging 5.1]`, async () => {
    const { client } = await startHost();
    const { host, send } = client();
    for (const text of ["a", "b", "c"]) send(queue("q"), text);
    const consumer = automatic();
    host.subscribe({ addresses: [queue("q")], fromSequence }, consumer);
    send(queue("q"), "d");
    assert.deepEqual(consumer.bodies, expected);
  });
}

test("IT-004: a durable subscription collects by its newest selector, its consumer sees only what it wants", async () => {
  const { client, engine } = await startHost();
  const { host, send } = client();
  const attach = (color: string, consumer: TestConsumer) =>
    host.subscribe({ addresses: [topic("t")], durable: dsub("d"), filter: containing(color) }, consumer);
  const first = automatic();
  attach("red", first).cancel();
  send(topic("t"), "1 red");
  send(topic("t"), "1 blue");
  const second = automatic();
  attach("blue", second);
  send(topic("t"), "2 red");
  send(topic("t"), "3 blue");
  assert.deepEqual([first.bodies, second.bodies], [[], ["3 blue"]]);
  assert.equal(engine.router.dsubs.get("d")!.queue.length, 1, "collected before, wanted by nobody now");
});

test("a refused attachment changes nothing of the durable subscription [messaging 7]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  host.subscribe({ addresses: [topic("t")], durable: dsub("d") }, automatic()).cancel();
  const wrong = { addresses: [topic("t"), queue("q")], filter: containing("never") };
  assert.throws(() => host.subscribe({ ...wrong, durable: dsub("d") }, automatic()), { code: "BAD_ADDRESS" });
  assert.throws(() => host.subscribe({ ...wrong, durable: dsub("new") }, automatic()), {
    code: "BAD_ADDRESS",
  });
  assert.equal(host.exists(dsub("new")), false);
  send(topic("t"), "1");
  const consumer = automatic();
  host.subscribe({ addresses: [dsub("d")] }, consumer);
  assert.deepEqual(consumer.bodies, ["1"]);
});

test("10,000 messages that nobody wants are looked at once, not once per credit", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const filter = containing("red");
  for (let at = 0; at < 10_000; at += 1) send(queue("q"), "blue");
  for (let at = 0; at < 500; at += 1) send(queue("q"), "red");
  const consumer = automatic(0);
  const subscription = host.subscribe({ addresses: [queue("q")], filter }, consumer);
  for (let at = 0; at < 1_000; at += 1) {
    if (at >= 500) send(queue("q"), "red");
    consumer.credit = 1;
    subscription.resume();
  }
  assert.equal(consumer.bodies.length, 1_000);
  assert.ok(filter.asked < 15_000, `asked ${filter.asked} times`);
});

test("a message that others give back does not make a selective consumer look at everything again", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const filter = containing("red");
  const other = new TestConsumer();
  other.credit = 1;
  const otherSubscription = host.subscribe({ addresses: [queue("q")] }, other);
  for (let at = 0; at < 1_000; at += 1) send(queue("q"), "blue");
  for (let at = 0; at < 10; at += 1) send(queue("q"), "red");
  const consumer = automatic(0);
  const subscription = host.subscribe({ addresses: [queue("q")], filter }, consumer);
  for (let at = 0; at < 200; at += 1) {
    other.credit = 1;
    other.deliveries.at(-1)!.settle("retry");
    otherSubscription.resume();
    subscription.resume();
  }
  assert.ok(filter.asked < 3_000, `asked ${filter.asked} times`);
});

test("what is given back within an offer, the latest first, comes again in its old order [messaging 5.8]", async () => {
  for (const filter of [undefined, containing("m")]) {
    const { client } = await startHost();
    const { host, send } = client();
    const consumer = new TestConsumer();
    const offer = consumer.offer.bind(consumer);
    consumer.offer = (delivery) => {
      const first = delivery.sequence === 4;
      if (first) for (const held of [...consumer.deliveries].reverse()) held.settle("retry");
      return offer(delivery);
    };
    host.subscribe({ addresses: [queue("q")], ...(filter === undefined ? {} : { filter }) }, consumer);
    for (let at = 1; at <= 4; at += 1) send(queue("q"), `m${at}`);
    assert.deepEqual(consumer.bodies, ["m1", "m2", "m3", "m4", "m1", "m2", "m3"]);
  }
});
