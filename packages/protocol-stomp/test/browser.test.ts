import assert from "node:assert/strict";
import { test } from "node:test";
import { Address } from "@tsapollo/domain";
import { TestDelivery } from "@tsapollo/testkit";
import { foreignMessage, Harness, header, names } from "./harness.ts";

const QUEUE = new Address("queue", ["a"]);
const END = "MESSAGE\nsubscription:1\ndestination:\nmessage-id:\nbrowser:end\n\n\0\n";

async function subscribed(version: "1.0" | "1.1" | "1.2", ...lines: string[]): Promise<Harness> {
  const stomp = new Harness();
  await stomp.connect(version);
  stomp.send("SUBSCRIBE", "id:1", "destination:/queue/a", ...lines);
  return stomp;
}

for (const [lines, browse] of [
  [["browser:true"], "once"],
  [["browser:true", "browser-end:true"], "once"],
  [["browser:true", "browser-end:false"], "forever"],
  [["browser:true", "browser-end:yes"], "forever"],
  [["browser:true", "browser-end:"], "forever"],
  [["browser:false"], undefined],
  [["browser:yes", "browser-end:true"], undefined],
  [[], undefined],
] as const) {
  test(`ST-018 15.7: ${lines.join(" ")} asks for ${browse}`, async () => {
    const stomp = await subscribed("1.2", ...lines);
    assert.equal(stomp.lastSubscription.request.browse, browse);
  });
}

test("ST-016: the end of browsing is a MESSAGE without a message", async () => {
  const stomp = await subscribed("1.2", "browser:true");
  stomp.lastSubscription.consumer.browsed!(QUEUE);
  assert.equal(stomp.raw(), END);
  const nameless = new Harness();
  await nameless.connect("1.0");
  nameless.send("SUBSCRIBE", "destination:/queue/a", "browser:true");
  nameless.lastSubscription.consumer.browsed!(QUEUE);
  assert.equal(nameless.raw(), END.replace("subscription:1\n", ""));
});

test("ST-022: browsing does not consume, however it acknowledges", async () => {
  for (const mode of ["auto", "client", "client-individual"]) {
    const stomp = await subscribed("1.2", "browser:true", `ack:${mode}`);
    const deliveries = stomp.offer(stomp.delivery("/queue/a", {}, "m"), stomp.delivery("/queue/a", {}, "n"));
    stomp.lastSubscription.consumer.browsed!(QUEUE);
    const replies = stomp.replies();
    assert.deepEqual(
      replies.map((reply) => [header(reply, "subscription"), header(reply, "browser"), reply.body]),
      [
        ["1", undefined, "m"],
        ["1", undefined, "n"],
        ["1", "end", ""],
      ],
    );
    if (mode !== "auto") {
      stomp.send("ACK", "id:0", "transaction:x");
      stomp.send("COMMIT", "transaction:x");
      stomp.send("NACK", "id:1", "receipt:r");
      stomp.only("RECEIPT");
    }
    stomp.send("UNSUBSCRIBE", "id:1");
    for (const { outcome } of deliveries) assert.equal(outcome, undefined);
  }
});

test("a browser's credit comes back with its ACKs; what expired is stepped over", async () => {
  const stomp = await subscribed("1.2", "browser:true", "ack:client", "credit:1,0");
  const expired = stomp.delivery("/queue/a", {}, "ttl:1000");
  stomp.clock.advance(1_000);
  stomp.offer(expired, stomp.delivery("/queue/a"));
  assert.equal(expired.outcome, undefined, "it is for the queue to end it");
  assert.equal(stomp.lastSubscription.consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.send("ACK", "id:0");
  assert.equal(stomp.lastSubscription.resumed, 1);
  stomp.offer(stomp.delivery("/queue/a"));
});

test("what a transaction holds of a browser is nothing to the queue, also after UNSUBSCRIBE", async () => {
  const stomp = await subscribed("1.2", "browser:true", "ack:client-individual");
  const [held, open] = stomp.offer(stomp.delivery("/queue/a"), stomp.delivery("/queue/a"));
  stomp.send("ACK", "id:0", "transaction:x");
  stomp.send("UNSUBSCRIBE", "id:1");
  stomp.send("ABORT", "transaction:x");
  assert.deepEqual([held!.outcome, open!.outcome], [undefined, undefined]);
  assert.equal(stomp.lastSubscription.cancelled, true);
});

test("15.7: the id stays registered until UNSUBSCRIBE; each queue ends for itself", async () => {
  const stomp = new Harness();
  await stomp.connect("1.0");
  stomp.send("SUBSCRIBE", "id:1", "destination:/queue/a,/queue/b", "browser:true");
  const { consumer } = stomp.lastSubscription;
  consumer.browsed!(QUEUE);
  consumer.browsed!(new Address("queue", ["b"]));
  assert.equal(stomp.raw(), END + END);
  stomp.send("UNSUBSCRIBE", "id:1", "receipt:u");
  stomp.only("RECEIPT");
  consumer.browsed!(QUEUE);
  assert.equal(stomp.raw(), "", "not after UNSUBSCRIBE");
  stomp.send("SUBSCRIBE", "id:1", "destination:/queue/a", "browser:true");
  stomp.send("SUBSCRIBE", "id:1", "destination:/queue/a", "browser:true");
  stomp.failed("A subscription with identified with '1' allready exists");
});

test("ends of browsing wait for a client that does not read, and are forgotten with the subscription", async () => {
  const stomp = await subscribed("1.2", "browser:true");
  const { consumer } = stomp.lastSubscription;
  const { output } = stomp.connection;
  output.full = true;
  consumer.browsed!(QUEUE);
  consumer.browsed!(QUEUE);
  assert.equal(stomp.raw(), "");
  stomp.handler.drained();
  assert.equal(stomp.raw(), "", "still full");
  output.full = false;
  stomp.handler.drained();
  assert.equal(stomp.raw(), END + END);
  assert.equal(stomp.lastSubscription.resumed, 1);
  output.full = true;
  consumer.browsed!(QUEUE);
  stomp.send("UNSUBSCRIBE", "id:1");
  output.full = false;
  stomp.handler.drained();
  assert.equal(stomp.raw(), "");
});

test("ST-019: include-seq names the header for the sequence number, which stands first", async () => {
  const stomp = new Harness({ addRedeliveriesHeader: "count" });
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:1", "destination:/queue/a", "include-seq:seq", "ack:client");
  stomp.offer(
    stomp.delivery("/queue/a", { sequence: 1 }),
    stomp.delivery("/queue/a", { sequence: 1_234_567_890_123, redeliveryCount: 2 }),
  );
  const [first, second] = stomp.replies();
  assert.deepEqual(names(first!), ["seq", "subscription", "ack", "message-id", "destination"]);
  assert.equal(header(first, "seq"), "1");
  assert.deepEqual(names(second!), ["seq", "count", "subscription", "ack", "message-id", "destination"]);
  assert.equal(header(second, "seq"), "1234567890123");
});

test("include-seq: -1 straight from a topic, the name as the client escaped it, none without a name", async () => {
  const stomp = await subscribed("1.2", "include-seq:my\\cseq");
  stomp.offer(stomp.delivery("/topic/a", { sequence: -1 }));
  assert.match(stomp.raw(), /^MESSAGE\nmy\\cseq:-1\nsubscription:1\n/);
  stomp.offer(new TestDelivery(foreignMessage({}, "hi"), QUEUE, { sequence: 5 }));
  assert.match(stomp.raw(), /^MESSAGE\nmy\\cseq:5\nsubscription:1\ndestination:\/queue\/a\n/);
  const nameless = await subscribed("1.2", "include-seq:");
  nameless.offer(nameless.delivery("/queue/a"));
  assert.match(nameless.raw(), /^MESSAGE\nsubscription:1\n/);
});

for (const [value, fromSequence] of [
  ["-1", -1],
  ["0", undefined],
  ["2", 2],
  ["-7", undefined],
] as const) {
  for (const line of ["browser:true", "browser:false"]) {
    test(`ST-017 ST-020: from-seq:${value} with ${line}`, async () => {
      const stomp = await subscribed("1.2", `from-seq:${value}`, line, "include-seq:seq");
      assert.equal(stomp.lastSubscription.request.fromSequence, fromSequence);
    });
  }
}

for (const destination of ["/queue/some,/queue/other", "/queue/some.*", "/topic/some.**"]) {
  test(`ST-021: from-seq with ${destination} is refused`, async () => {
    const stomp = new Harness();
    await stomp.connect();
    const lines = ["id:0", `destination:${destination}`, "browser:true", "include-seq:seq", "from-seq:2"];
    stomp.send("SUBSCRIBE", ...lines);
    stomp.failed("The from-seq header is only supported when you subscribe to one destination");
    assert.equal(stomp.host.subscriptions.length, 0);
  });
}

test("ST-031: exclusive is asked of the engine; what was not acknowledged goes back at UNSUBSCRIBE", async () => {
  const stomp = await subscribed("1.2", "exclusive:true", "ack:client");
  assert.equal(stomp.lastSubscription.request.exclusive, true);
  const four = [1, 2, 3, 4].map((body) => stomp.delivery("/queue/a", {}, String(body)));
  stomp.offer(...four);
  stomp.send("UNSUBSCRIBE", "id:1");
  assert.equal(stomp.lastSubscription.cancelled, true);
  for (const { outcome } of four) assert.equal(outcome, undefined, "the engine returns it");
  assert.equal((await subscribed("1.2", "exclusive:false")).lastSubscription.request.exclusive, undefined);
});

test("5.4: a browser cannot be exclusive", async () => {
  const stomp = await subscribed("1.2", "exclusive:true", "browser:true");
  assert.equal(stomp.lastSubscription.request.exclusive, undefined);
  assert.equal(stomp.lastSubscription.request.browse, "once");
});
