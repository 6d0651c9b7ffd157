import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  encodeFrame,
  STOMP_VERSIONS,
  type StompCommand,
  StompError,
  StompParser,
  type StompVersion,
} from "../src/index.ts";
import { Feeder, framesOf, type PlainFrame, plain } from "./frames.ts";

const COMMANDS: readonly StompCommand[] = ["SEND", "MESSAGE", "ACK", "UNSUBSCRIBE", "ERROR"];

/** Text that survives a version: 1.0 has no escapes and trims. */
function text(version: StompVersion, minLength: number): fc.Arbitrary<string> {
  if (version === "1.0") return fc.stringMatching(/^[a-z\\é]{1,12}$/);
  const unit = fc.oneof(
    fc.constantFrom(":", "\\", "\n", "c", "n", "\r", " "),
    fc.string({ unit: "grapheme" }),
  );
  return fc
    .array(unit, { maxLength: 12 })
    .map((units) => units.join(""))
    .map((value) => (version === "1.1" ? value.replaceAll("\r", "") : value))
    .filter((value) => value.length >= minLength);
}

function frame(version: StompVersion): fc.Arbitrary<{
  command: StompCommand;
  headers: [string, string][];
  body: Uint8Array;
}> {
  const name = text(version, 1).filter((value) => value !== "content-length");
  return fc.record({
    command: fc.constantFrom(...COMMANDS),
    headers: fc.array(fc.tuple(name, text(version, 0)), { maxLength: 8 }),
    body: fc.uint8Array({ maxLength: 40 }),
  });
}

for (const version of STOMP_VERSIONS) {
  test(`${version}: what is encoded is decoded again, however it is cut`, () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(frame(version), { minLength: 1, maxLength: 4 }), cuts, (frames, lengths) => {
        const expected = frames.map(
          ({ command, headers, body }): PlainFrame => ({
            command,
            headers: body.length === 0 ? headers : [...headers, ["content-length", String(body.length)]],
            body: Buffer.from(body).toString("latin1"),
          }),
        );
        const bytes = Buffer.concat(frames.flatMap((one) => [encodeFrame(one, version), Buffer.from("\n")]));
        const feeder = new Feeder(version);
        const parsed: PlainFrame[] = [];
        const parser = new StompParser((one) => parsed.push(plain(one)));
        parser.version = version;
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const piece = bytes.subarray(at, at + lengths[turn % lengths.length]!);
          feeder.feed(piece);
          parser.push(piece);
          at += piece.length;
        }
        assert.deepEqual(feeder.sink.frames, expected);
        assert.deepEqual(parsed, expected);
        assert.equal(parser.restBytes, 0);
      }),
    );
  });
}

test("every split in two of a conversation gives the same frames", () => {
  const stream =
    "\nCONNECT\nlogin: a \n\n\0\r\nSEND\r\ndestination:/queue/a\r\ncontent-length:4\r\n\r\na\0\nb\0\nSEND\nx:y\n\nfree\0";
  const whole = framesOf(stream);
  assert.equal(whole.length, 3);
  const bytes = Buffer.from(stream, "latin1");
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const feeder = new Feeder();
    feeder.feed(bytes.subarray(0, cut));
    feeder.feed(bytes.subarray(cut));
    assert.deepEqual(feeder.sink.frames, whole, `cut at ${cut}`);
  }
});

test("random bytes are read or refused, never more, and the rest stays within the limits", () => {
  const limits = { commandLengthMax: 20, headerLengthMax: 30, headersMax: 4, dataLengthMax: 60 };
  const restMax = 21 + 4 * 31 + 31 + 61;
  const word = fc.constantFrom("SEND", "\n", "\0", ":", "content-length:9", "\r", "x:y", "\n\n");
  const piece = fc.oneof(
    word.map((value) => Buffer.from(value)),
    fc.uint8Array({ maxLength: 9 }).map((value) => Buffer.from(value)),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.constantFrom(undefined, ...STOMP_VERSIONS), (pieces, version) => {
      const parser = new StompParser(() => undefined, limits);
      parser.version = version;
      try {
        for (const one of pieces) {
          parser.push(one);
          assert.ok(parser.restBytes <= restMax, `${parser.restBytes} bytes kept`);
        }
      } catch (error) {
        assert.ok(error instanceof StompError, String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});
