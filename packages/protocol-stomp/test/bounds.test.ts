import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, header } from "./harness.ts";

test("15.3: a CONNECT frame has at most 64 KiB, whatever the connector allows later", async () => {
  const stomp = new Harness();
  stomp.connection.feed(`CONNECT\n${`a:${"b".repeat(9_000)}\n`.repeat(8)}`);
  stomp.failed("The CONNECT frame is longer than 65536 bytes");
});

test("the SUBSCRIBE headers of a connection are bounded; UNSUBSCRIBE gives them back", async () => {
  const stomp = new Harness({ subscriptionsLengthMax: 200 });
  await stomp.connect();
  const long = `selector:a='${"x".repeat(100)}'`;
  for (let round = 0; round < 3; round += 1) {
    stomp.send("SUBSCRIBE", "id:0", "destination:/topic/a", long);
    stomp.send("UNSUBSCRIBE", "id:0");
  }
  stomp.send("SUBSCRIBE", "id:0", "destination:/topic/a", long);
  assert.deepEqual(stomp.replies(), []);
  stomp.send("SUBSCRIBE", "id:1", "destination:/topic/a", long);
  stomp.failed("Too many subscriptions\\c the SUBSCRIBE headers of a connection may have 200 bytes together");
});

test("what is not acknowledged is bounded; acknowledging makes room, for other subscriptions too", async () => {
  const stomp = new Harness({ unacknowledgedBytesMax: 600 });
  await stomp.connect("1.2");
  stomp.send("SUBSCRIBE", "id:0", "destination:/queue/a", "ack:client");
  const queue = stomp.lastSubscription;
  stomp.send("SUBSCRIBE", "id:1", "destination:/queue/b", "ack:client-individual");
  const other = stomp.lastSubscription;
  for (let count = 0; count < 3; count += 1) {
    assert.equal(queue.consumer.offer(stomp.delivery("/queue/a")), true);
  }
  assert.equal(queue.consumer.offer(stomp.delivery("/queue/a")), false);
  assert.equal(other.consumer.offer(stomp.delivery("/queue/b")), false);
  const [first] = stomp.replies();
  stomp.send("ACK", `id:${header(first, "ack")}`);
  assert.deepEqual([queue.resumed, other.resumed], [1, 1]);
  assert.equal(other.consumer.offer(stomp.delivery("/queue/b")), true);
  stomp.send("UNSUBSCRIBE", "id:0");
  for (let count = 0; count < 2; count += 1) {
    assert.equal(other.consumer.offer(stomp.delivery("/queue/b")), true);
  }
});

test("6: a message that came straight from a topic is not kept until it is acknowledged", async () => {
  const stomp = new Harness();
  await stomp.connect("1.2");
  stomp.send("SUBSCRIBE", "id:0", "destination:/topic/a", "ack:client");
  const delivery = stomp.delivery("/topic/a", { sequence: -1 });
  stomp.offer(delivery);
  stomp.send("ACK", "id:0", "transaction:x");
  stomp.send("COMMIT", "transaction:x");
  assert.equal(delivery.outcome, undefined, "nothing is settled");
  stomp.send("ACK", "id:0");
  stomp.failed("Not expecting an ACK/NACK for id '0'");
});

test("15.8: an ACK of 1.0 without a subscription finds the delivery among thousands of subscriptions", async () => {
  const stomp = new Harness();
  await stomp.connect("1.0");
  for (let id = 0; id < 2_000; id += 1) {
    stomp.send("SUBSCRIBE", `id:${id}`, "destination:/queue/a", "ack:client-individual");
  }
  const [early, late] = [stomp.host.subscriptions[7]!, stomp.lastSubscription];
  const twice = stomp.delivery("/queue/a", {}, "message-id:same");
  const again = stomp.delivery("/queue/a", {}, "message-id:same");
  late.consumer.offer(twice);
  early.consumer.offer(again);
  stomp.send("ACK", "message-id:same");
  assert.deepEqual([twice.outcome, again.outcome], ["consumed", undefined]);
  stomp.send("ACK", "message-id:same");
  assert.equal(again.outcome, "consumed");
  stomp.replies();
  stomp.send("ACK", "message-id:same");
  stomp.failed("Not expecting an ACK/NACK for message id 'same'");
});
