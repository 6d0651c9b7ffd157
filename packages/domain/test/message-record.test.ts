import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  Message,
  type MessageCodec,
  messageRecordSize,
  readMessageRecord,
  writeMessageRecord,
} from "../src/index.ts";

const CODEC: MessageCodec = {
  id: "plain",
  property: () => undefined,
  toNeutral: (message) => ({ body: message.body(), properties: new Map() }),
};
const codecs = (id: string): MessageCodec | undefined => (id === "plain" ? CODEC : undefined);

function recordOf(message: Message): Buffer {
  const record = Buffer.alloc(messageRecordSize(message) + 3);
  assert.equal(writeMessageRecord(message, record, 3), record.length);
  return record;
}

test("a message record gives back the message it was made of [architecture 5]", () => {
  const parts = fc.record({
    before: fc.uint8Array({ maxLength: 20 }),
    body: fc.uint8Array({ maxLength: 200 }),
    after: fc.uint8Array({ maxLength: 20 }),
    persistent: fc.boolean(),
    retain: fc.constantFrom("none" as const, "set" as const, "clear" as const),
    expiresAtMs: fc.nat(),
    notBeforeMs: fc.nat(),
    priority: fc.integer({ min: 0, max: 9 }),
    groupKey: fc.option(fc.string(), { nil: undefined }),
  });
  fc.assert(
    fc.property(parts, ({ before, body, after, ...rest }) => {
      const bytes = Buffer.concat([Buffer.from("xx"), before, body, after, Buffer.from("yy")]);
      const bodyStart = 2 + before.length;
      const bodyEnd = bodyStart + body.length;
      const place = { bytes, start: 2, bodyStart, bodyEnd, end: bytes.length - 2, borrowed: true };
      const message = new Message({ codec: CODEC, ...place, ...rest });
      const record = recordOf(message);
      const read = readMessageRecord(record, 3, record.length, codecs);
      assert.deepEqual(Buffer.from(read.body()), Buffer.from(body));
      assert.equal(read.sizeBytes, message.sizeBytes);
      const { persistent, retain, expiresAtMs, notBeforeMs, priority, groupKey } = read;
      assert.deepEqual({ persistent, retain, expiresAtMs, notBeforeMs, priority, groupKey }, rest);
    }),
  );
});

test("a damaged message record is refused, whatever is cut off", () => {
  const bytes = Buffer.from("content");
  const message = new Message({
    ...{ codec: CODEC, bytes, start: 0, bodyStart: 0, bodyEnd: 7, end: 7, borrowed: false, persistent: true },
    ...{ retain: "none", expiresAtMs: 0, priority: 4, groupKey: "g" },
  });
  const record = recordOf(message);
  for (let end = 3; end < record.length; end += 1) {
    assert.throws(() => readMessageRecord(record, 3, end, codecs), /A stored message cannot be read/);
  }
  assert.throws(
    () => readMessageRecord(record, 3, record.length, () => undefined),
    /encoding 'plain' is unknown/,
  );
  record[3] = 9;
  assert.throws(() => readMessageRecord(record, 3, record.length, codecs), /version is 9/);
});
