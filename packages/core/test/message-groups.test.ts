import assert from "node:assert/strict";
import { test } from "node:test";
import type { Subscription } from "@tsapollo/domain";
import { queue, startHost, type TestClient, TestConsumer } from "./harness.ts";
import { acting, automatic, containing, queues } from "./selecting.ts";

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];

/** Sends one message of each group and says which consumer got which. */
function round(client: TestClient, consumers: readonly TestConsumer[]): string[] {
  const before = consumers.map(({ bodies }) => bodies.length);
  for (const groupKey of LETTERS) client.send(queue("q"), groupKey, { groupKey });
  return consumers.map(({ bodies }, at) => bodies.slice(before[at]).sort().join(""));
}

function join(client: TestClient, consumer: TestConsumer): Subscription {
  return client.host.subscribe({ addresses: [queue("q")] }, consumer);
}

for (const gracefulHandoff of [true, false]) {
  test(`ST-030: groups stick, and move only when a consumer comes or goes, graceful ${gracefulHandoff}`, async () => {
    const started = await startHost(queues({ gracefulHandoff }));
    const client = started.client();
    const consumers = [automatic(), automatic()];
    for (const consumer of consumers) join(client, consumer);
    const two = round(client, consumers);
    assert.deepEqual([...two.join("")].sort(), LETTERS);
    for (let again = 0; again < 4; again += 1) assert.deepEqual(round(client, consumers), two);
    const third = automatic();
    const subscription = join(client, third);
    consumers.push(third);
    const three = round(client, consumers);
    assert.deepEqual([...three.join("")].sort(), LETTERS);
    for (let again = 0; again < 4; again += 1) assert.deepEqual(round(client, consumers), three);
    for (const at of [0, 1]) {
      for (const letter of three[at]!)
        assert.ok(two[at]!.includes(letter), "groups move only to the newcomer");
    }
    subscription.cancel();
    assert.deepEqual(round(client, consumers).slice(0, 2), two, "and back when it leaves");
  });
}

test("messages without a group are shared as ever beside groups [messaging 5.5]", async () => {
  const started = await startHost();
  const client = started.client();
  const consumers = [automatic(), automatic()];
  for (const consumer of consumers) join(client, consumer);
  client.send(queue("q"), "grouped", { groupKey: "g" });
  const before = consumers.map(({ bodies }) => bodies.length);
  for (let at = 0; at < 10; at += 1) client.send(queue("q"), String(at));
  assert.deepEqual(
    consumers.map(({ bodies }, at) => bodies.length - before[at]!),
    [5, 5],
  );
});

test("graceful handoff: a newcomer waits until the old owner holds nothing; both then go on [messaging 5.5]", async () => {
  const started = await startHost();
  const client = started.client();
  const old = new TestConsumer();
  join(client, old);
  for (const groupKey of LETTERS) client.send(queue("q"), `1${groupKey}`, { groupKey });
  const newcomer = automatic();
  join(client, newcomer);
  for (const groupKey of LETTERS) client.send(queue("q"), `2${groupKey}`, { groupKey });
  client.send(queue("q"), "no group");
  assert.deepEqual([old.bodies.length, newcomer.bodies.length], [26, 0]);
  for (const delivery of [...old.deliveries]) delivery.settle("consumed");
  const second = [...old.bodies.slice(26), ...newcomer.bodies];
  assert.deepEqual(second.sort(), [...LETTERS.map((letter) => `2${letter}`), "no group"].sort());
  assert.ok(newcomer.bodies.length > 0);
});

test("without graceful handoff a newcomer gets its groups at once [messaging 5.5]", async () => {
  const started = await startHost(queues({ gracefulHandoff: false }));
  const client = started.client();
  const old = new TestConsumer();
  join(client, old);
  const newcomer = automatic();
  round(client, [old]);
  join(client, newcomer);
  const [toOld, toNewcomer] = round(client, [old, newcomer]);
  assert.equal(toOld!.length + toNewcomer!.length, 26);
  assert.ok(toNewcomer!.length > 0);
});

test("quirk 30 mended: nothing is stranded when the owner of a group leaves", async () => {
  const started = await startHost();
  const client = started.client();
  const full = new TestConsumer();
  full.credit = 0;
  const subscription = join(client, full);
  const other = automatic();
  join(client, other);
  for (const groupKey of LETTERS) client.send(queue("q"), groupKey, { groupKey });
  assert.ok(other.bodies.length < 26, "some wait for their owner");
  subscription.cancel();
  assert.deepEqual(other.bodies.sort(), LETTERS);
});

test("a handoff does not wait for a consumer that refuses what it is being offered", async () => {
  const started = await startHost();
  const client = started.client();
  const newcomer = automatic();
  let joined = false;
  client.host.subscribe(
    { addresses: [queue("q")] },
    acting(() => {
      if (!joined) join(client, newcomer);
      joined = true;
      return false;
    }),
  );
  for (const groupKey of LETTERS) client.send(queue("q"), groupKey, { groupKey });
  assert.ok(newcomer.bodies.length > 0);
});

test("a group goes on through several newcomers only when its first owner holds nothing [messaging 5.5]", async () => {
  const started = await startHost();
  const client = started.client();
  const owner = new TestConsumer();
  join(client, owner);
  client.send(queue("q"), "1", { groupKey: "g" });
  const newcomers = Array.from({ length: 40 }, () => automatic());
  const subscriptions = newcomers.map((newcomer) => join(client, newcomer));
  client.send(queue("q"), "2", { groupKey: "g" });
  for (const subscription of subscriptions.slice(20)) subscription.cancel();
  assert.deepEqual(
    newcomers.flatMap(({ bodies }) => bodies),
    [],
  );
  owner.deliveries[0]!.settle("consumed");
  assert.equal(newcomers.flatMap(({ bodies }) => bodies).length + owner.bodies.length, 2);
});

test("the owner of a group is somebody who wants the message [messaging 5.3 step 2]", async () => {
  const started = await startHost();
  const client = started.client();
  const red = automatic();
  const blue = automatic();
  client.host.subscribe({ addresses: [queue("q")], filter: containing("red") }, red);
  client.host.subscribe({ addresses: [queue("q")], filter: containing("blue") }, blue);
  for (const groupKey of LETTERS) {
    client.send(queue("q"), `red ${groupKey}`, { groupKey });
    client.send(queue("q"), `blue ${groupKey}`, { groupKey });
    client.send(queue("q"), `nobody ${groupKey}`, { groupKey });
  }
  assert.deepEqual([red.bodies.length, blue.bodies.length], [26, 26]);
});

test("the first grouped message may come from within an offer; what was ready before is not forgotten", async () => {
  const started = await startHost();
  const client = started.client();
  const got: string[] = [];
  for (const text of ["1", "2", "3"]) client.send(queue("q"), text);
  const consumer = acting((delivery) => {
    if (delivery.sequence === 1) client.send(queue("q"), "4", { groupKey: "g" });
    got.push(String(delivery.sequence));
    delivery.settle("consumed");
    return true;
  });
  client.host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.deepEqual(got, ["1", "2", "3", "4"]);
});

test("a selective consumer may join from within an offer, and gets only what it wants", async () => {
  for (const refuses of [false, true]) {
    const started = await startHost();
    const client = started.client();
    const red = automatic();
    const first = automatic();
    const offer = first.offer.bind(first);
    let joined = false;
    first.offer = (delivery) => {
      if (joined) return offer(delivery);
      joined = true;
      client.host.subscribe({ addresses: [queue("q")], filter: containing("red") }, red);
      return refuses ? false : offer(delivery);
    };
    for (const text of ["1", "2 red", "3", "4 red"]) client.send(queue("q"), text);
    const subscription = join(client, first);
    assert.ok(red.bodies.every((body) => body.includes("red")));
    subscription.resume();
    assert.deepEqual([...first.bodies, ...red.bodies].sort(), ["1", "2 red", "3", "4 red"]);
  }
});

test("who is suspended while a message is offered to another gets it when the other refuses", async () => {
  const started = await startHost();
  const client = started.client();
  const busy = new TestConsumer();
  const refusing = new TestConsumer();
  for (const consumer of [busy, refusing]) join(client, consumer);
  for (const groupKey of LETTERS) client.send(queue("q"), groupKey, { groupKey });
  for (const delivery of refusing.deliveries) delivery.settle("consumed");
  assert.ok(busy.bodies.length > 0);
  let refused = "";
  refusing.offer = ({ sequence }) => {
    const newcomer = automatic(0);
    join(client, newcomer);
    refused = String(sequence);
    return false;
  };
  for (let at = 1; refused === ""; at += 1) client.send(queue("q"), String(26 + at));
  assert.ok(!busy.bodies.includes(refused));
  for (const delivery of [...busy.deliveries]) delivery.settle("consumed");
  assert.ok(busy.bodies.includes(refused));
});
