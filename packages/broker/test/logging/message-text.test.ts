import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MESSAGE_CHARS_MAX, messageText } from "../../src/logging/message-text.ts";
import { errorOf, TRACE_CHARS_MAX, traceText } from "../../src/logging/stack-trace.ts";

const circle: { self?: unknown } = {};
circle.self = circle;

for (const { name, fields, event, text } of [
  { name: "nothing but the event", fields: {}, event: "Broker started", text: "Broker started" },
  {
    name: "[instance 13.1] a code is for programs, a trailing blank stays",
    fields: { code: "AUTHENTICATION_FAILED" },
    event: "authentication failed: local:/a, remote:/b, reason:x ",
    text: "authentication failed: local:/a, remote:/b, reason:x ",
  },
  {
    name: "plain values",
    fields: { a: 1, b: true, c: "x", d: 7n, e: null },
    event: "e",
    text: "e a=1 b=true c=x d=7 e=null",
  },
  {
    name: "quoted values",
    fields: { a: "b c", d: "", e: 'f"g', h: "i=j" },
    event: "e",
    text: 'e a="b c" d="" e="f\\"g" h="i=j"',
  },
  { name: "nothing to tell", fields: { a: undefined, b: () => 1 }, event: "e", text: "e" },
  { name: "an object", fields: { a: { b: 1n } }, event: "e", text: 'e a={"b":"1"}' },
  { name: "a circle", fields: { a: circle }, event: "e", text: "e a=<unprintable>" },
  { name: "bytes", fields: { a: new Uint8Array(3) }, event: "e", text: "e a=<3 bytes>" },
  {
    name: "an error",
    fields: { error: new Error("disk full") },
    event: "store failed",
    text: 'store failed error="disk full"',
  },
  {
    name: "an error without a message",
    fields: { error: new TypeError("") },
    event: "e",
    text: "e error=TypeError",
  },
  {
    name: "[instance 16] an error that the event tells",
    fields: { error: new Error("broken pipe") },
    event: "STOMP connection '/1:2' error: broken pipe",
    text: "STOMP connection '/1:2' error: broken pipe",
  },
  {
    name: "line breaks",
    fields: { a: "b\nc" },
    event: "e\r\nFORGED\u2028\u0007",
    text: 'e\\r\\nFORGED\\u2028\\u0007 a="b\\nc"',
  },
  { name: "% is no format", fields: {}, event: "50% of %s", text: "50% of %s" },
]) {
  test(`message: ${name}`, () => assert.equal(messageText(fields, event), text));
}

test("a message is one line of bounded length, whatever it is made of", () => {
  const fields = fc.dictionary(fc.string(), fc.anything());
  fc.assert(
    fc.property(fields, fc.string({ unit: "binary" }), (some, event) => {
      const text = messageText(some, event);
      assert.ok(!/[\r\n\u2028\u2029]/.test(text));
      assert.ok(text.length <= 6 * MESSAGE_CHARS_MAX + 1);
    }),
  );
  assert.equal(messageText({}, "x".repeat(MESSAGE_CHARS_MAX + 9)).length, MESSAGE_CHARS_MAX + 1);
});

test("a stack trace tells the causes, in bounded length", () => {
  const error = new Error("outer", { cause: new Error("inner") });
  assert.match(
    traceText(error),
    /^Error: outer\r?\n\s+at [\s\S]*Caused by: Error: inner\r?\n\s+at [\s\S]*\n$/,
  );
  const loop = new Error("loop");
  loop.cause = loop;
  assert.equal(traceText(loop).match(/Caused by/g)?.length, 8);
  assert.ok(traceText(new Error("x".repeat(2 * TRACE_CHARS_MAX))).length < TRACE_CHARS_MAX + 9);
});

test("the error of an event is in error, cause or err", () => {
  const error = new Error("x");
  assert.equal(errorOf({ error }), error);
  assert.equal(errorOf({ error: "text", cause: error }), error);
  assert.equal(errorOf({ err: error }), error);
  assert.equal(errorOf({ other: error }), undefined);
});
