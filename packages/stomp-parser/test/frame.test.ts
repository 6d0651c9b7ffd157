import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeFrame,
  HEADER,
  HEADER_NAMES,
  KNOWN_HEADERS_MAX,
  negotiateVersion,
  type StompFrame,
  StompParser,
  unescapeHeader,
  writeHeader,
} from "../src/index.ts";

function only(text: string): StompFrame {
  const frames: StompFrame[] = [];
  const parser = new StompParser((frame) => frames.push(frame.copy()));
  parser.version = "1.2";
  parser.push(Buffer.from(text));
  assert.equal(frames.length, 1);
  return frames[0]!;
}

test("lookup: the first occurrence wins, known and unknown names alike [15.2]", () => {
  const frame = only("SEND\nfoo:1\ndestination:/queue/a\nfoo:2\ndestination:/queue/b\n\n\0");
  assert.equal(frame.header("destination"), "/queue/a");
  assert.equal(frame.header("foo"), "1");
  assert.equal(frame.header("Foo"), undefined);
  assert.equal(frame.header("receipt"), undefined);
  assert.equal(frame.indexOf(HEADER.destination), 1);
  assert.equal(frame.rawValue(1), "/queue/a");
});

test("every well-known name is found by its number", () => {
  for (const [key, known] of Object.entries(HEADER)) {
    assert.ok(known > 0 && known < KNOWN_HEADERS_MAX);
    const name = HEADER_NAMES[key as keyof typeof HEADER];
    const frame = only(`SEND\na:b\n${name}:0\n\n\0`);
    assert.equal(frame.indexOf(known), 1, name);
  }
});

test("a copy lasts, and more than 16 headers fit", () => {
  const lines = Array.from({ length: 40 }, (_, index) => `h${index}:${index}\n`).join("");
  const frame = only(`SEND\n${lines}\nbody\0`);
  assert.equal(frame.header("h39"), "39");
  assert.equal(String(Buffer.from(frame.body())), "body");
  assert.equal(frame.commandText(), "SEND");
});

test("escapes: LF is \\n [quirk 10], CR only in 1.2, nothing in 1.0", () => {
  const text = (version: "1.0" | "1.1" | "1.2") => {
    const block = Buffer.alloc(64);
    return block.toString("latin1", 0, writeHeader(block, 0, "a:b", "c\\d\ne\rf", version));
  };
  assert.equal(text("1.0"), "a:b:c\\d e\rf\n");
  assert.equal(text("1.1"), "a\\cb:c\\\\d\\ne\rf\n");
  assert.equal(text("1.2"), "a\\cb:c\\\\d\\ne\\rf\n");
});

test("unescape: unknown pairs stay, pairs are read from the left", () => {
  assert.equal(unescapeHeader("a\\cb\\nc\\rd\\\\ne\\t\\"), "a:b\nc\rd\\ne\\t\\");
});

test("encodeFrame keeps a given content-length and writes none without a body", () => {
  const bytes = encodeFrame({ command: "CONNECTED", headers: [["version", "1.2"]] }, "1.2");
  assert.equal(String(Buffer.from(bytes)), "CONNECTED\nversion:1.2\n\n\0");
});

test("versions: the best in common, 1.0 without a wish [15.3]", () => {
  assert.equal(negotiateVersion(undefined), "1.0");
  assert.equal(negotiateVersion("1.0,1.1"), "1.1");
  assert.equal(negotiateVersion("1.0,10.0"), "1.0");
  assert.equal(negotiateVersion("1.2,1.1"), "1.2");
  assert.equal(negotiateVersion("9.0,10.0"), undefined);
  assert.equal(negotiateVersion("1.0, 1.1"), "1.0");
});
