import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, header } from "./harness.ts";

async function subscribed(ackMode: string, credit?: string, bufferSizeBytes = 100): Promise<Harness> {
  const stomp = new Harness({ bufferSizeBytes });
  await stomp.connect();
  const lines = credit === undefined ? [] : [`credit:${credit}`];
  stomp.send("SUBSCRIBE", "id:0", "destination:/queue/a", `ack:${ackMode}`, ...lines);
  return stomp;
}

/** How many deliveries of a size are taken before the consumer has enough; at most 500. */
function taken(stomp: Harness, sizeBytes: number): number {
  const { consumer } = stomp.lastSubscription;
  const headersLength = stomp.delivery("/queue/a", {}, "message-id:m").message.sizeBytes;
  const body = "b".repeat(sizeBytes - headersLength);
  for (let count = 0; count < 500; count += 1) {
    const delivery = stomp.delivery("/queue/a", {}, "message-id:m", body);
    assert.equal(delivery.message.sizeBytes, sizeBytes);
    if (!consumer.offer(delivery)) return count;
  }
  return 500;
}

/** Delivery goes on while either window is open, so the larger number counts. The buffer is 100. */
const WINDOWS: readonly (readonly [credit: string | undefined, sizeBytes: number, count: number])[] = [
  [undefined, 150, 100],
  [undefined, 50, 100],
  ["1,0", 50, 1],
  ["7,0", 50, 7],
  ["0,0", 50, 0],
  ["0,1", 50, 1],
  ["0,100", 50, 2],
  ["0,101", 50, 3],
  ["2,500", 50, 10],
  ["3,40", 50, 3],
  ["1", 50, 2],
  ["5", 50, 5],
  ["0", 60, 2],
  [" 4 , 0 ", 50, 4],
];
for (const [credit, sizeBytes, count] of WINDOWS) {
  for (const mode of ["client", "client-individual"]) {
    test(`15.7: credit:${credit} in ${mode} takes ${count} messages of ${sizeBytes} bytes`, async () => {
      assert.equal(taken(await subscribed(mode, credit), sizeBytes), count);
    });
  }
}

test("15.7: auto has its credit back as soon as the frame is written", async () => {
  assert.equal(taken(await subscribed("auto", "1,0"), 50), 500);
  assert.equal(taken(await subscribed("auto", "0,1"), 50), 500);
  assert.equal(taken(await subscribed("auto", undefined, 1), 50), 500);
  assert.equal(taken(await subscribed("auto", "0,0"), 50), 0, "nothing was given");
});

test("ST-015: with credit:1,0 each ACK brings one message, to the subscription it is for", async () => {
  const stomp = new Harness();
  await stomp.connect();
  for (const id of [1, 2]) {
    stomp.send("SUBSCRIBE", `id:${id}`, "destination:/queue/a", "ack:client", "credit:1,0");
  }
  const [one, two] = stomp.host.subscriptions;
  const messages = [1, 2, 3, 4].map((body) => stomp.delivery("/queue/a", {}, String(body)));
  assert.equal(one!.consumer.offer(messages[0]!), true);
  assert.equal(one!.consumer.offer(messages[1]!), false);
  assert.equal(two!.consumer.offer(messages[1]!), true);
  assert.equal(two!.consumer.offer(messages[2]!), false);
  stomp.replies();
  stomp.send("ACK", "id:0");
  assert.deepEqual([one!.resumed, two!.resumed], [1, 0]);
  assert.equal(one!.consumer.offer(messages[2]!), true);
  stomp.send("ACK", "id:1");
  assert.deepEqual([one!.resumed, two!.resumed], [1, 1]);
  assert.equal(two!.consumer.offer(messages[3]!), true);
  assert.deepEqual(
    stomp.replies().map((reply) => [header(reply, "subscription"), reply.body]),
    [
      ["1", "3"],
      ["2", "4"],
    ],
  );
});

test("15.7: NACK gives credit back too; a cumulative ACK all of it", async () => {
  const stomp = await subscribed("client", "3,0");
  const { consumer } = stomp.lastSubscription;
  stomp.offer(stomp.delivery("/queue/a"), stomp.delivery("/queue/a"), stomp.delivery("/queue/a"));
  assert.equal(consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.send("NACK", "id:1");
  assert.equal(stomp.lastSubscription.resumed, 1);
  stomp.offer(stomp.delivery("/queue/a"), stomp.delivery("/queue/a"));
  assert.equal(consumer.offer(stomp.delivery("/queue/a")), false);
});

test("15.7: the engine is not told of credit that leaves both windows shut", async () => {
  const stomp = await subscribed("client-individual", "0,50");
  const { consumer } = stomp.lastSubscription;
  const big = stomp.delivery("/queue/a", {}, "b".repeat(200));
  stomp.offer(stomp.delivery("/queue/a"), big);
  assert.equal(consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.send("ACK", "id:0"); // count is 0 again after -2, bytes are far below
  assert.equal(stomp.lastSubscription.resumed, 0);
  stomp.send("ACK", "id:1");
  assert.equal(stomp.lastSubscription.resumed, 1);
});

test("12: a transacted ACK gives credit once, whatever becomes of the transaction", async () => {
  const stomp = await subscribed("client-individual", "1,0");
  const { consumer } = stomp.lastSubscription;
  const [first] = stomp.offer(stomp.delivery("/queue/a"));
  assert.equal(consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.send("ACK", "id:0", "transaction:x");
  assert.equal(stomp.lastSubscription.resumed, 1);
  const [second] = stomp.offer(stomp.delivery("/queue/a"));
  assert.equal(consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.send("ABORT", "transaction:x");
  stomp.send("ACK", "id:0");
  assert.equal(first!.outcome, "consumed");
  assert.equal(stomp.lastSubscription.resumed, 1, "it had its credit back");
  assert.equal(consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.send("ACK", "id:1");
  assert.equal(second!.outcome, "consumed");
  stomp.offer(stomp.delivery("/queue/a"));
});

test("5.10: what expired takes no credit", async () => {
  const stomp = await subscribed("client", "1,0");
  const expired = stomp.delivery("/queue/a", {}, "ttl:1000");
  stomp.clock.advance(1_000);
  stomp.offer(expired, stomp.delivery("/queue/a"));
  assert.equal(expired.outcome, "expired");
});
