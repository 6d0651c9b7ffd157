import assert from "node:assert/strict";
import { test } from "node:test";
import { type Address, BrokerError } from "@tsapollo/domain";
import { TestDelivery, TestReception } from "@tsapollo/testkit";
import { Harness, header, names } from "./harness.ts";

for (const [kind, id] of [
  ["queue", "ST-065"],
  ["topic", "ST-066"],
] as const) {
  test(`${id}: a temporary ${kind} has a real name, which receivers read`, async () => {
    const stomp = new Harness();
    await stomp.connect();
    const name = `/temp-${kind}/test`;
    const message = stomp.published(`destination:${name}`, `reply-to:${name}`, "persistent:true", "1");
    const { address } = stomp.host.published[0]!;
    assert.deepEqual([address.kind, address.path], [kind, ["temp", "default", "default-1", "test"]]);
    stomp.send("SUBSCRIBE", "id:0", `destination:${name}`);
    assert.equal(stomp.lastSubscription.request.addresses[0], address, "the same Address object");
    stomp.offer(new TestDelivery(message, address));
    const delivered = stomp.only("MESSAGE");
    assert.equal(delivered.body, "1");
    assert.deepEqual(
      delivered.headers.filter(([key]) => key === "destination" || key === "reply-to"),
      [
        ["reply-to", `/${kind}/temp.default.default-1.test`],
        ["destination", `/${kind}/temp.default.default-1.test`],
        ["destination", name],
        ["reply-to", name],
      ],
      "15.6: rewritten headers first, then what the sender wrote",
    );
  });
}

test("ST-065: another connection sends to the real name, and that is what is delivered", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const message = stomp.published("destination:/queue/temp.default.default-7.test", "2");
  assert.equal(stomp.host.published[0]!.address.key, "queue:temp.default.default-7.test");
  assert.equal(
    Buffer.from(message.bytes).toString(),
    "message-id:default-11\ndestination:/queue/temp.default.default-7.test\n\n2",
  );
});

test("ST-065: whose it is, the engine says", async () => {
  const stomp = new Harness();
  await stomp.connect("1.0");
  const text = "Not authorized to receive from the temporary destination. Principals=[]";
  stomp.host.refusals.set("queue:temp.default.default-7.test", new BrokerError("ACCESS_DENIED", text));
  stomp.send("SUBSCRIBE", "id:0", "destination:/queue/temp.default.default-7.test");
  stomp.failed(text);
});

test("2.9: every connection has its own; names are escaped and encoded where they must be", async () => {
  const stomp = new Harness();
  stomp.reception.login = async (request) => {
    const admission = await TestReception.prototype.login.call(stomp.reception, request);
    return { ...admission, clientId: "my.host-a:1" };
  };
  await stomp.connect();
  const message = stomp.published("destination:/temp-queue/a.b%2fc");
  const { address } = stomp.host.published[0]!;
  assert.deepEqual(address.path, ["temp", "default", "my.host-a:1", "a", "b/c"]);
  stomp.send("SUBSCRIBE", "id:0", "destination:/temp-queue/**");
  assert.equal(stomp.lastSubscription.request.addresses[0]!.key, "queue:temp.default.my\\dhost-a:1.**");
  stomp.offer(new TestDelivery(message, address));
  assert.match(stomp.raw(), /\ndestination:\/queue\/temp\.default\.my%2ehost-a\\c1\.a\.b%2fc\n/);
});

test("15.6: in a composite only the temporary ones are rewritten", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SEND", "destination:/queue/a,/temp-topic/b", "reply-to:/temp-queue/c,/topic/d");
  const text = Buffer.from(stomp.host.published[1]!.message.bytes).toString();
  assert.match(
    text,
    /^message-id:default-11\nreply-to:\/queue\/temp\.default\.default-1\.c,\/topic\/d\ndest/,
  );
  assert.match(text, /\ndestination:\/queue\/a,\/topic\/temp\.default\.default-1\.b\ndestination:/);
});

for (const replyTo of [
  "sms:8139993334444",
  "/queue/answers",
  "/temp-queue/no/name",
  "sms:/temp-queue/a",
  ",",
  "/temp-queue/a,sms:1",
  "",
]) {
  test(`ST-067: reply-to:${replyTo} is relayed as it is`, async () => {
    const stomp = new Harness();
    await stomp.connect("1.0");
    stomp.send("SUBSCRIBE", "destination:/queue/a");
    for (let time = 0; time < 2; time += 1) {
      stomp.offer(stomp.delivery("/queue/a", {}, `reply-to:${replyTo}`, "receipt:r", "hi"));
      const [receipt, message] = stomp.replies();
      assert.equal(receipt?.command, "RECEIPT");
      assert.equal(header(message, "reply-to"), replyTo);
      assert.equal(names(message!).filter((name) => name === "reply-to").length, 1);
    }
  });
}

test("2.9: other protocols get the real address to answer to", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const message = stomp.published("destination:/queue/a", "reply-to:/temp-queue/r", "message-id:m", "hi");
  const { replyTo } = message.codec.toNeutral(message);
  assert.equal((replyTo as Address).key, "queue:temp.default.default-1.r");
});

test("the connector's own prefixes name temporary destinations", async () => {
  const stomp = new Harness({ tempQueuePrefix: "tq:", tempTopicPrefix: "tt:" });
  await stomp.connect("1.0");
  const message = stomp.published("destination:tt:a", "reply-to:tq:b");
  assert.equal(stomp.host.published[0]!.address.key, "topic:temp.default.default-1.a");
  assert.match(Buffer.from(message.bytes).toString(), /\nreply-to:\/queue\/temp\.default\.default-1\.b\n/);
  stomp.send("SEND", "destination:/temp-queue/a");
  assert.match(header(stomp.only("ERROR"), "message")!, /must start with .* tt: or tq:$/);
});

test("a prefix that is also a queue's means queues", async () => {
  const stomp = new Harness({ queuePrefix: "q:", tempQueuePrefix: "q:temp:" });
  await stomp.connect("1.0");
  const message = stomp.published("destination:q:temp:a", "reply-to:q:temp:b");
  assert.equal(stomp.host.published[0]!.address.key, "queue:temp:a");
  assert.equal(Buffer.from(message.bytes).toString().split("reply-to:").length, 2);
});

test("more names than are remembered, and longer ones, are read all the same", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const sent = (name: string): string => {
    stomp.send("SEND", `destination:${name}`);
    return stomp.host.published[stomp.host.published.length - 1]!.address.key;
  };
  const first = sent("/temp-queue/n0");
  for (let count = 1; count <= 1_005; count += 1) sent(`/temp-queue/n${count}`);
  assert.equal(sent("/temp-queue/n0"), first);
  const long = "x".repeat(9_000);
  for (let count = 0; count < 40; count += 1)
    assert.equal(sent(`/queue/${long}${count}`), `queue:${long}${count}`);
  assert.equal(sent(`/queue/${long}0`), `queue:${long}0`);
  assert.equal(sent("/temp-queue/n0"), first);
});
