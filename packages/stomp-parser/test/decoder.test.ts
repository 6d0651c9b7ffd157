import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_STOMP_LIMITS, StompError, type StompVersion } from "../src/index.ts";
import { Feeder, framesOf, type PlainFrame } from "./frames.ts";

interface Case {
  readonly name: string;
  readonly version?: StompVersion;
  readonly bytes: string;
  readonly frames: readonly PlainFrame[];
}

const CASES: readonly Case[] = [
  {
    name: "a frame without headers",
    bytes: "CONNECT\n\n\0",
    frames: [{ command: "CONNECT", headers: [], body: "" }],
  },
  {
    name: "heart-beats and CRLF between frames vanish [15.2]",
    version: "1.2",
    bytes: "\n\r\n\nACK\r\nid:1\r\n\r\n\0\r\n\nBEGIN\ntransaction:t\n\n\0\n",
    frames: [
      { command: "ACK", headers: [["id", "1"]], body: "" },
      { command: "BEGIN", headers: [["transaction", "t"]], body: "" },
    ],
  },
  {
    name: "a body with a length holds NUL [15.2]",
    version: "1.2",
    bytes: "SEND\ncontent-length:3\n\na\0b\0",
    frames: [{ command: "SEND", headers: [["content-length", "3"]], body: "a\0b" }],
  },
  {
    name: "the first content-length counts",
    version: "1.2",
    bytes: "SEND\ncontent-length:1\ncontent-length:9\n\na\0",
    frames: [
      {
        command: "SEND",
        headers: [
          ["content-length", "1"],
          ["content-length", "9"],
        ],
        body: "a",
      },
    ],
  },
  {
    name: "before the agreement everything is trimmed",
    bytes: " CONNECT \r\n host : a b \r\n\r\n\0",
    frames: [{ command: "CONNECT", headers: [["host", "a b"]], body: "" }],
  },
  {
    name: "1.0 trims and does not unescape",
    version: "1.0",
    bytes: "SEND\nx: a\\nb \n\n\0",
    frames: [{ command: "SEND", headers: [["x", "a\\nb"]], body: "" }],
  },
  {
    name: "1.1 keeps blanks and CR, and unescapes",
    version: "1.1",
    bytes: "SEND\n x: a\\n\\c\\\\\\q\r\n\n\0",
    frames: [{ command: "SEND", headers: [[" x", " a\n:\\\\q\r"]], body: "" }],
  },
  {
    name: "1.2 drops one CR",
    version: "1.2",
    bytes: "SEND\r\nx:a\r\r\n\r\n\0",
    frames: [{ command: "SEND", headers: [["x", "a\r"]], body: "" }],
  },
  {
    name: "CONNECT is never unescaped [STOMP-1.2 Value Encoding]",
    version: "1.2",
    bytes: "CONNECT\nx:a\\nb\n\n\0",
    frames: [{ command: "CONNECT", headers: [["x", "a\\nb"]], body: "" }],
  },
  {
    name: "a value may hold colons and be empty",
    version: "1.1",
    bytes: "SEND\na:b:c\nd:\n\n\0",
    frames: [
      {
        command: "SEND",
        headers: [
          ["a", "b:c"],
          ["d", ""],
        ],
        body: "",
      },
    ],
  },
  {
    name: "an unknown command is told as it is",
    version: "1.2",
    bytes: "HELLO\n\n\0",
    frames: [{ command: "HELLO", headers: [], body: "" }],
  },
];

for (const { name, version, bytes, frames } of CASES) {
  test(`decode: ${name}`, () => {
    assert.deepEqual(framesOf(bytes, version), frames);
    const feeder = new Feeder(version);
    for (const byte of Buffer.from(bytes, "latin1")) feeder.feed(Buffer.of(byte));
    assert.deepEqual(feeder.sink.frames, frames, "byte by byte");
  });
}

const REFUSED: readonly (readonly [name: string, bytes: string, text: string])[] = [
  ["a long command", "C".repeat(21), "The maximum command length was exceeded"],
  ["a long header, unfinished", `SEND\nx:${"y".repeat(99)}`, "The maximum header length was exceeded"],
  ["a long header, finished", `SEND\nx:${"y".repeat(99)}\n`, "The maximum header length was exceeded"],
  ["many headers", `SEND\n${"a:b\n".repeat(4)}`, "The maximum number of headers was exceeded"],
  ["no colon", "SEND\nnonsense\n", "Unable to parser header line [nonsense]"],
  ["no name (ST-010)", "SEND\n:invalid header\n", "Unable to parser header line [:invalid header]"],
  ["CR is data in 1.1", "SEND\n\r\n", "Unable to parser header line [\r]"],
  [
    "no NUL after the body",
    "SEND\ncontent-length:2\n\nabc",
    "Expected null terminator after 2 content bytes",
  ],
  ["a length in words", "SEND\ncontent-length:two\n\n", "Specified content-length is not a valid integer"],
  ["a negative length", "SEND\ncontent-length:-2\n\n", "Specified content-length is not a valid integer"],
  ["an empty length", "SEND\ncontent-length:\n\n", "Specified content-length is not a valid integer"],
  ["a long body, announced", "SEND\ncontent-length:101\n\n", "The maximum data length was exceeded"],
  ["a long body, unannounced", `SEND\n\n${"b".repeat(101)}`, "The maximum data length was exceeded"],
];
const LIMITS = { commandLengthMax: 20, headerLengthMax: 50, headersMax: 3, dataLengthMax: 100 };

for (const [name, bytes, text] of REFUSED) {
  test(`refused with Apollo's text [15.2]: ${name}`, () => {
    const expected = (error: unknown) => error instanceof StompError && error.message === text;
    assert.throws(() => framesOf(bytes, "1.1", LIMITS), expected);
    const feeder = new Feeder("1.1", LIMITS);
    assert.throws(() => {
      for (const byte of Buffer.from(bytes, "latin1")) feeder.feed(Buffer.of(byte));
    }, expected);
  });
}

test("exactly at a limit is allowed, and -1 is no limit", () => {
  const frame = `SEND\n${"x:".padEnd(50, "y")}\na:b\nc:d\n\n${"b".repeat(100)}\0`;
  assert.equal(framesOf(frame, "1.1", LIMITS).length, 1);
  const none = { commandLengthMax: -1, headerLengthMax: -1, headersMax: -1, dataLengthMax: -1 };
  const huge = `${"C".repeat(100)}\n${`${"h".repeat(500)}:v\n`.repeat(40)}\n${"b".repeat(500)}\0`;
  assert.equal(framesOf(huge, "1.1", none)[0]?.headers.length, 40);
});

test("bytesWanted tells how much an announced body still needs", () => {
  const feeder = new Feeder("1.2");
  assert.equal(feeder.decoder.bytesWanted, 0);
  feeder.feed("\nSEND\ncontent-length:10\n\nabc");
  assert.equal(feeder.decoder.bytesWanted, "SEND\ncontent-length:10\n\n".length + 11);
  feeder.feed("defghij\0");
  assert.equal(feeder.decoder.bytesWanted, 0);
  assert.equal(feeder.sink.frames[0]?.body, "abcdefghij");
});

test("the sink can stop, the rest comes later", () => {
  const feeder = new Feeder("1.2");
  feeder.sink.stopAfter = 1;
  feeder.feed("ACK\nid:1\n\n\0\nACK\nid:2\n\n\0");
  assert.equal(feeder.sink.frames.length, 1);
  assert.equal(String(feeder.rest), "\nACK\nid:2\n\n\0");
  feeder.sink.stopAfter = 9;
  feeder.feed("");
  assert.equal(feeder.sink.frames.length, 2);
});

test("the version set by the sink holds from the next frame on", () => {
  const feeder = new Feeder();
  const seen: string[] = [];
  const bytes = Buffer.from("CONNECT\n a : b \n\n\0SEND\n a : b \n\n\0");
  feeder.decoder.decode(bytes, 0, bytes.length, {
    frame(frame) {
      seen.push(JSON.stringify(frame.headers()));
      feeder.decoder.version = "1.1";
      return true;
    },
  });
  assert.deepEqual(seen, ['[["a","b"]]', '[[" a "," b "]]']);
});

test("an unfinished frame is not scanned again: cost is linear in its bytes", () => {
  const reads = countReads(20_000);
  assert.ok(reads < 20_000 * 3, `${reads} reads for 20000 bytes`);
});

/** Bytes read while a body without a length arrives in pieces of 10. */
function countReads(size: number): number {
  const bytes = Buffer.alloc(size, 0x62);
  bytes.write("SEND\nx:");
  let reads = 0;
  const spied = new Proxy(bytes, {
    get(target, key) {
      if (key === "subarray") {
        return (start: number, end: number) => {
          reads += end - start;
          return target.subarray(start, end);
        };
      }
      if (typeof key === "string" && /^\d+$/.test(key)) reads += 1;
      return Reflect.get(target, key, target);
    },
  });
  const feeder = new Feeder("1.2", { ...DEFAULT_STOMP_LIMITS, headerLengthMax: -1 });
  for (let end = 10; end <= size; end += 10) feeder.decoder.decode(spied, 0, end, feeder.sink);
  return reads;
}
