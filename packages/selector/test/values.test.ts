import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSelector } from "../src/index.ts";
import { matches } from "./messages.ts";

const PROPERTIES = {
  int: 123,
  long: 9_007_199_254_740_993n,
  double: 1.5,
  text: "abc",
  yes: true,
  no: false,
  bytes: Uint8Array.of(1, 2),
};

/** What a selector is, seen from outside: what matches it, its opposite, and whether it fails. */
function truthOf(selector: string): string {
  const positive = matches(selector, PROPERTIES);
  const negative = matches(`NOT (${selector})`, PROPERTIES);
  if (positive) return "true";
  return negative ? "false" : "unknown";
}

for (const [expected, selectors] of Object.entries({
  true: [
    "int = 123.0",
    "long > int",
    "long = 9007199254740993",
    "long <> 9007199254740992",
    "long = 0x20000000000001",
    "int = 0173",
    "int = 0x7b",
    "int = 123L",
    "double > 1",
    "text = 'abc'",
    "text > other OR TRUE",
    "text <> 5",
    "text <> TRUE",
    "yes <> no",
    "yes = TRUE",
    "yes = (int = 123)",
    "yes",
    "no OR yes",
    "bytes IS NOT NULL",
    "bytes <> 1",
    "bytes <> bytes",
    "text NOT LIKE 'b%'",
    "int NOT LIKE '1%'",
    "int NOT BETWEEN 1 AND 5",
    "NULL IS NULL",
    "missing + 1 IS NULL",
    "(missing = 1) IS NULL",
    "(int = 1) IS NOT NULL",
    "int % 2 = 1",
    "int / 0 > 1",
    "long + 1 = 9007199254740994",
    "long * 2 = 18014398509481986",
    "9007199254740991 + 2 = 9007199254740993",
    "9223372036854775807 + 1 > 9223372036854775807",
    "long * 0.5 > 1",
    "double + 1 = 2.5",
    "text + 5 = 'abc5'",
    "text + TRUE = 'abctrue'",
    "+int = 123",
    "-int = -123",
    "-long < 0",
    "-(-9223372036854775808) > 0",
    "'abc' LIKE 'a%'",
    "int > -9223372036854775808",
    "int <> 9223372036854775808",
    "missing = 1 OR int = 123",
    "int = 123 OR text * 2 = 1",
    "int = 123 AND TRUE",
  ],
  false: [
    "int = 124",
    "text = 123",
    "text = TRUE",
    "text < text",
    "yes < 1 OR no",
    "int = 'abc'",
    "int < text",
    "bytes = bytes",
    "bytes < 5",
    "bytes LIKE '%'",
    "int LIKE '%'",
    "text",
    "int OR no",
    "missing = 1 OR int = 1",
    "int % 0 = int % 0",
    "int = 9223372036854775808",
    "int < 9223372036854775808",
    "9223372036854775808 = 9223372036854775808",
    "FALSE AND missing",
  ],
  unknown: [
    "missing",
    "NOT missing",
    "missing = 'x'",
    "missing <> 'x'",
    "missing = other",
    "missing <> other",
    "missing < 1",
    "1 < missing",
    "missing LIKE '%'",
    "missing NOT LIKE '%'",
    "missing IN ('a')",
    "missing NOT IN ('a')",
    "int IN ('123')",
    "int NOT IN ('123')",
    "missing BETWEEN 1 AND 2",
    "missing NOT BETWEEN 1 AND 2",
    "int BETWEEN missing AND 200",
    "int BETWEEN 1 AND missing",
    "missing + 1 = 2",
    "-missing = 2",
    "missing AND FALSE",
    "missing AND yes",
    "yes AND missing",
    "int = 1 OR missing",
    "missing OR missing",
    "missing < 9223372036854775808",
    "int + NULL = 5",
  ],
})) {
  for (const selector of selectors) {
    test(`14.3: ${selector} is ${expected}`, () => assert.equal(truthOf(selector), expected));
  }
}

for (const selector of [
  "text * 2 = 4",
  "text - 1 = 4",
  "int + text = 4",
  "-text = 4",
  "+text = 'abc'",
  "yes + 1 = 2",
  "bytes + 1 = 2",
  "text + bytes = 'abc'",
  "'a' * 2 = 4",
  "text * 2 = 4 OR TRUE",
  "(text * 2 = 4) IS NULL",
]) {
  test(`quirk 32: ${selector} has no answer, which matches neither way`, () => {
    assert.equal(matches(selector, PROPERTIES), false);
    assert.equal(matches(`NOT (${selector})`, PROPERTIES), false);
  });
}

test("14.3: the right of an unknown AND is not looked at, nor the right of a true OR", () => {
  const asked: string[] = [];
  const property = (name: string): string | undefined => {
    asked.push(name);
    return name === "here" ? "x" : undefined;
  };
  assert.equal(parseSelector("missing = 1 AND other = 1").matches({ property }), false);
  assert.equal(parseSelector("here = 'x' OR other = 1").matches({ property }), true);
  assert.deepEqual(asked, ["missing", "here"]);
});

test("what no message changes is computed once", () => {
  const property = (): never => assert.fail("a constant selector asks for no property");
  assert.equal(
    parseSelector("1 + 2 * 3 = 7 AND NOT (2 > 3) AND 'a' + 'b' = 'ab'").matches({ property }),
    true,
  );
  assert.equal(parseSelector("FALSE AND name = 'x'").matches({ property }), false);
  assert.equal(parseSelector("TRUE OR name = 'x'").matches({ property }), true);
});

test("what a source throws is passed on", () => {
  const property = (): never => {
    throw new TypeError("broken codec");
  };
  assert.throws(() => parseSelector("a = 1").matches({ property }), TypeError);
});
