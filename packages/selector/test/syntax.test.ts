import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseSelector,
  parseSelectorNode,
  printSelector,
  SelectorError,
  type SelectorErrorCode,
} from "../src/index.ts";
import { matches } from "./messages.ts";

/** Selectors with the place and the words of their refusal. */
const REFUSED: readonly (readonly [string, SelectorErrorCode, number, RegExp])[] = [
  // Not boolean [14.1]
  ["3+5", "TYPE", 0, /Arithmetic is neither true nor false at character 1: a comparison/],
  ["True AND 3+5", "TYPE", 9, /Arithmetic is neither/],
  ["'red'", "TYPE", 0, /A text is neither/],
  ["NOT 5", "TYPE", 4, /A number is neither/],
  ["a OR NULL", "TYPE", 5, /NULL is neither/],
  // Operands that do not fit [14.1]
  ["a = NULL", "TYPE", 4, /NULL cannot be compared with =.*IS NULL/],
  ["NULL <> a", "TYPE", 0, /NULL cannot be compared with <>/],
  ["a > 'x'", "TYPE", 4, /A text has no order for >/],
  ["TRUE < a", "TYPE", 0, /TRUE has no order for </],
  ["a <= NULL", "TYPE", 5, /NULL has no order/],
  ["(a = 1) >= b", "TYPE", 1, /A condition has no order/],
  ["NOT a > 1", "TYPE", 0, /A condition has no order/],
  ["a BETWEEN 'x' AND 'y'", "TYPE", 10, /A text has no order for BETWEEN/],
  ["a BETWEEN 1 AND TRUE", "TYPE", 16, /TRUE has no order/],
  ["TRUE = 1", "TYPE", 0, /TRUE is compared with A number/],
  ["'x' <> FALSE", "TYPE", 0, /A text is compared with FALSE/],
  ["5 IN ('5')", "TYPE", 2, /IN follows something that is no name/],
  ["a + 1 NOT IN ('5')", "TYPE", 10, /IN follows/],
  // Not in the grammar
  ["a = 1 garbage", "SYNTAX", 6, /Found "garbage".*expected an operator such as AND, or the end/],
  ["a = 1)", "SYNTAX", 5, /Found "\)"/],
  ["(a = 1", "SYNTAX", 6, /The selector ends.*closes the one at character 1/],
  ["=TEST 'test'", "SYNTAX", 0, /Found "="/],
  ["a =", "SYNTAX", 3, /The selector ends at character 4: expected a name, a number/],
  ["a = = 1", "SYNTAX", 4, /Found "="/],
  ["a AND", "SYNTAX", 5, /The selector ends/],
  ["a IS 5", "SYNTAX", 5, /expected NULL or NOT NULL/],
  ["a IS NOT 5", "SYNTAX", 9, /expected NULL$/],
  ["a NOT 5", "SYNTAX", 6, /expected LIKE, BETWEEN or IN after NOT/],
  ["a LIKE b", "SYNTAX", 7, /expected a pattern in single quotes/],
  ["a LIKE 'x' ESCAPE 5", "SYNTAX", 18, /expected the escape character/],
  ["a LIKE 'x' ESCAPE '!!'", "SYNTAX", 18, /"!!" cannot escape.*exactly one/],
  ["a LIKE 'x' ESCAPE ''", "SYNTAX", 18, /cannot escape/],
  ["a LIKE 'x!' ESCAPE '!'", "SYNTAX", 7, /ends with its escape character/],
  ["a BETWEEN 1 OR 2", "SYNTAX", 12, /reserved word OR.*expected AND/],
  ["a IN ()", "SYNTAX", 6, /expected a text/],
  ["a IN ('b',)", "SYNTAX", 10, /expected a text/],
  ["a IN ('b' 'c')", "SYNTAX", 10, /Found the text "c".*a comma or/],
  ["a IN 'b'", "SYNTAX", 5, /the list of texts in parentheses/],
  ["a IN (5)", "SYNTAX", 6, /expected a text/],
  ["XQUERY a", "SYNTAX", 7, /expected the expression/],
  // Not even tokens
  ["a = 'x", "SYNTAX", 4, /never ends; close it with a single quote/],
  ["a = 1 /* why", "SYNTAX", 6, /comment.*never ends/],
  ["a = 019", "SYNTAX", 4, /"019" is no number.*octal/],
  ["a = 0x", "SYNTAX", 4, /hexadecimal/],
  ["a = 5E", "SYNTAX", 5, /Found "E"/],
  ["a.b = 5", "SYNTAX", 1, /"\." means nothing/],
  ['"a" = 5', "SYNTAX", 0, /means nothing/],
  ["ä = 5", "SYNTAX", 0, /"ä" means nothing/],
  ["a = 5 😀", "SYNTAX", 6, /"😀" means nothing/],
  ["a != 5", "SYNTAX", 2, /"!" means nothing/],
  ["a-b = 5 - - -c d", "SYNTAX", 15, /Found "d"/],
  ["1a = 5", "SYNTAX", 1, /Found "a"/],
  ["#a = 5", "SYNTAX", 0, /means nothing/],
];

for (const [selector, code, position, text] of REFUSED) {
  test(`14.1: ${selector} is refused`, () => {
    assert.throws(
      () => parseSelector(selector),
      (error) => {
        assert.ok(error instanceof SelectorError);
        assert.equal(error.name, "SelectorError");
        assert.equal(error.code, code);
        assert.equal(error.position, position);
        assert.match(error.message, text);
        return true;
      },
    );
  });
}

for (const word of ["NULL", "TRUE", "FALSE", "NOT", "AND", "OR", "BETWEEN", "LIKE", "IN", "IS", "ESCAPE"]) {
  test(`JR-014: ${word} is no name`, () => {
    assert.throws(() => parseSelector(`${word} = 0`), SelectorError);
    assert.throws(() => parseSelector(`${word.toLowerCase()} = 0`), SelectorError);
  });
}

for (const name of ["a", "_a", "$a", "A1", "correct$", "_", "$", "NULLS", "ins"]) {
  test(`JR-014: ${name} is a name`, () => assert.equal(matches(`${name} = 0`, { [name]: 0 }), true));
}

test("JR-014: names are case-sensitive", () => assert.equal(matches("Color = 0", { color: 0 }), false));

for (const text of ["", "  \t\r\n\f", "/* nothing */ -- at all", "hyphenated_props:"]) {
  test(`JR-013: ${JSON.stringify(text)} says nothing and matches everything`, () => {
    assert.equal(matches(text, {}), true);
    assert.equal(parseSelectorNode(text), undefined);
  });
}

const JMS = { mode: "PERSISTENT", name: "it's", n: 5 };
for (const selector of [
  "mode = 'PERSISTENT'",
  "name = 'it''s'",
  "n BETWEEN 1 AND 9",
  "mode IN ('NON_PERSISTENT', 'PERSISTENT')",
  "name LIKE 'it''_'",
  "other IS NULL",
]) {
  test(`JR-015: ${selector}`, () => assert.equal(matches(selector, JMS), true));
}

/** Texts and what they are with the parentheses that the grammar puts in. */
for (const [text, grouped] of [
  ["a = 1 OR b = 2 AND c = 3", "(a = 1) OR ((b = 2) AND (c = 3))"],
  ["a = 1 + 2 * 3", "a = (1 + (2 * 3))"],
  ["a = 1 - 2 - 3", "a = ((1 - 2) - 3)"],
  ["a = 8 / 2 % 3", "a = ((8 / 2) % 3)"],
  ["a = -b * 2", "a = ((-b) * 2)"],
  ["a = b > 1", "a = (b > 1)"],
  ["a > 1 IS NULL", "(a > 1) IS NULL"],
  ["a = b = c", "(a = b) = c"],
  ["NOT a = TRUE", "(NOT a) = TRUE"],
  ["NOT NOT a AND b", "(NOT (NOT a)) AND b"],
  ["a LIKE 'x' = TRUE", "(a LIKE 'x') = TRUE"],
  ["a BETWEEN 1 AND 2 AND b", "(a BETWEEN 1 AND 2) AND b"],
  ["a + 1 BETWEEN b AND c + 1", "(a + 1) BETWEEN b AND (c + 1)"],
  ["a and not b Or c", "(a AND (NOT b)) OR c"],
  ["a=1and b=2", "a = 1 AND b = 2"],
  ["a -- first\n = /* the * number / */ 1 -- end", "a = 1"],
  ["a -- first\r= 1", "a = 1"],
  ["a\t\f=\r\n1", "a = 1"],
  ["a = 00", "a = 0"],
  ["a = 0x1F", "a = 31"],
  ["a = 017", "a = 15"],
  ["a = 017.5", "a = 17.5"],
  ["a = 5l", "a = 5L"],
  ["a = 5.", "a = 5.0"],
  ["a = 05E1", "a = 50.0"],
  ["a = 'x' + ''''", "a = ('x' + '''')"],
] as const) {
  test(`14.1: ${JSON.stringify(text)} is ${grouped}`, () => {
    assert.deepEqual(parseSelectorNode(text), parseSelectorNode(grouped));
  });
}

test("14.1: the numbers of a text have a form", () => {
  for (const [text, value, form] of [
    ["0", 0, "integer"],
    ["-5", -5, "integer"],
    ["2000.0", 2000, "decimal"],
    ["9223372036854775807", 9_223_372_036_854_775_807n, "integer"],
    ["-9223372036854775808", -9_223_372_036_854_775_808n, "integer"],
    ["9223372036854775808", 9_223_372_036_854_775_808n, "oversized"],
    ["0xFFFFFFFFFFFFFFFF", 18_446_744_073_709_551_615n, "oversized"],
    ["1E999", Number.POSITIVE_INFINITY, "decimal"],
  ] as const) {
    const node = parseSelectorNode(`a = ${text}`);
    assert.ok(node?.kind === "compare");
    assert.deepEqual(node.right, { kind: "number", value, form }, text);
  }
});

for (const text of [
  "a = 1 OR b = 2 AND (c = 3 OR d)",
  "(a OR b) OR c",
  "NOT (a = 1)",
  "a = -(-b) - -5",
  "a = -(5) + +(b - 1)",
  "a = b = (c = d)",
  "a NOT LIKE 'it''s!%%' ESCAPE '!'",
  "a NOT BETWEEN 1 + 2 AND c * (d - 1.5)",
  "a NOT IN ('x', 'y')",
  "(a OR b) IS NOT NULL",
  "XQUERY 'it''s'",
]) {
  test(`${text} is printed as it was written`, () =>
    assert.equal(printSelector(parseSelectorNode(text)!), text));
}
