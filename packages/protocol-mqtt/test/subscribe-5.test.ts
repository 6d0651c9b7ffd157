import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import { settled } from "@tsapollo/testkit";
import { type MqttOptions, REASON } from "../src/index.ts";
import { assertPackets, type Client, World } from "./client.ts";
import { connected5, propertiesOf, subscribe5 } from "./client-5.ts";

async function granted(filter: string, options: Partial<MqttOptions> = {}): Promise<unknown[]> {
  const client = await connected5(new World(options));
  const [suback] = client.send(subscribe5(filter));
  return (suback as { granted?: unknown[] } | undefined)?.granted ?? [client.connection.state];
}

const retained = (client: Client): boolean[] =>
  client.subscription.added.map(({ withoutRetained }) => !withoutRetained);

describe("MQTT 5.0: SUBSCRIBE and UNSUBSCRIBE", () => {
  it("[MQTT5-3.8.4-1] [MQTT5-3.8.4-6] [MQTT5-3.8.4-7] [MQTT5-3.9.3-1] one code per filter, in order", async () => {
    const client = await connected5(new World());
    client.host.refusals.set("topic:a", new BrokerError("ACCESS_DENIED", "no a"));
    const subscriptions = ["a", "b", "c"].map((topic, at) => ({ topic, qos: at as 0 | 1 | 2 }));
    const [suback] = client.send({ cmd: "subscribe", messageId: 3, subscriptions, properties: {} });
    assertPackets([suback!], [{ cmd: "suback", messageId: 3, granted: [REASON.NOT_AUTHORIZED, 1, 2] }]);
    assert.equal(propertiesOf(suback)["reasonString"], "no a");
  });

  it("[MQTT5-3.10.4-4] [MQTT5-3.10.4-5] [MQTT5-3.10.4-6] [MQTT5-3.11.3-1] [MQTT5-3.11.3-2] UNSUBACK says what was there", async () => {
    const client = await connected5(new World());
    client.send(subscribe5("a"), subscribe5("$share/g/s"));
    const unsubscriptions = ["a", "b", "$share/g/s", "$share/g/t"];
    const [unsuback] = client.send({ cmd: "unsubscribe", messageId: 4, unsubscriptions, properties: {} });
    const missing = REASON.NO_SUBSCRIPTION_EXISTED;
    assertPackets([unsuback!], [{ cmd: "unsuback", messageId: 4, granted: [0, missing, 0, missing] }]);
  });

  it("[MQTT5-3.8.4-3] [MQTT5-3.8.4-4] retain handling: always, with new subscriptions, never", async () => {
    const client = await connected5(new World());
    for (const rh of [0, 1, 2]) client.send(subscribe5("a", { rh }));
    assert.equal(client.subscription.request.withoutRetained, undefined);
    assert.deepEqual(retained(client), [false, false]);
    client.send(subscribe5("b", { rh: 1 }), subscribe5("b", { rh: 0 }), subscribe5("c", { rh: 2 }));
    assert.deepEqual(retained(client), [false, false, true, true, false]);
    const other = await connected5(new World());
    other.send(subscribe5("a", { rh: 2 }));
    assert.equal(other.subscription.request.withoutRetained, true);
  });

  const refused: [name: string, filter: string, options: Partial<MqttOptions>, code: number][] = [
    ["[MQTT5-3.9.3-2] [MQTT5-3.2.2-10] max_qos: granted is what there is", "a", { maxQos: 1 }, 1],
    ["wildcards", "a/#", { wildcardsAvailable: false }, REASON.WILDCARDS_NOT_SUPPORTED],
    ["shared subscriptions", "$share/g/a", { sharedAvailable: false }, REASON.SHARED_NOT_SUPPORTED],
    ["too many filters", "a", { maxSubscriptions: 0 }, REASON.QUOTA_EXCEEDED],
    ["too long filters", "abc", { maxSubscriptionsLength: 5 }, REASON.QUOTA_EXCEEDED],
    ["part_pattern", "a b", { partPattern: /^[a-z]*$/ }, REASON.TOPIC_FILTER_INVALID],
    ["a shared queue", "$share/g/q/a", { queuePrefix: "q/" }, REASON.TOPIC_FILTER_INVALID],
  ];
  for (const [name, filter, options, code] of refused) {
    it(`${name} are refused with ${code}, not more`, async () => {
      assert.deepEqual(await granted(filter, options), [code]);
    });
  }

  const closing: [name: string, filter: string, reason: number][] = [
    ["[MQTT5-4.7.1-1] `#` before the end", "a/#/b", REASON.TOPIC_FILTER_INVALID],
    ["[MQTT5-4.7.1-2] `+` as part of a level", "a+/b", REASON.TOPIC_FILTER_INVALID],
    ["[MQTT5-4.8.2-1] no group", "$share//a", REASON.PROTOCOL_ERROR],
    ["[MQTT5-4.8.2-2] a group with a wildcard", "$share/g+/a", REASON.PROTOCOL_ERROR],
    ["[MQTT5-4.8.2-2] no filter behind the group", "$share/g", REASON.PROTOCOL_ERROR],
  ];
  for (const [name, filter, reason] of closing) {
    it(`${name} closes the connection`, async () => {
      const client = await connected5(new World());
      assertPackets(client.send(subscribe5(filter)), [{ cmd: "disconnect", reasonCode: reason }]);
      assert.equal(client.connection.state, "closing");
    });
  }

  it("[MQTT5-3.8.3-4] no-local with a shared subscription closes the connection", async () => {
    const client = await connected5(new World());
    const [answer] = client.send(subscribe5("$share/g/a", { nl: true }));
    assertPackets([answer!], [{ cmd: "disconnect", reasonCode: REASON.PROTOCOL_ERROR }]);
  });

  it("identifiers where there are none close the connection", async () => {
    const client = await connected5(new World({ subscriptionIdsAvailable: false }));
    const [answer] = client.send(subscribe5("a", {}, 3));
    assertPackets([answer!], [{ cmd: "disconnect", reasonCode: REASON.SUBSCRIPTION_IDS_NOT_SUPPORTED }]);
  });

  it("the limit of queued messages goes with the durable subscription", async () => {
    const client = await connected5(new World({ maxQueuedMessages: 5 }), { sessionExpiryInterval: 9 });
    client.send(subscribe5("a"));
    assert.deepEqual(client.subscription.request.limit, { messages: 5, whenFull: "drop head" });
  });

  it("many filters let the others have their turn", async () => {
    const client = await connected5(new World());
    const subscriptions = Array.from({ length: 1_000 }, (_, at) => ({ topic: `a/${at}`, qos: 0 as const }));
    const packet = { cmd: "subscribe", messageId: 1, subscriptions, properties: {} } as const;
    assert.equal(client.send(packet, packet).length, 1);
    assert.equal(client.connection.paused, true);
    await settled();
    await settled();
    assert.equal(client.answers().length, 1);
  });

  it("queues of a lasting session are consumed besides its durable subscription", async () => {
    const world = new World({ queuePrefix: "queue/" });
    const client = await connected5(world, { sessionExpiryInterval: 60 });
    await client.sendAndWait(subscribe5("queue/a"), subscribe5("t"));
    const [queue, durable] = client.host.subscriptions;
    assert.deepEqual([queue!.request.durable, [...queue!.addresses.keys()]], [undefined, ["queue:a"]]);
    assert.deepEqual(
      [durable!.request.durable?.key, [...durable!.addresses.keys()]],
      ["dsub:c1", ["topic:t"]],
    );
    client.drop();
    const again = await connected5(world, { sessionExpiryInterval: 60 }, { clean: false });
    assert.equal(again.host.subscriptions.length, 2);
    await again.sendAndWait({ cmd: "unsubscribe", messageId: 2, unsubscriptions: ["t"], properties: {} });
    assert.deepEqual(
      world.host.destroyed.map(({ key }) => key),
      ["dsub:c1"],
    );
    assert.equal(again.host.subscriptions[0]!.cancelled, false);
  });
});
