import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, header } from "./harness.ts";

/** Headers of a SEND at 1,000,000 ms; when the engine may deliver it. */
const READ: readonly (readonly [lines: readonly string[], notBeforeMs: number])[] = [
  [[], 0],
  [["delay:0"], 0],
  [["delay:1500"], 1_001_500],
  [["delay:1", "delay:2"], 1_000_001],
  [["not-before:0"], 0],
  [["not-before:1234567"], 1_234_567],
  [["not-before:5"], 5],
  [["delay:1", "not-before:1234567"], 1_234_567],
  [["not-before:1234567", "delay:soon"], 1_234_567],
  [["delays:5", "Delay:5", "not_before:5", "x:delay"], 0],
];
for (const [lines, notBeforeMs] of READ) {
  test(`SEND ${lines.join(" ")} is not delivered before ${notBeforeMs}`, async () => {
    const stomp = new Harness();
    await stomp.connect();
    assert.equal(stomp.published("destination:/queue/a", ...lines).notBeforeMs, notBeforeMs);
  });
}

test("a delay counts from the SEND, also in a transaction; with it the other headers are as without", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SEND", "destination:/queue/a", "transaction:x", "delay:1000", "ttl:2000", "priority:9");
  stomp.clock.advance(500);
  stomp.send("COMMIT", "transaction:x");
  const { message } = stomp.host.published[0]!;
  assert.deepEqual([message.notBeforeMs, message.expiresAtMs, message.priority], [1_001_000, 1_002_000, 9]);
});

test("MESSAGE frames carry delay and not-before as they were sent", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:0", "destination:/queue/a");
  stomp.offer(stomp.delivery("/queue/a", {}, "delay:007", "not-before:1", "a:b"));
  const message = stomp.only("MESSAGE");
  assert.deepEqual(
    ["delay", "not-before", "a"].map((name) => header(message, name)),
    ["007", "1", "b"],
  );
});

test("15.5: for other protocols the two are no properties", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const message = stomp.published("destination:/queue/a", "delay:5", "not-before:5", "a:b");
  assert.deepEqual([...message.codec.toNeutral(message).properties.keys()], ["a"]);
});

test("15.5: priorities are 0 to 9, 4 without", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const priorities = [[], ["priority:0"], ["priority:09"], ["priority:9"]].map(
    (lines) => stomp.published("destination:/queue/a", ...lines).priority,
  );
  assert.deepEqual(priorities, [4, 0, 9, 9]);
});

const REFUSED: readonly (readonly [line: string, text: string])[] = [
  ["delay:soon", "the delay header is not an integer: 'soon'"],
  ["delay:", "the delay header is not an integer: ''"],
  ["delay:1.5", "the delay header is not an integer: '1.5'"],
  ["delay:1234567890123456", "the delay header is not an integer: '1234567890123456'"],
  ["delay:-1", "the delay header is negative: '-1'"],
  ["not-before:tomorrow", "the not-before header is not an integer: 'tomorrow'"],
  ["not-before:-5", "the not-before header is negative: '-5'"],
  ["priority:10", "the priority header is not from 0 to 9: '10'"],
  ["priority:-1", "the priority header is not from 0 to 9: '-1'"],
];
for (const [line, text] of REFUSED) {
  test(`15.4: SEND ${line} is refused`, async () => {
    const stomp = new Harness();
    await stomp.connect("1.0");
    stomp.send("SEND", "destination:/queue/a", line);
    stomp.failed(`Internal Server Error: ${text}`);
    assert.equal(stomp.host.published.length, 0);
  });
}
