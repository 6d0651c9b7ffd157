import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Expression } from "../src/expression.ts";

test("it agrees with the language's own regular expressions", () => {
  const atom = fc.constantFrom(
    "a",
    "b",
    "c",
    ".",
    "[ab]",
    "[^a]",
    "[a-c]",
    "\\d",
    "\\w",
    "\\.",
    "1",
    "(a|b)",
    "(?:ab|)",
    "(a*b)",
  );
  const piece = fc.tuple(atom, fc.constantFrom("", "", "*", "+", "?", "*?")).map((parts) => parts.join(""));
  const source = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(""));
  const sources = fc.tuple(source, source).map(([left, right]) => (right === "" ? left : `${left}|${right}`));
  const text = fc.stringMatching(/^[abc1.]{0,8}$/);
  const agree = fc.property(sources, text, (one, other) => {
    assert.equal(new Expression(one).matches(other), new RegExp(`^(?:${one})$`, "su").test(other));
  });
  fc.assert(agree, { numRuns: 5_000 });
});

for (const { source, text, matches } of [
  { source: "[0-9]+", text: "123", matches: true },
  { source: "[0-9]+", text: "12a", matches: false },
  { source: "^a$", text: "a", matches: true },
  { source: "\\S\\D\\W", text: "aa-", matches: true },
  { source: "[]a]", text: "]", matches: true },
  { source: "[a\\-z]+", text: "a-z", matches: true },
  { source: "ü|😀+", text: "😀😀", matches: true },
  { source: "", text: "", matches: true },
]) {
  test(`'${source}' ${matches ? "matches" : "does not match"} '${text}'`, () => {
    assert.equal(new Expression(source).matches(text), matches);
  });
}

for (const source of [
  "(",
  ")",
  "[",
  "a**b(",
  "*",
  "\\",
  "\\1",
  "(?=a)",
  "(?<n>a)",
  "[z-a]",
  "\\b",
  "(".repeat(60),
]) {
  test(`'${source.slice(0, 20)}' is refused with a reason`, () => {
    assert.throws(() => new Expression(source), {
      code: "BAD_ADDRESS",
      message: /Invalid regular expression/,
    });
  });
}

test("expressions that make others explode take linear time", () => {
  for (const source of ["(a+)+", "(a|aa)+", "(.*a){12}".replace("{12}", ""), ".*a.*a.*a.*a.*a.*a.*a.*a"]) {
    assert.equal(new Expression(source).matches(`${"a".repeat(2_000)}b`), false);
  }
});

test("any text is an expression or refused, nothing else", () => {
  const anything = fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }), (source, text) => {
    try {
      new Expression(source).matches(text);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "BAD_ADDRESS");
    }
  });
  fc.assert(anything, { numRuns: 3_000 });
});
