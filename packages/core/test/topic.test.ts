import assert from "node:assert/strict";
import { test } from "node:test";
import type { Authorizer, Resource } from "@tsapollo/domain";
import { settled } from "@tsapollo/testkit";
import { dsub, queue, startHost, TestConsumer, topic } from "./harness.ts";

test("a topic copies to everybody and keeps nothing [messaging 2.1]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  send(topic("t"), "lost");
  const one = new TestConsumer();
  const two = new TestConsumer();
  host.subscribe({ addresses: [topic("t")] }, one);
  host.subscribe({ addresses: [topic("*")] }, two);
  send(topic("t"), "a");
  assert.deepEqual([one.bodies, two.bodies], [["a"], ["a"]]);
  assert.equal(one.deliveries[0]!.sequence, -1);
});

test("overlapping patterns deliver one copy, and removing one keeps the others [MQ-003]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  const addresses = [topic("o.**"), topic("o.a.b"), topic("o.a.*")];
  const subscription = host.subscribe({ addresses }, consumer);
  send(topic("o.a.b"), "1");
  send(topic("o.a"), "2");
  subscription.remove(topic("o.**"));
  send(topic("o.a.b"), "3");
  send(topic("o.a"), "not");
  subscription.remove(topic("o.a.b"));
  send(topic("o.a.b"), "4");
  assert.equal(subscription.remove(topic("o.a.*")), true);
  assert.equal(subscription.remove(topic("o.a.*")), false);
  send(topic("o.a.b"), "not");
  subscription.add(topic("**"));
  send(topic("foo"), "5");
  assert.deepEqual(consumer.bodies, ["1", "2", "3", "4", "5"]);
});

for (const { pattern, name, matches } of [
  { pattern: "a.**", name: "a", matches: true },
  { pattern: "a.**", name: "a.b.c", matches: true },
  { pattern: "**", name: "$other.x", matches: false },
  { pattern: "*.x", name: "$other.x", matches: false },
  { pattern: "$other.**", name: "$other.x", matches: true },
  { pattern: "*.*", name: ".a", matches: true },
  { pattern: "*", name: ".a", matches: false },
  { pattern: "a.*", name: "a.", matches: true },
  { pattern: "a.*", name: "a", matches: false },
  { pattern: "x.*[0-9]+", name: "x.12", matches: true },
  { pattern: "x.*[0-9]+", name: "x.1a", matches: false },
]) {
  for (const order of ["before", "after"] as const) {
    test(`${pattern} ${matches ? "matches" : "does not match"} ${name} created ${order} it [messaging 2.5]`, async () => {
      const { client } = await startHost();
      const { host, send } = client();
      if (order === "before") send(topic(name), "old");
      const consumer = new TestConsumer();
      host.subscribe({ addresses: [topic(pattern)] }, consumer);
      send(topic(name), "new");
      assert.deepEqual(consumer.bodies, matches ? ["new"] : []);
    });
  }
}

test("the retained message goes to new listeners, also by pattern; clearing forgets it [messaging 9]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const early = new TestConsumer();
  host.subscribe({ addresses: [topic("t")] }, early);
  send(topic("t"), "1");
  send(topic("t"), "2", { retain: "set" });
  send(topic("t"), "3");
  const late = new TestConsumer();
  const subscription = host.subscribe({ addresses: [topic("*")] }, late);
  assert.deepEqual(
    late.deliveries.map(({ retained }) => retained),
    [true],
  );
  subscription.add(topic("*"));
  assert.deepEqual(late.bodies, ["2", "2"], "a renewed subscription gets it again [MQTT-3.8.4-3]");
  send(topic("t"), "", { retain: "clear" });
  const last = new TestConsumer();
  host.subscribe({ addresses: [topic("t")] }, last);
  assert.deepEqual(last.bodies, []);
  assert.deepEqual(early.bodies, ["1", "2", "3", ""]);
  assert.deepEqual(
    early.deliveries.map(({ retained }) => retained),
    [false, false, false, false],
  );
});

test("a retained message expires", async () => {
  const { client, clock, engine } = await startHost();
  const { host, send } = client();
  send(topic("t"), "1", { retain: "set", expiresAtMs: clock.nowMs() + 10 });
  clock.advance(11);
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [topic("t")] }, consumer);
  assert.deepEqual(consumer.bodies, []);
  assert.equal(engine.memory.usedBytes, 0);
});

test("a slow consumer makes producers wait past its buffer, keeps order, loses nothing [messaging 6]", async () => {
  const { client } = await startHost({ consumerBufferBytes: 10 });
  const { host, send, producer } = client();
  const slow = new TestConsumer();
  slow.credit = 1;
  const fast = new TestConsumer();
  const subscription = host.subscribe({ addresses: [topic("t")] }, slow);
  host.subscribe({ addresses: [topic("t")] }, fast);
  const accepted = ["aaaa", "bbbb", "cccc", "dddd"].map((text) => send(topic("t"), text));
  assert.deepEqual(accepted, [true, true, true, false]);
  slow.credit = 1;
  subscription.resume();
  assert.equal(producer.resumptions, 0);
  slow.credit = 9;
  subscription.resume();
  assert.equal(producer.resumptions, 1);
  assert.deepEqual(slow.bodies, fast.bodies);
});

test("a consumer without progress is cut off when producers wait for it too long", async () => {
  const { client, clock } = await startHost({ consumerBufferBytes: 1, slowConsumerTimeoutMs: 5_000 });
  const { host, send, producer } = client();
  const stuck = new TestConsumer();
  stuck.credit = 0;
  host.subscribe({ addresses: [topic("t")] }, stuck);
  assert.equal(send(topic("t"), "a"), false);
  clock.advance(4_000);
  assert.equal(stuck.reason, undefined);
  clock.advance(3_000);
  assert.match(stuck.reason!, /took no message for 5 seconds/);
  assert.equal(producer.resumptions, 1);
});

test("a waiting producer that leaves is forgotten", async () => {
  const { client } = await startHost({ consumerBufferBytes: 1 });
  const one = client();
  const stuck = new TestConsumer();
  stuck.credit = 0;
  const subscription = client().host.subscribe({ addresses: [topic("t")] }, stuck);
  one.send(topic("t"), "a");
  one.host.close();
  subscription.cancel();
  assert.equal(one.producer.resumptions, 0);
});

test("a durable subscription collects while nobody is attached, and keeps the topic's address [messaging 7]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const request = { addresses: [topic("a.*"), topic("b")], durable: dsub("d") };
  const first = new TestConsumer();
  host.subscribe(request, first).cancel();
  send(topic("a.x"), "1", { persistent: true });
  send(topic("b"), "2");
  send(topic("c"), "not");
  const second = new TestConsumer();
  host.subscribe(request, second);
  assert.deepEqual(second.bodies, ["1", "2"]);
  assert.deepEqual(
    second.deliveries.map(({ address }) => address.key),
    ["topic:a.x", "topic:b"],
  );
  assert.deepEqual(
    second.deliveries.map(({ sequence }) => sequence),
    [1, 2],
  );
});

test("re-binding replaces the topics; destroying forgets everything [messaging 7]", async () => {
  const { client, engine } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [topic("a")], durable: dsub("d") }, consumer).cancel();
  host.subscribe({ addresses: [topic("b")], durable: dsub("d") }, consumer);
  send(topic("a"), "1");
  send(topic("b"), "2");
  assert.deepEqual(consumer.bodies, ["2"]);
  host.destroy(dsub("d"));
  assert.equal(host.exists(dsub("d")), false);
  send(topic("b"), "3");
  assert.deepEqual(consumer.bodies, ["2"]);
  assert.equal(engine.memory.usedBytes, 0);
});

test("two consumers of a durable subscription share it; direct sends reach only it [messaging 7]", async () => {
  const { client } = await startHost();
  const { host, send, producer } = client();
  const one = new TestConsumer();
  const two = new TestConsumer();
  host.subscribe({ addresses: [topic("a")], durable: dsub("d") }, one);
  host.subscribe({ addresses: [dsub("d")] }, two);
  for (const text of ["1", "2"]) send(topic("a"), text);
  send(dsub("d"), "3");
  assert.equal(one.bodies.length + two.bodies.length, 3);
  assert.ok(one.bodies.length > 0 && two.bodies.length > 0);
  send(dsub("none"), "4");
  await settled();
  assert.ok(producer.confirmations.includes("4: The destination does not exist."));
  assert.throws(() => host.subscribe({ addresses: [dsub("none")] }, one), {
    message: "Durable subscription does not exist",
  });
  assert.throws(() => host.subscribe({ addresses: [dsub("*")] }, one), { code: "BAD_ADDRESS" });
  assert.throws(() => host.subscribe({ addresses: [queue("q")], durable: dsub("e") }, one), {
    message: "A persistent subscription can only be used on a topic destination",
  });
});

class NameRules implements Authorizer {
  generation = 0;
  denied: Set<string> = new Set();
  can(_identity: unknown, action: string, resource: Resource): boolean {
    return !this.denied.has(`${action} ${resource.kind}:${resource.id}`);
  }
}

test("rights are checked at create, send, receive and consume; patterns skip what is forbidden [instance 14.5]", async () => {
  const rules = new NameRules();
  const { client, engine } = await startHost({}, rules);
  const { host, send, producer } = client();
  for (const denied of ["create topic:no", "send topic:mute", "receive topic:secret", "consume queue:secret"])
    rules.denied.add(denied);
  send(topic("no"), "1");
  send(topic("mute"), "2");
  const refusals = producer.confirmations;
  assert.match(String(refusals[0]), /^1: Not authorized to create the topic 'no'/);
  assert.match(String(refusals[1]), /^2: Not authorized to send to the topic 'mute'/);
  assert.equal(engine.router.topics.has("mute"), false);
  const consumer = new TestConsumer();
  assert.throws(
    () => host.subscribe({ addresses: [topic("secret")] }, consumer),
    /Not authorized to receive from the topic 'secret'/,
  );
  assert.throws(
    () => host.subscribe({ addresses: [queue("secret")] }, consumer),
    /Not authorized to consume from the queue 'secret'/,
  );
  host.subscribe({ addresses: [topic("**"), queue("**")] }, consumer);
  for (const name of ["secret", "open"]) {
    send(topic(name), `topic ${name}`);
    send(queue(name), `queue ${name}`);
  }
  assert.deepEqual(consumer.bodies, ["topic open", "queue open"]);
  rules.denied.add("send topic:open");
  rules.generation += 1;
  send(topic("open"), "late");
  assert.match(String(refusals.at(-1)), /Not authorized to send to the topic 'open'/);
});

test("a durable subscription sees only topics its owner may receive from [quirk 8]", async () => {
  const rules = new NameRules();
  rules.denied.add("receive topic:secret");
  const { client } = await startHost({}, rules);
  const { host, send } = client();
  const consumer = new TestConsumer();
  assert.throws(() => host.subscribe({ addresses: [topic("secret")], durable: dsub("d") }, consumer), {
    code: "ACCESS_DENIED",
  });
  host.subscribe({ addresses: [topic("**")], durable: dsub("d") }, consumer);
  send(topic("secret"), "1");
  send(topic("open"), "2");
  assert.deepEqual(consumer.bodies, ["2"]);
});

test("without auto-creation a missing destination is an error [messaging 3]", async () => {
  const { client } = await startHost({ autoCreateDestinations: false });
  const { host, send, producer } = client();
  send(queue("q"), "a");
  assert.deepEqual(producer.confirmations, ["1: The destination does not exist."]);
  assert.throws(() => host.subscribe({ addresses: [topic("t")] }, new TestConsumer()), {
    code: "DESTINATION_MISSING",
  });
});

test("destinations are limited", async () => {
  const { client } = await startHost({ destinationsMax: 2 });
  const { send, producer } = client();
  for (const name of ["a", "b", "c"]) send(topic(name), "x");
  assert.deepEqual(producer.confirmations.length, 3);
  assert.match(String(producer.confirmations[2]), /destinations_max/);
});

test("an idle topic is deleted and comes back; a route to the old one is not used again", async () => {
  const { client, clock, engine } = await startHost();
  const { host, send } = client();
  const address = topic("t");
  send(address, "a");
  clock.advance(32_000);
  assert.equal(engine.router.topics.size, 0);
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [topic("t")] }, consumer);
  send(address, "b");
  assert.deepEqual(consumer.bodies, ["b"]);
});
