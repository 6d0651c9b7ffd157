import assert from "node:assert/strict";
import { test } from "node:test";
import { Address } from "@tsapollo/domain";
import { type RecordedSubscription, sampleMessage, settled, TestDelivery } from "@tsapollo/testkit";
import { Client, type Composite, frames, message, types } from "./wire.ts";

const QUEUE = new Address("queue", ["a"]);

/** A client that receives, what it was offered, and what the broker's engine holds of it. */
async function receiver(
  options: object = {},
  attach: object = {},
  fields: object = {},
): Promise<{
  readonly client: Client;
  readonly subscription: RecordedSubscription;
  readonly offer: (text?: string, rest?: object) => TestDelivery | undefined;
}> {
  const client = await Client.open(options, fields);
  client.attachReceiver(0, { address: "queue://a" }, attach);
  client.heard();
  const [subscription] = client.reception.host.subscriptions;
  const offer = (text = "hello", rest = {}): TestDelivery | undefined => {
    const delivery = new TestDelivery(sampleMessage(text), QUEUE, rest);
    return subscription!.consumer.offer(delivery) ? delivery : undefined;
  };
  return { client, subscription: subscription!, offer };
}

function conditionOf(fields: Composite): string | undefined {
  return (fields["error"] as { condition?: string } | null)?.condition;
}

test("2.6.7 nothing is sent without credit, and exactly as much as there is", async () => {
  const { client, offer, subscription } = await receiver();
  assert.equal(offer(), undefined);
  client.credit(0, 2);
  assert.equal(subscription.resumed, 1);
  assert.ok(offer());
  assert.ok(offer());
  assert.equal(offer(), undefined);
  const sent = client.heard();
  assert.deepEqual(
    sent.map(({ name }) => name),
    ["transfer", "transfer"],
  );
  assert.deepEqual(
    sent.map(({ fields }) => fields["delivery_id"]),
    [0, 1],
  );
});

test("2.6.7 drain uses the credit up", async () => {
  const { client, offer } = await receiver();
  client.credit(0, 5);
  offer();
  client.credit(0, 5, { drain: true });
  const flow = client.heard().find(({ name }) => name === "flow")!.fields;
  assert.deepEqual([flow["delivery_count"], flow["link_credit"], flow["drain"]], [5, 0, true]);
  assert.equal(offer(), undefined);
});

test("2.5.6 the client's window bounds frames, also in the middle of a message", async () => {
  const { client, offer } = await receiver({}, {}, { max_frame_size: 512 });
  client.credit(0, 10, { incoming_window: 2 });
  const large = "x".repeat(2_000);
  assert.ok(offer(large));
  assert.equal(client.heard().length, 2);
  assert.equal(offer(), undefined);
  const window = { next_incoming_id: 2, incoming_window: 100, next_outgoing_id: 0, outgoing_window: 1 };
  client.say(frames.flow(window));
  const rest = client.heard();
  assert.ok(rest.length >= 2);
  assert.equal(rest.at(-1)!.fields["more"], false);
  assert.ok(offer("next"));
});

test("3.4 outcomes, one by one and in ranges, settled by the client or by us", async () => {
  const { client, offer } = await receiver();
  client.credit(0, 10);
  const given = Array.from({ length: 6 }, () => offer()!);
  client.heard();
  const state = (name: string, fields: object = {}): unknown => message[name]!(fields).described();
  const say = (first: number, last: number, settledBy: boolean, what: unknown): void =>
    client.say(frames.disposition({ role: true, first, last, settled: settledBy, state: what }));
  say(0, 1, true, state("accepted"));
  say(2, 2, false, state("released"));
  say(3, 3, true, state("rejected"));
  say(4, 4, true, state("modified", { delivery_failed: true, undeliverable_here: false }));
  say(5, 5, true, undefined);
  assert.deepEqual(
    given.map(({ outcome }) => outcome),
    ["consumed", "consumed", "undelivered", "poisoned", "retry", "consumed"],
  );
  const told = client.heard();
  assert.equal(told.length, 1);
  assert.deepEqual(
    [told[0]!.fields["role"], told[0]!.fields["first"], told[0]!.fields["settled"]],
    [false, 2, true],
  );
});

test("3.2.1 the header says what the broker knows", async () => {
  const { client, offer } = await receiver();
  client.credit(0, 10);
  offer("again", { redeliveryCount: 3 });
  const header = message.decode(client.heard()[0]!.payload!);
  assert.equal(header["delivery_count"], 3);
  assert.equal(header["first_acquirer"], false);
});

test("2.7.5 pre-settled deliveries are consumed when they are sent", async () => {
  const { client, offer } = await receiver({}, { snd_settle_mode: 1 });
  client.credit(0, 1);
  assert.equal(offer()!.outcome, "consumed");
  assert.equal(client.heard()[0]!.fields["settled"], true);
});

test("who does not settle gets no more than the limit", async () => {
  const { client, offer, subscription } = await receiver({ unsettledMax: 2 });
  client.credit(0, 10);
  assert.ok(offer());
  assert.ok(offer());
  assert.equal(offer(), undefined);
  const before = subscription.resumed;
  client.say(
    frames.disposition({
      role: true,
      first: 0,
      last: 0,
      settled: true,
      state: message["accepted"]!({}).described(),
    }),
  );
  assert.equal(subscription.resumed, before + 1);
  assert.ok(offer());
});

test("the end of a link, a session, a connection", async () => {
  for (const end of [frames.detach({ handle: 0, closed: true }), frames.end({}), frames.close({})]) {
    const { client, subscription, offer } = await receiver();
    client.credit(0, 1);
    offer();
    client.say(end);
    assert.equal(subscription.cancelled || client.reception.host.closed, true);
    assert.equal(offer(), undefined);
  }
});

test("2.4.5 empty frames for who wants them, and the end of who is silent", async () => {
  const client = await Client.open({ idleTimeoutMs: 1_000 }, { idle_time_out: 300 });
  client.clock.advance(250);
  assert.deepEqual(
    client.heard().map(({ name }) => name),
    ["empty"],
  );
  client.connection.feed(Buffer.from("0000000802000000", "hex"));
  client.clock.advance(900);
  assert.equal(client.connection.state, "open");
  client.clock.advance(700);
  const close = client.heard().at(-1)!;
  assert.deepEqual([close.name, conditionOf(close.fields)], ["close", "amqp:resource-limit-exceeded"]);
});

test("2.4.1 Open is answered with the limits, and a host that is none with Close", async () => {
  const client = new Client({ channelMax: 9, maxFrameSizeBytes: 4_096 });
  client.connection.feed(Buffer.from("414d515000010000", "hex"));
  client.say(
    frames.open({ container_id: "c", hostname: "invalid", properties: { x: types["wrap_int"]!(1) } }),
  );
  await settled();
  const [open, close] = client.heard();
  assert.deepEqual([open!.fields["channel_max"], open!.fields["max_frame_size"]], [9, 4_096]);
  assert.equal(conditionOf(close!.fields), "amqp:not-found");
  assert.equal(client.connection.closeDelayMs, 5_000);
});
