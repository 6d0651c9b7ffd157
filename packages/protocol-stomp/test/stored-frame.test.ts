import assert from "node:assert/strict";
import { test } from "node:test";
import { readStoredFrame, StompMessageCodec } from "../src/index.ts";

const CODEC = new StompMessageCodec();

function read(text: string): ReturnType<typeof readStoredFrame> {
  return readStoredFrame(CODEC, Buffer.from(text), 77);
}

test("a stored frame is a message with what its headers say [instance 19]", () => {
  const message = read(
    "SEND\nmessage-id:a1\nexpires:1700000000000\ndestination:/queue/a\npersistent:TRUE\npriority:7\nmessage_group:g\\c1\nretain:set\n\nbody\n\n",
  );
  assert.equal(Buffer.from(message.body()).toString(), "body\n\n");
  assert.equal(message.persistent, true);
  assert.equal(message.priority, 7);
  assert.equal(message.expiresAtMs, 1_700_000_000_000);
  assert.equal(message.groupKey, "g:1");
  assert.equal(message.retain, "set");
  assert.equal(CODEC.property(message, "message-id"), "a1");
  assert.equal(CODEC.property(message, "destination"), "/queue/a");
});

test("a stored frame without headers, and one with carriage returns", () => {
  const bare = read("MESSAGE\n\n");
  assert.equal(bare.body().length, 0);
  assert.equal(bare.expiresAtMs, 77);
  assert.equal(bare.persistent, false);
  assert.equal(bare.priority, 4);
  const returns = read("SEND\r\na:1\r\nb:2\r\n\r\nx\r\ny");
  assert.equal(Buffer.from(returns.body()).toString(), "x\r\ny");
  assert.equal(CODEC.property(returns, "a"), "1");
  assert.equal(CODEC.property(returns, "b"), "2");
});

for (const text of ["", "SEND", "SEND\n", "SEND\na:1", "SEND\na:1\n"]) {
  test(`a stored frame that is cut off is refused: ${JSON.stringify(text)}`, () => {
    assert.throws(() => read(text), { code: "PROTOCOL_VIOLATION" });
  });
}
