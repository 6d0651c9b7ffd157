import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import { Harness } from "./harness.ts";

const DELETED = new BrokerError("DESTINATION_MISSING", "The queue 'a' was deleted");

/** A subscription of which an open transaction `x` holds one delivery. */
async function withHeld(destination: string, ...lines: string[]): Promise<Harness> {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:s", `destination:${destination}`, "ack:client-individual", ...lines);
  stomp.offer(stomp.delivery("/queue/x"));
  stomp.replies();
  stomp.send("ACK", "id:0", "transaction:x");
  return stomp;
}

for (const [destination, after] of [
  ["/topic/a", [true]],
  ["/topic/a.*,/topic/b", [true]],
  ["/queue/a", [false]],
  ["/queue/a,/topic/b,/dsub/c", [true, false]],
] as const) {
  test(`15.8: UNSUBSCRIBE from ${destination} leaves topics at once although a transaction holds an ACK`, async () => {
    const stomp = await withHeld(destination);
    stomp.send("UNSUBSCRIBE", "id:s", "receipt:u");
    stomp.only("RECEIPT");
    const cancelled = () => stomp.host.subscriptions.map((subscription) => subscription.cancelled);
    assert.deepEqual(cancelled(), after);
    stomp.send("COMMIT", "transaction:x");
    assert.deepEqual(
      cancelled(),
      after.map(() => true),
    );
  });
}

test("15.8: UNSUBSCRIBE with persistent:true while a transaction holds an ACK does not end the connection", async () => {
  const stomp = await withHeld("/topic/a", "persistent:true");
  const { consumer } = stomp.lastSubscription;
  const destroy = stomp.host.destroy.bind(stomp.host);
  stomp.host.destroy = (address) => {
    destroy(address);
    consumer.ended(DELETED);
  };
  stomp.send("UNSUBSCRIBE", "id:s", "persistent:true", "receipt:u");
  stomp.only("RECEIPT");
  assert.equal(stomp.host.destroyed.length, 1);
  stomp.send("COMMIT", "transaction:x", "receipt:c");
  stomp.only("RECEIPT");
});

/** Destination, other headers, after how many deleted queues the subscription ends; 0: never. */
const COVERED: readonly (readonly [string, readonly string[], number])[] = [
  ["/queue/a", [], 1],
  ["/queue/a,/queue/a", [], 1],
  ["/queue/a,/queue/b,/dsub/c", [], 3],
  ["/queue/a,/topic/b", [], 0],
  ["/queue/a.*", [], 0],
  ["/queue/a,/queue/b.**", [], 0],
  ["/topic/a", ["persistent:true"], 1],
  ["/topic/a,/dsub/d,/dsub/e", ["persistent:true"], 3],
];
for (const [destination, lines, endsAfter] of COVERED) {
  const when = endsAfter === 0 ? "goes on" : `ends with the deletion of queue ${endsAfter}`;
  test(`3: a subscription to ${destination} ${lines} ${when}`, async () => {
    const stomp = new Harness();
    await stomp.connect();
    stomp.send("SUBSCRIBE", "id:s", `destination:${destination}`, ...lines);
    const { consumer } = stomp.lastSubscription;
    for (let count = 1; count < (endsAfter || 5); count += 1) consumer.ended(DELETED);
    stomp.offer(stomp.delivery("/queue/b"));
    stomp.only("MESSAGE");
    if (endsAfter === 0) return;
    consumer.ended(DELETED);
    stomp.failed("The queue 'a' was deleted");
  });
}

test("6: a slow consumer of many topics is cut off", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:s", "destination:/topic/a,/queue/b.*");
  stomp.lastSubscription.consumer.ended(new BrokerError("SLOW_CONSUMER", "too slow"));
  stomp.failed("too slow");
});
