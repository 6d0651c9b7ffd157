import assert from "node:assert/strict";
import { test } from "node:test";
import { Address, BrokerError } from "@tsapollo/domain";
import { TestDelivery } from "@tsapollo/testkit";
import { foreignMessage, Harness, header } from "./harness.ts";

async function connected(): Promise<Harness> {
  const stomp = new Harness();
  await stomp.connect("1.0");
  return stomp;
}

function keys(addresses: readonly Address[]): string[] {
  return addresses.map(({ key }) => key);
}

test("2.6: a composite SEND goes to every destination and is answered once", async () => {
  const stomp = await connected();
  stomp.host.confirming = false;
  stomp.send("SEND", "destination:/queue/a,/topic/b.c,/dsub/d,", "receipt:r", "hi");
  const { published } = stomp.host;
  assert.deepEqual(keys(published.map(({ address }) => address)), ["queue:a", "topic:b.c", "dsub:d"]);
  assert.deepEqual(stomp.replies(), []);
  stomp.host.confirmAll();
  assert.equal(header(stomp.only("RECEIPT"), "receipt-id"), "r");
  assert.equal(
    Buffer.from(published[2]!.message.bytes).toString(),
    "message-id:default-11\ndestination:/queue/a,/topic/b.c,/dsub/d,\nreceipt:r\n\nhi",
    "15.6: the composite text is what subscribers read",
  );
});

test("2.6: one refusal is an ERROR; a full destination stops reading", async () => {
  const stomp = await connected();
  stomp.host.refusals.set("queue:b", new BrokerError("ACCESS_DENIED", "no to b"));
  stomp.send("SEND", "destination:/queue/a,/queue/b");
  stomp.failed("no to b");
  assert.equal(stomp.host.published.length, 0);
  const full = await connected();
  full.host.accepting = false;
  full.send("SEND", "destination:/queue/a,/queue/b");
  assert.equal(full.connection.paused, true);
});

test("2.6 12: in a transaction it goes to each with the commit, in order", async () => {
  const stomp = await connected();
  stomp.send("SEND", "destination:/queue/a,/queue/b", "transaction:x", "1");
  stomp.send("SEND", "destination:/queue/c", "transaction:x", "2");
  assert.equal(stomp.host.published.length, 0);
  stomp.send("COMMIT", "transaction:x");
  assert.deepEqual(
    stomp.host.published.map(({ address, message }) => address.key + Buffer.from(message.body()).toString()),
    ["queue:a1", "queue:b1", "queue:c2"],
  );
});

test("2.6: a SEND with wildcards is refused unless the connector says how many destinations it may reach", async () => {
  const stomp = await connected();
  stomp.send("SEND", "destination:/queue/a,/topic/b.*");
  stomp.failed(
    "Internal Server Error: Cannot send to the pattern 'b.*': wildcards are for SUBSCRIBE unless the connector's wildcard_send_max says otherwise",
  );
  const allowed = new Harness({ wildcardSendMax: 3 });
  await allowed.connect();
  allowed.send("SEND", "destination:/queue/b.**", "receipt:r", "1");
  allowed.send("SEND", "destination:/queue/a,/topic/b.*", "transaction:x", "receipt:s", "2");
  allowed.send("COMMIT", "transaction:x");
  assert.deepEqual(keys(allowed.host.published.map(({ address }) => address)), [
    "queue:b.**",
    "queue:a",
    "topic:b.*",
  ]);
  assert.deepEqual(
    allowed.replies().map((reply) => header(reply, "receipt-id")),
    ["r", "s"],
  );
});

test("2.4: every piece must be a name; pieces are not trimmed; the separator can be another or none", async () => {
  const spaced = await connected();
  spaced.send("SEND", "destination:/queue/a, /queue/b");
  assert.match(
    header(spaced.only("ERROR"), "message")!,
    /^Internal Server Error: Invalid destination: ' \/queue/,
  );
  const other = new Harness({ destinationSeparator: "|" });
  await other.connect();
  other.send("SUBSCRIBE", "id:0", "destination:/queue/a|/queue/b||");
  assert.deepEqual(keys(other.lastSubscription.request.addresses), ["queue:a", "queue:b"]);
  const none = new Harness({ destinationSeparator: "" });
  await none.connect();
  none.send("SEND", "destination:/queue/a,/queue/b");
  assert.match(header(none.only("ERROR"), "message")!, /does not match regex/);
});

test("2.6: SUBSCRIBE to several, wildcards among them, is one subscription with one receipt", async () => {
  const stomp = await connected();
  stomp.send("SUBSCRIBE", "id:0", "destination:/queue/a,/topic/b.*,/dsub/c", "receipt:r", "selector:x=1");
  const [topics, others] = stomp.host.subscriptions;
  assert.deepEqual(keys(topics!.request.addresses), ["topic:b.*"]);
  assert.deepEqual(keys(others!.request.addresses), ["queue:a", "dsub:c"]);
  assert.equal(others!.consumer, topics!.consumer);
  assert.equal(others!.request.filter, topics!.request.filter);
  stomp.only("RECEIPT");
});

test("7: a durable subscription collects from several topics", async () => {
  const stomp = await connected();
  stomp.send("SUBSCRIBE", "id:d", "destination:/topic/a,/topic/b.**", "persistent:true");
  const { request } = stomp.lastSubscription;
  assert.deepEqual(keys(request.addresses), ["topic:a", "topic:b.**"]);
  assert.equal(request.durable?.key, "dsub:d");
});

test("7: /dsub/ mixed in is consumed too, through one subscription of the client", async () => {
  const stomp = await connected();
  const lines = ["id:d", "destination:/dsub/e,/topic/a,/dsub/d,/dsub/f", "persistent:true", "ack:client"];
  stomp.send("SUBSCRIBE", ...lines, "credit:1,0", "selector:x=1", "exclusive:true");
  const [collecting, others] = stomp.host.subscriptions;
  assert.deepEqual(keys(collecting!.request.addresses), ["topic:a"]);
  assert.equal(collecting!.request.durable?.key, "dsub:d");
  assert.deepEqual(keys(others!.request.addresses), ["dsub:e", "dsub:f"], "itself once");
  assert.equal(others!.request.durable, undefined);
  assert.equal(others!.request.filter, collecting!.request.filter);
  assert.equal(others!.request.exclusive, true);
  assert.equal(others!.consumer, collecting!.consumer);
  const [message] = stomp.offer(stomp.delivery("/topic/a"));
  assert.equal(collecting!.consumer.offer(stomp.delivery("/topic/a")), false, "they share the credit");
  stomp.replies();
  stomp.send("ACK", "subscription:d", "message-id:default-11");
  assert.equal(message!.outcome, "consumed");
  assert.deepEqual([collecting!.resumed, others!.resumed], [1, 1]);
  stomp.send("UNSUBSCRIBE", "id:d", "persistent:true");
  assert.deepEqual([collecting!.cancelled, others!.cancelled], [true, true]);
  assert.deepEqual(keys(stomp.host.destroyed), ["dsub:d"]);
});

for (const destination of ["/queue/a", "/topic/a,/queue/b", "/temp-queue/a", "/dsub/a", "/dsub/a,/dsub/d"]) {
  test(`7: a persistent subscription to ${destination} is refused`, async () => {
    const stomp = await connected();
    stomp.send("SUBSCRIBE", "id:d", `destination:${destination}`, "persistent:true");
    stomp.failed("A persistent subscription can only be used on a topic destination");
    assert.equal(stomp.host.subscriptions.length, 0);
  });
}

test("7: SEND and SUBSCRIBE to /dsub/ address the durable subscription itself", async () => {
  const stomp = await connected();
  stomp.send("SEND", "destination:/dsub/sub.1", "hi");
  assert.equal(stomp.host.published[0]!.address.key, "dsub:sub.1");
  stomp.send("SUBSCRIBE", "id:0", "destination:/dsub/sub.1");
  const { request } = stomp.lastSubscription;
  assert.deepEqual(keys(request.addresses), ["dsub:sub.1"]);
  assert.equal(request.durable, undefined);
});

test("15.6: a durable subscriber reads the topic as destination, whoever sent", async () => {
  const stomp = await connected();
  stomp.send("SUBSCRIBE", "id:d", "destination:/topic/a.*", "persistent:true");
  const topic = new Address("topic", ["a", "b"]);
  stomp.offer(new TestDelivery(stomp.published("destination:/topic/a.b"), topic));
  assert.equal(header(stomp.only("MESSAGE"), "destination"), "/topic/a.b");
  stomp.offer(new TestDelivery(foreignMessage({}, "hi"), topic));
  assert.equal(header(stomp.only("MESSAGE"), "destination"), "/topic/a.b");
});

test("the engine's refusal of the second part ends the connection", async () => {
  const stomp = await connected();
  const missing = new BrokerError("DESTINATION_MISSING", "Durable subscription does not exist");
  stomp.host.refusals.set("dsub:e", missing);
  stomp.send("SUBSCRIBE", "id:d", "destination:/topic/a,/dsub/e", "persistent:true", "receipt:r");
  stomp.failed("Durable subscription does not exist");
  assert.equal(stomp.host.closed, true);
});
