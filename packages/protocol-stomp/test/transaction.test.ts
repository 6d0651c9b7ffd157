import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import { Harness, header, type Reply } from "./harness.ts";

function bodies(stomp: Harness): string[] {
  return stomp.host.published.map(({ message }) => Buffer.from(message.body()).toString());
}

function receipts(replies: readonly Reply[]): (string | undefined)[] {
  return replies.map((reply) => header(reply, "receipt-id"));
}

test("ST-050 ST-052: what is sent in a transaction arrives with the commit, in order", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SEND", "destination:/queue/a", "m1");
  stomp.send("BEGIN", "transaction:x");
  stomp.send("SEND", "destination:/queue/a", "transaction:x", "t1");
  stomp.send("SEND", "destination:/queue/a", "m2");
  stomp.send("SEND", "destination:/queue/a", "transaction:x", "t2");
  assert.deepEqual(bodies(stomp), ["m1", "m2"]);
  stomp.send("COMMIT", "transaction:x", "receipt:c");
  stomp.send("SEND", "destination:/queue/a", "m3");
  assert.deepEqual(bodies(stomp), ["m1", "m2", "t1", "t2", "m3"]);
  assert.deepEqual(receipts(stomp.replies()), ["c"]);
});

test("10.3: the receipt of a transacted SEND leaves with the commit", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SEND", "destination:/queue/a", "transaction:x", "receipt:s");
  stomp.send("BEGIN", "transaction:y", "receipt:b");
  assert.deepEqual(receipts(stomp.replies()), ["b"]);
  stomp.send("COMMIT", "transaction:x", "receipt:c");
  assert.deepEqual(receipts(stomp.replies()), ["s", "c"]);
});

test("15.9: ABORT forgets the sends; BEGIN is optional", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SEND", "destination:/queue/a", "transaction:x", "t1");
  stomp.send("ABORT", "transaction:x", "receipt:a");
  assert.deepEqual(receipts(stomp.replies()), ["a"]);
  assert.deepEqual(bodies(stomp), []);
  stomp.send("BEGIN", "transaction:x");
});

for (const [command, lines, text] of [
  ["BEGIN", [], "transaction header not set"],
  ["COMMIT", [], "transaction header not set"],
  ["ABORT", [], "transaction header not set"],
  ["BEGIN", ["transaction:open"], "transaction already started"],
  ["COMMIT", ["transaction:other"], "transaction not active: other"],
  ["ABORT", ["transaction:other"], "transaction not active: other"],
  [
    "BEGIN",
    ["transaction:more"],
    "Too many open transactions: a connection may have 1; commit or abort some",
  ],
] as const) {
  test(`15.9: ${command} ${lines.join(" ")}: ${text}`, async () => {
    const stomp = new Harness({ transactionsMax: 1 });
    await stomp.connect("1.0");
    stomp.send("BEGIN", "transaction:open");
    stomp.send(command, ...lines);
    stomp.failed(text);
  });
}

test("12: a SEND that the commit could not make is an ERROR at once, and nothing of the transaction happens", async () => {
  const stomp = new Harness();
  await stomp.connect("1.0");
  stomp.host.refusals.set("queue:no", new BrokerError("ACCESS_DENIED", "no"));
  stomp.send("SEND", "destination:/queue/yes", "transaction:x");
  stomp.send("SEND", "destination:/queue/no", "transaction:x", "receipt:r 1");
  const { headers } = stomp.only("ERROR");
  assert.deepEqual(headers, [
    ["message", "no"],
    ["receipt-id", "r 1"],
  ]);
  assert.equal(stomp.host.published.length, 0);
});

test("12: a commit that is refused is an ERROR too: rights change", async () => {
  const stomp = new Harness();
  await stomp.connect("1.0");
  stomp.send("SEND", "destination:/queue/no", "transaction:x");
  stomp.host.refuseCommits = new BrokerError("ACCESS_DENIED", "no");
  stomp.send("COMMIT", "transaction:x", "receipt:c");
  stomp.failed("no");
  assert.equal(stomp.host.published.length, 0);
});

async function subscribed(ackMode: string): Promise<Harness> {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:s", "destination:/queue/a", `ack:${ackMode}`);
  return stomp;
}

test("ST-055: acknowledgements in a transaction count with the commit", async () => {
  const stomp = await subscribed("client-individual");
  const [first, second] = stomp.offer(stomp.delivery("/queue/a"), stomp.delivery("/queue/a"));
  stomp.send("ACK", "id:0", "transaction:x");
  stomp.send("NACK", "id:1", "transaction:x");
  assert.deepEqual([first!.outcome, second!.outcome], [undefined, undefined]);
  stomp.send("COMMIT", "transaction:x");
  assert.deepEqual([first!.outcome, second!.outcome], ["consumed", "poisoned"]);
  stomp.replies();
  stomp.offer(stomp.delivery("/queue/a"));
  assert.match(header(stomp.only("MESSAGE"), "ack")!, /^[01]$/, "ack ids are free again");
});

test("ST-058: after an ABORT the deliveries are the client's, to be acknowledged again in order", async () => {
  const stomp = await subscribed("client");
  const deliveries = stomp.offer(
    stomp.delivery("/queue/a"),
    stomp.delivery("/queue/a"),
    stomp.delivery("/queue/a"),
  );
  stomp.send("ACK", "id:1", "transaction:x");
  stomp.send("ABORT", "transaction:x");
  for (const { outcome } of deliveries) assert.equal(outcome, undefined);
  stomp.send("ACK", "id:0");
  assert.deepEqual(
    deliveries.map(({ outcome }) => outcome),
    ["consumed", undefined, undefined],
  );
  stomp.send("ACK", "id:2");
  assert.deepEqual(
    deliveries.map(({ outcome }) => outcome),
    ["consumed", "consumed", "consumed"],
  );
});

test("12: credit returns with a transacted ACK, once", async () => {
  const stomp = new Harness({ bufferSizeBytes: 1 });
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:s", "destination:/queue/a", "ack:client-individual");
  const { consumer } = stomp.lastSubscription;
  stomp.offer(stomp.delivery("/queue/a"));
  assert.equal(consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.send("ACK", "id:0", "transaction:x");
  assert.equal(stomp.lastSubscription.resumed, 1);
  stomp.offer(stomp.delivery("/queue/a"));
  assert.equal(consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.send("COMMIT", "transaction:x");
  assert.equal(consumer.offer(stomp.delivery("/queue/a")), false, "not once more");
});

test("ST-049: a commit after UNSUBSCRIBE still applies; the rest returns before", async () => {
  const stomp = await subscribed("client-individual");
  const [acked, open] = stomp.offer(stomp.delivery("/queue/a"), stomp.delivery("/queue/a"));
  stomp.send("ACK", "id:0", "transaction:x");
  stomp.send("UNSUBSCRIBE", "id:s", "receipt:u");
  assert.equal(stomp.lastSubscription.cancelled, false, "the transaction still holds a delivery");
  assert.deepEqual([acked!.outcome, open!.outcome], [undefined, "retry"]);
  assert.equal(stomp.lastSubscription.consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.send("COMMIT", "transaction:x", "receipt:c");
  assert.equal(acked!.outcome, "consumed");
  assert.equal(stomp.lastSubscription.cancelled, true);
});

test("15.8: ABORT after UNSUBSCRIBE returns what the transaction held", async () => {
  const stomp = await subscribed("client");
  const [held] = stomp.offer(stomp.delivery("/queue/a"));
  stomp.send("ACK", "id:0", "transaction:x");
  stomp.send("UNSUBSCRIBE", "id:s");
  stomp.send("ABORT", "transaction:x");
  assert.equal(held!.outcome, "retry");
  assert.equal(stomp.lastSubscription.cancelled, true);
});

test("15.4: DISCONNECT forgets open transactions and waits for commits under way", async () => {
  const stomp = await subscribed("client");
  const [held] = stomp.offer(stomp.delivery("/queue/a"));
  stomp.replies();
  let done: (() => void) | undefined;
  const begin = stomp.host.begin.bind(stomp.host);
  stomp.host.begin = () => {
    const transaction = begin();
    const commit = transaction.commit.bind(transaction);
    transaction.commit = (callback) => {
      done = () => commit(callback);
    };
    return transaction;
  };
  stomp.send("ACK", "id:0", "transaction:open");
  stomp.send("SEND", "destination:/queue/b", "transaction:x");
  stomp.send("COMMIT", "transaction:x", "receipt:c");
  stomp.send("DISCONNECT", "receipt:d");
  assert.deepEqual(stomp.replies(), []);
  assert.equal(held!.outcome, undefined);
  assert.equal(stomp.lastSubscription.cancelled, true);
  done!();
  assert.deepEqual(receipts(stomp.replies()), ["c", "d"]);
});

const KEPT_TEXT =
  "The open transactions of a connection may keep 1000 bytes of acknowledgements and receipts; commit more often";

test("12: receipts of open transactions are bounded", async () => {
  const stomp = new Harness({ transactedBytesMax: 1_000 });
  await stomp.connect("1.0");
  const receipt = `receipt:${"r".repeat(150)}`;
  for (let count = 0; count < 4; count += 1) {
    stomp.send("SEND", "destination:/queue/yes", `transaction:${count % 2}`, receipt);
  }
  assert.deepEqual(stomp.replies(), []);
  stomp.send("SEND", "destination:/queue/yes", "transaction:0", receipt);
  stomp.failed(KEPT_TEXT);
});

test("12: acknowledgements in open transactions are bounded, and free again when they are over", async () => {
  const stomp = new Harness({ transactedBytesMax: 1_000 });
  await stomp.connect("1.2");
  stomp.send("SUBSCRIBE", "id:s", "destination:/queue/a", "ack:client-individual");
  for (const command of ["ABORT", "COMMIT", "ABORT"]) {
    stomp.offer(...Array.from({ length: 10 }, () => stomp.delivery("/queue/a")));
    const ids = stomp.replies().map((reply) => header(reply, "ack"));
    for (const id of ids) stomp.send("ACK", `id:${id}`, "transaction:x");
    stomp.send(command, "transaction:x");
  }
  assert.deepEqual(stomp.replies(), []);
  stomp.offer(...Array.from({ length: 11 }, () => stomp.delivery("/queue/a")));
  const ids = stomp.replies().map((reply) => header(reply, "ack"));
  for (const id of ids) stomp.send("ACK", `id:${id}`, "transaction:x");
  stomp.failed(KEPT_TEXT);
});
