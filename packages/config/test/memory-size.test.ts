import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatMemorySize, parseMemorySize } from "../src/index.ts";
import { errorText } from "./support.ts";

const SIZES: readonly [string, number][] = [
  ["123", 123],
  ["123b", 123],
  [" 123B ", 123],
  ["-1", -1],
  ["-0", 0],
  ["1k", 1024],
  ["1KiB", 1024],
  ["1kb", 1000],
  ["500m", 524_288_000],
  ["500mb", 500_000_000],
  ["500MIB", 524_288_000],
  ["3g", 3_221_225_472],
  ["4G", 4_294_967_296],
  ["4gb", 4_000_000_000],
  ["2t", 2 * 1024 ** 4],
  ["2tb", 2e12],
  ["2p", 2 * 1024 ** 5],
  ["2pb", 2e15],
  ["7e", 7 * 1024 ** 6],
  ["7eb", 7e18],
];

for (const [text, bytes] of SIZES) {
  test(`5.3: '${text}' is ${bytes} bytes`, () => assert.equal(parseMemorySize(text), bytes));
}

for (const text of [
  "",
  " ",
  "k",
  "1.5m",
  "1 k",
  "1kk",
  "1bb",
  "0x10",
  "ten",
  "8e",
  "1ki",
  "--1",
  "9223372036854775808",
]) {
  test(`5.3: '${text}' is no memory size`, () => {
    assert.match(
      errorText(() => parseMemorySize(text)),
      /^Could not convert to a memory size: '.*'; write a whole number/,
    );
  });
}

const SHOWN: readonly [number, string][] = [
  [0, "0"],
  [1, "1"],
  [1023, "1023"],
  [1024, "1KiB"],
  [655_360, "640KiB"],
  [104_857_600, "100MiB"],
  [3_221_225_472, "3GiB"],
  [1000, "1kB"],
  [500_000_000, "500MB"],
  [1_537, "1537"],
  [-1024, "-1KiB"],
  [7 * 1024 ** 6, "7EiB"],
];

for (const [bytes, text] of SHOWN) {
  test(`5.3: ${bytes} bytes are written ${text}`, () => assert.equal(formatMemorySize(bytes), text));
}

test("5.3: what is written reads back as the same size", () => {
  const sizes = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer({ min: 0, max: 999 }).map((n) => n * 1024 ** 3),
  );
  fc.assert(fc.property(sizes, (bytes) => assert.equal(parseMemorySize(formatMemorySize(bytes)), bytes)));
});
