import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Address } from "@tsapollo/domain";
import { RecordingHost } from "@tsapollo/testkit";
import { sharedAddress } from "../src/index.ts";
import { assertPackets, delivery, World } from "./client.ts";
import { connected5, delivery5, subscribe5 } from "./client-5.ts";

const SHARE = "$share/workers/jobs/+";

describe("shared subscriptions", () => {
  it("[MQTT5-4.8.2-3] members consume from one durable subscription, each with its own QoS and options", async () => {
    const world = new World();
    const one = await connected5(world, {}, { clientId: "one" });
    const two = await world.connected({ clientId: "two" });
    one.send(subscribe5(SHARE, { qos: 1 }, 5));
    assertPackets(two.subscribe(SHARE, 0), [{ cmd: "suback", granted: [0] }]);
    for (const { subscription } of [one, two]) {
      assert.equal(subscription.request.durable?.key, "dsub:$share.workers.jobs\\d\\w");
      assert.deepEqual([...subscription.addresses.keys()], ["topic:jobs.*"]);
      assert.equal(subscription.request.withoutRetained, true); // [MQTT5-3.8.4-4]
    }
    const packet = one.offer(delivery5("jobs/a", 2))!;
    assert.deepEqual([packet.qos, packet.properties?.subscriptionIdentifier], [1, 5]);
    assert.equal(two.offer(delivery5("jobs/a", 2))?.qos, 0);
  });

  it("$queue/filter is one group, and may be had besides a plain filter", async () => {
    const client = await connected5(new World());
    client.send(subscribe5("$queue/a"), subscribe5("a"));
    const [shared, plain] = client.host.subscriptions;
    assert.equal(shared!.request.durable?.key, sharedAddress(undefined, new Address("topic", ["a"])).key);
    assert.equal(plain!.request.durable, undefined);
  });

  it("subscribing again changes QoS and options", async () => {
    const client = await connected5(new World());
    client.send(subscribe5(SHARE, { qos: 0 }), subscribe5(SHARE, { qos: 2 }, 4));
    assert.equal(client.host.subscriptions.length, 1);
    const packet = client.offer(delivery5("jobs/a", 2))!;
    assert.deepEqual([packet.qos, packet.properties?.subscriptionIdentifier], [2, 4]);
  });

  it("with the last member the durable subscription goes, whichever way it leaves", async () => {
    const world = new World();
    const [one, two, three] = await Promise.all(
      ["one", "two", "three"].map((clientId) => connected5(world, {}, { clientId })),
    );
    for (const each of [one, two, three]) each!.send(subscribe5(SHARE));
    one!.send({ cmd: "unsubscribe", messageId: 2, unsubscriptions: [SHARE], properties: {} });
    assert.equal(one!.subscription.cancelled, true);
    two!.drop();
    assert.equal(world.host.destroyed.length, 0);
    three!.drop();
    assert.deepEqual(
      world.host.destroyed.map(({ key }) => key),
      ["dsub:$share.workers.jobs\\d\\w"],
    );
    assert.deepEqual(world.host.states.keys("mqtt-share:"), []);
  });

  it("a session without connection is still a member, until it expires", async () => {
    const world = new World();
    const one = await connected5(world, { sessionExpiryInterval: 10 });
    await one.sendAndWait(subscribe5(SHARE));
    one.drop();
    assert.equal(world.host.destroyed.length, 0);
    world.clock.advance(11_000);
    assert.ok(world.host.destroyed.some(({ key }) => key.startsWith("dsub:$share")));
  });

  it("what members left behind that did not outlive the broker goes at the next start", async () => {
    const world = new World();
    (await connected5(world)).send(subscribe5(SHARE));
    const host = new RecordingHost();
    for (const [key, value] of world.host.states.values) host.states.values.set(key, value);
    new World({}, 10, host);
    assert.deepEqual(
      host.destroyed.map(({ key }) => key),
      ["dsub:$share.workers.jobs\\d\\w"],
    );
    assert.deepEqual(host.states.keys("mqtt"), []);
  });

  it("[MQTT5-4.8.2-6] a member that refuses a message ends it; one that goes gives it back, without DUP for the next", async () => {
    const world = new World();
    const one = await connected5(world, {}, { clientId: "one" });
    const two = await connected5(world, {}, { clientId: "two" });
    for (const each of [one, two]) each.send(subscribe5(SHARE));
    const refused = delivery5("jobs/a", 2);
    const { messageId } = one.offer(refused)!;
    one.send({ cmd: "pubrec", messageId: messageId!, reasonCode: 0x80 });
    assert.equal(refused.outcome, "consumed");
    const unfinished = delivery5("jobs/a", 1, {}, { sequence: 2 });
    one.offer(unfinished);
    one.drop();
    assert.deepEqual([unfinished.outcome, one.subscription.cancelled], [undefined, true]);
    assert.equal(two.offer(delivery("jobs/a", 1, "x", { sequence: 2, redeliveryCount: 1 }))?.dup, false);
  });
});
