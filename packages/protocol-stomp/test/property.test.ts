import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "@tsapollo/testkit";
import fc from "fast-check";
import { Harness } from "./harness.ts";

const CONVERSATION = [
  "SUBSCRIBE\nid:0\ndestination:/queue/a\nack:client\nreceipt:1\n\n\0\n",
  "SEND\ndestination:/queue/a\nreceipt:2\ncontent-length:3\n\na\0b\0",
  "\n\r\nBEGIN\ntransaction:t\n\n\0",
  "SEND\ndestination:/topic/b.c\ntransaction:t\nreceipt:3\n\nhello\0\n",
  "COMMIT\ntransaction:t\nreceipt:4\n\n\0\n",
  "UNSUBSCRIBE\nid:0\nreceipt:5\n\n\0",
  "DISCONNECT\nreceipt:6\n\n\0",
].join("");

async function talk(pieces: readonly Uint8Array[]): Promise<{ written: string; sent: string[] }> {
  const stomp = new Harness();
  await stomp.connect("1.2");
  for (const piece of pieces) stomp.connection.feed(piece);
  await settled();
  const sent = stomp.host.published.map(
    ({ address, message }) =>
      `${address.key} ${Buffer.from(message.bytes.subarray(message.start, message.end))}`,
  );
  return { written: stomp.raw(), sent };
}

test("how a conversation is cut never changes what happens", async () => {
  const bytes = Buffer.from(CONVERSATION);
  const whole = await talk([bytes]);
  assert.match(whole.written, /receipt-id:6/);
  assert.equal(whole.sent.length, 2);
  for (let cut = 1; cut < bytes.length; cut += 1) {
    assert.deepEqual(await talk([bytes.subarray(0, cut), bytes.subarray(cut)]), whole, `cut at ${cut}`);
  }
  assert.deepEqual(await talk([...bytes].map((byte) => Uint8Array.of(byte))), whole, "byte by byte");
});

test("whatever a client says costs at most its own connection", async () => {
  const word = fc.constantFrom(
    ...["SEND", "ACK", "SUBSCRIBE", "COMMIT", "\n", "\n\n", "\0", ":", "destination:/queue/a\n"],
    ...[
      "id:0\n",
      "transaction:t\n",
      "content-length:2\n",
      "ack:client\n",
      "receipt:r\n",
      "persistent:true\n",
    ],
    ...["destination:/topic/a,/temp-queue/b,/dsub/c\n", "reply-to:/temp-queue/r\n", "selector:a=1 OR b\n"],
    ...["browser:true\n", "exclusive:true\n", "include-seq:n\n", "from-seq:-1\n", "credit:1,0\n"],
  );
  const piece = fc.oneof(
    { weight: 4, arbitrary: word.map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.constantFrom("1.0", "1.1", "1.2"), async (pieces, version) => {
      const stomp = new Harness();
      await stomp.connect(version as "1.0");
      for (const one of pieces) stomp.connection.feed(one);
      const replies = stomp.replies();
      const errors = replies.filter(({ command }) => command === "ERROR");
      assert.equal(errors.length, stomp.connection.state === "open" ? 0 : 1);
      for (const { headers } of errors) assert.doesNotMatch(headers[0]![1], /undefined|TypeError|invariant/);
    }),
    { numRuns: 300 },
  );
});
