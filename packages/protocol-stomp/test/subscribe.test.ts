import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import { settled } from "@tsapollo/testkit";
import { Harness, header } from "./harness.ts";

test("15.7: destinations are bound before the receipt; wildcards go to the engine as patterns", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:0", "destination:/topic/a.*.{[0-9]+}.**", "receipt:r");
  assert.equal(header(stomp.only("RECEIPT"), "receipt-id"), "r");
  const [address] = stomp.lastSubscription.request.addresses;
  assert.equal(address!.key, "topic:a.*.*[0-9]+.**");
  assert.equal(address!.isPattern, true);
  stomp.send("SUBSCRIBE", "id:1", "destination:/queue/a");
  assert.equal(stomp.host.subscriptions.length, 2);
});

test("15.6: MESSAGE has the broker's headers first, then the sender's, and NUL LF behind it", async () => {
  for (const [version, expected] of [
    [
      "1.2",
      "MESSAGE\nJMSXDeliveryCount:3\nsubscription:s\\c1\nack:0\nmessage-id:default-11\ndestination:/queue/a\nx:y\n\nhi\0\n",
    ],
    [
      "1.1",
      "MESSAGE\nJMSXDeliveryCount:3\nsubscription:s\\c1\nmessage-id:default-11\ndestination:/queue/a\nx:y\n\nhi\0\n",
    ],
  ] as const) {
    const stomp = new Harness({ addRedeliveriesHeader: "JMSXDeliveryCount" });
    await stomp.connect(version);
    stomp.send("SUBSCRIBE", "id:s\\c1", "destination:/queue/a", "ack:client");
    stomp.offer(stomp.delivery("/queue/a", { redeliveryCount: 3 }, "x:y", "hi"));
    assert.equal(stomp.raw(), expected);
  }
});

test("15.6: no id, no subscription header; no redeliveries, no header; auto, no ack header", async () => {
  const stomp = new Harness({ addRedeliveriesHeader: "count" });
  await stomp.connect("1.0");
  stomp.send("SUBSCRIBE", "destination:/queue/a");
  stomp.offer(stomp.delivery("/queue/a", {}, "hi"));
  assert.equal(stomp.raw(), "MESSAGE\nmessage-id:default-11\ndestination:/queue/a\n\nhi\0\n");
});

test("15.7: auto is consumed when written, also as none and by default", async () => {
  for (const lines of [[], ["ack:auto"], ["ack:none"]]) {
    const stomp = new Harness({ bufferSizeBytes: 1 });
    await stomp.connect();
    stomp.send("SUBSCRIBE", "id:0", "destination:/queue/a", ...lines);
    const deliveries = stomp.offer(
      stomp.delivery("/queue/a"),
      stomp.delivery("/queue/a"),
      stomp.delivery("/queue/a"),
    );
    for (const { outcome } of deliveries) assert.equal(outcome, "consumed");
    assert.equal(stomp.replies().length, 3);
  }
});

test("a client that does not read is not written to; its subscriptions go on in turn", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:0", "destination:/queue/a");
  stomp.send("SUBSCRIBE", "id:1", "destination:/queue/b");
  const [first, second] = stomp.host.subscriptions;
  const waiting = [stomp.delivery("/queue/a"), stomp.delivery("/queue/b")] as const;
  stomp.connection.output.full = true;
  assert.equal(first!.consumer.offer(waiting[0]), false);
  assert.equal(first!.consumer.offer(waiting[0]), false);
  assert.equal(second!.consumer.offer(waiting[1]), false);
  stomp.connection.output.full = false;
  stomp.handler.drained();
  assert.deepEqual([first!.resumed, second!.resumed], [1, 1]);
  stomp.handler.drained();
  assert.deepEqual([first!.resumed, second!.resumed], [1, 1]);
  assert.equal(waiting[0].outcome, undefined);
});

test("ST-028 ST-030: two subscriptions to a queue take what they are offered; groups have their key", async () => {
  const stomp = new Harness();
  await stomp.connect();
  for (const id of [1, 2]) stomp.send("SUBSCRIBE", `id:${id}`, "destination:/queue/a");
  const [one, two] = stomp.host.subscriptions;
  const letters = ["a", "b"].map((letter) => stomp.delivery("/queue/a", {}, `message_group:${letter}`));
  assert.deepEqual(
    letters.map(({ message }) => message.groupKey),
    ["a", "b"],
  );
  assert.equal(one!.consumer.offer(letters[0]!), true);
  assert.equal(two!.consumer.offer(letters[1]!), true);
  assert.deepEqual(
    stomp.replies().map((reply) => [header(reply, "subscription"), header(reply, "message_group")]),
    [
      ["1", "a"],
      ["2", "b"],
    ],
  );
});

test("5.10: what expired is skipped when the frame would be written", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:0", "destination:/queue/a", "ack:client");
  const delivery = stomp.delivery("/queue/a", {}, "ttl:1000");
  stomp.clock.advance(1_000);
  stomp.offer(delivery);
  assert.equal(delivery.outcome, "expired");
  assert.deepEqual(stomp.replies(), []);
});

test("a large message goes out by reference, whole", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:0", "destination:/queue/a");
  const body = "b".repeat(50_000);
  stomp.offer(stomp.delivery("/queue/a", {}, body));
  const message = stomp.only("MESSAGE");
  assert.equal(message.body, body);
  assert.equal(header(message, "subscription"), "0");
});

function notCredit(text: string): string {
  return `Internal Server Error: the credit header is not count or count,bytes: '${text}'`;
}

const REFUSED: readonly (readonly [
  version: "1.0" | "1.1" | "1.2",
  lines: readonly string[],
  text: string,
])[] = [
  ["1.2", ["id:0"], "destination not set."],
  ["1.1", ["destination:/queue/a"], "The id header is missing from the SUBSCRIBE frame"],
  ["1.0", ["destination:/queue/a", "ack:maybe"], "Unsupported ack mode: maybe"],
  [
    "1.0",
    ["id:0", "destination:/queue/a", "persistent:true"],
    "A persistent subscription can only be used on a topic destination",
  ],
  ["1.0", ["destination:/queue/a", "credit:many"], notCredit("many")],
  ["1.0", ["destination:/queue/a", "credit:1,-1"], notCredit("1,-1")],
  ["1.0", ["destination:/queue/a", "credit:1,0,false"], notCredit("1,0,false")],
  ["1.0", ["destination:/queue/a", "credit:"], notCredit("")],
  [
    "1.0",
    ["destination:/queue/a", "from-seq:last"],
    "Internal Server Error: the from-seq header is not an integer: 'last'",
  ],
  ["1.0", ["destination:/queue/a", "selector:a ="], "Invalid selector expression: a ="],
  ["1.1", ["id:0", "destination:/queue/a", "selector:3+5"], "Invalid selector expression: 3+5"],
];
for (const [version, lines, text] of REFUSED) {
  test(`SUBSCRIBE ${lines.join(" ")} is refused`, async () => {
    const stomp = new Harness();
    await stomp.connect(version);
    stomp.send("SUBSCRIBE", ...lines);
    stomp.failed(version === "1.0" ? text : text.replaceAll(":", "\\c"));
    assert.equal(stomp.host.subscriptions.length, 0);
  });
}

test("15.7: an id twice; in 1.0 the destination is the id", async () => {
  const stomp = new Harness();
  await stomp.connect("1.0");
  stomp.send("SUBSCRIBE", "destination:/queue/a");
  stomp.send("SUBSCRIBE", "destination:/queue/a");
  stomp.failed("A subscription with identified with '/queue/a' allready exists");
  assert.equal(stomp.host.closed, true);
});

test("subscriptions of a connection are bounded", async () => {
  const stomp = new Harness({ subscriptionsMax: 1 });
  await stomp.connect("1.0");
  stomp.send("SUBSCRIBE", "destination:/queue/a");
  stomp.send("SUBSCRIBE", "destination:/queue/b");
  stomp.failed("Too many subscriptions: a connection may have 1");
});

test("the engine's refusal, and the engine's end of a subscription, are ERRORs", async () => {
  const stomp = new Harness();
  await stomp.connect("1.0");
  stomp.host.refusals.set(
    "queue:no",
    new BrokerError("DESTINATION_MISSING", "The destination does not exist."),
  );
  stomp.send("SUBSCRIBE", "destination:/queue/no", "receipt:r");
  stomp.failed("The destination does not exist.");

  const ended = new Harness();
  await ended.connect("1.0");
  ended.send("SUBSCRIBE", "destination:/queue/a");
  ended.lastSubscription.consumer.ended(new BrokerError("SLOW_CONSUMER", "too slow"));
  ended.failed("too slow");
  assert.equal(ended.lastSubscription.consumer.offer(ended.lastSubscription as never), false);
});

test("7: persistent:true is a durable subscription, its id split on the path separator", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:sub.1\\c2", "destination:/topic/a.*", "persistent:true");
  const { request } = stomp.lastSubscription;
  assert.deepEqual(request.durable?.path, ["sub", "1:2"]);
  assert.equal(request.durable?.kind, "dsub");
  assert.deepEqual(
    request.addresses.map(({ key }) => key),
    ["topic:a.*"],
  );
  stomp.send("UNSUBSCRIBE", "id:sub.1\\c2", "persistent:true", "receipt:u");
  stomp.only("RECEIPT");
  assert.equal(stomp.lastSubscription.cancelled, true);
  assert.deepEqual(
    stomp.host.destroyed.map(({ key }) => key),
    ["dsub:sub.1:2"],
  );
  stomp.send("UNSUBSCRIBE", "id:other", "persistent:true", "receipt:u");
  stomp.only("RECEIPT");
  assert.equal(stomp.host.destroyed.length, 2, "attached or not");
});

test("15.8: UNSUBSCRIBE leaves; the id is free again; 1.0 may name the destination", async () => {
  const stomp = new Harness();
  await stomp.connect("1.0");
  stomp.send("SUBSCRIBE", "destination:/queue/a", "ack:client");
  const [delivery] = stomp.offer(stomp.delivery("/queue/a"));
  stomp.send("UNSUBSCRIBE", "destination:/queue/a");
  const left = stomp.lastSubscription;
  assert.equal(left.cancelled, true);
  assert.equal(delivery!.outcome, undefined, "the engine returns it");
  assert.equal(left.consumer.offer(delivery!), false);
  stomp.send("SUBSCRIBE", "destination:/queue/a");
  assert.equal(stomp.host.subscriptions.length, 2);
});

for (const [lines, text] of [
  [["id:9"], "The subscription '9' not found."],
  [["destination:/queue/a"], "The id header is missing from the UNSUBSCRIBE frame"],
] as const) {
  test(`15.8: ${text}`, async () => {
    const stomp = new Harness();
    await stomp.connect("1.1");
    stomp.send("UNSUBSCRIBE", ...lines);
    stomp.failed(text);
  });
}

test("15.4: DISCONNECT waits for the sends before it, then says RECEIPT and waits for the client", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.host.confirming = false;
  stomp.send("SUBSCRIBE", "id:0", "destination:/queue/a", "ack:client");
  stomp.send("SEND", "destination:/queue/b", "persistent:true");
  stomp.send("DISCONNECT", "receipt:bye");
  assert.deepEqual(stomp.replies(), []);
  assert.equal(stomp.lastSubscription.cancelled, true);
  stomp.send("SEND", "destination:/queue/b");
  assert.equal(stomp.host.published.length, 1, "nothing is listened to after DISCONNECT");
  stomp.host.confirmAll();
  assert.deepEqual(stomp.only("RECEIPT").headers, [["receipt-id", "bye"]]);
  assert.equal(stomp.connection.closeDelayMs, 5_000);
  assert.equal(stomp.host.closed, true);
});

test("15.4: DISCONNECT without a receipt closes at once", async () => {
  const stomp = new Harness();
  await stomp.connect("1.2", "heart-beat:1000,1000");
  stomp.send("DISCONNECT");
  await settled();
  assert.equal(stomp.connection.state, "closing");
  assert.equal(stomp.connection.closeDelayMs, undefined);
  assert.equal(stomp.clock.timerCount, 0);
  assert.deepEqual(stomp.replies(), []);
});

test("15.4: a socket that closes cleans up without a word", async () => {
  const stomp = new Harness();
  await stomp.connect("1.2", "heart-beat:1000,1000");
  stomp.handler.closed();
  assert.equal(stomp.host.closed, true);
  assert.equal(stomp.clock.timerCount, 0);
  assert.deepEqual(stomp.replies(), []);
});
