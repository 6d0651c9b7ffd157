import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSelector, SelectorError } from "../src/index.ts";
import { matches, message, type Properties, STOMP } from "./messages.ts";

const color = (value: string): Properties => ({ color: value });

for (const { id, selector, sent, delivered } of [
  {
    id: "ST-025",
    selector: "color = 'red'",
    sent: [color("blue"), { not: "set" }, color("red")],
    delivered: [3],
  },
  {
    id: "ST-025",
    selector: "age >= 21",
    sent: [{ age: "3" }, { not: "set" }, { age: "21" }, { age: "30" }],
    delivered: [3, 4],
  },
  {
    id: "ST-025",
    selector: "hyphen - 5 = 5",
    sent: [{ hyphen: "9" }, { not: "set" }, { hyphen: "10" }],
    delivered: [3],
  },
  {
    id: "ST-025",
    selector: "hyphen -5 = 5",
    sent: [{ hyphen: "9" }, { not: "set" }, { hyphen: "10" }],
    delivered: [3],
  },
  {
    id: "ST-025",
    selector: "hyphen-5 = 5",
    sent: [{ hyphen: "9" }, { "hyphen-5": "5" }, { not: "set" }, { hyphen: "10" }],
    delivered: [2],
  },
  {
    id: "ST-026, OW-017",
    selector: "color='red'",
    sent: [color("red"), color("blue"), color("red")],
    delivered: [1, 3],
  },
  {
    id: "ST-027",
    selector: "color='red'",
    sent: [color("red"), color("blue"), color("red")],
    delivered: [1, 3],
  },
  { id: "IT-004", selector: "color='blue'", sent: [color("red"), color("blue")], delivered: [2] },
]) {
  test(`${id}: ${selector} delivers ${delivered}`, () => {
    const compiled = parseSelector(`convert_string_expressions:hyphenated_props:${selector}`);
    const found = sent.flatMap((properties, index) =>
      compiled.matches(message(properties)) ? [index + 1] : [],
    );
    assert.deepEqual(found, delivered);
    const same = parseSelector(selector, STOMP);
    for (const properties of sent) {
      assert.equal(same.matches(message(properties)), compiled.matches(message(properties)));
    }
  });
}

test("14.2: prefixes come before the options, the last one wins, and the text keeps them", () => {
  const text =
    "no_convert_string_expressions:convert_string_expressions:no_convert_string_expressions:age = 21";
  const compiled = parseSelector(text, STOMP);
  assert.equal(compiled.text, text);
  assert.equal(compiled.matches(message({ age: "21" })), false);
  assert.equal(matches("convert_string_expressions:age = 21", { age: "21" }), true);
  assert.equal(matches("no_hyphenated_props:a-1 = 4", { a: 5, "a-1": 4 }, STOMP), true);
  assert.equal(matches("no_hyphenated_props:a-1 = 4", { "a-1": 4 }, STOMP), false);
  assert.equal(matches("hyphenated_props:a-1 = 4", { "a-1": 4 }), true);
  assert.equal(matches("hyphenated_props:hyphenated_props:a-1 = 4", { "a-1": 4 }), true);
});

test("14.2: an error's position counts the prefixes", () => {
  assert.throws(
    () => parseSelector("hyphenated_props:a ="),
    (error) => {
      assert.ok(error instanceof SelectorError);
      assert.equal(error.position, "hyphenated_props:a =".length);
      return true;
    },
  );
  assert.throws(() => parseSelector("other_prefix:a = 1"), SelectorError);
});

for (const { selector, properties, expected } of [
  // An integer literal wants an integer, a decimal one takes any number. [14.3]
  { selector: "n > 2000", properties: { n: "2500" }, expected: true },
  { selector: "n > 2000", properties: { n: "2500.5" }, expected: false },
  { selector: "n > 2000.0", properties: { n: "2500.5" }, expected: true },
  { selector: "n > 2000.0", properties: { n: "2500" }, expected: true },
  { selector: "n <= 2000", properties: { n: "2500.5" }, expected: false },
  { selector: "2000 < n", properties: { n: "2500.5" }, expected: false },
  { selector: "2000 < n", properties: { n: "2500" }, expected: true },
  { selector: "n > 1000 + 1000", properties: { n: "2500.5" }, expected: false },
  { selector: "n > 4000 / 2", properties: { n: "2500.5" }, expected: true },
  { selector: "n BETWEEN 1 AND 3", properties: { n: "2" }, expected: true },
  { selector: "n BETWEEN 1 AND 3", properties: { n: "2.5" }, expected: false },
  { selector: "n BETWEEN 1.0 AND 3.0", properties: { n: "2.5" }, expected: true },
  { selector: "n NOT BETWEEN 1 AND 3", properties: { n: "4" }, expected: true },
  { selector: "n > 2000", properties: { n: "many" }, expected: false },
  { selector: "n = 5", properties: { n: "" }, expected: false },
  { selector: "n = 5", properties: { n: " 5" }, expected: false },
  { selector: "n = 5", properties: { n: "+5" }, expected: true },
  { selector: "n = -5", properties: { n: "-5" }, expected: true },
  { selector: "n = 5", properties: { n: "0x5" }, expected: false },
  { selector: "n = 5", properties: { n: "0005" }, expected: true },
  { selector: "n = 5.0", properties: { n: "5e0" }, expected: true },
  { selector: "n = 5.0", properties: { n: ".5E+1" }, expected: true },
  { selector: "n = 5.0", properties: { n: "5e" }, expected: false },
  { selector: "n = 5.0", properties: { n: "." }, expected: false },
  { selector: "n = 5.0", properties: { n: "Infinity" }, expected: false },
  { selector: "n <> 5", properties: { n: "many" }, expected: true },
  { selector: "n > 1700000000000", properties: { n: "1700000000001" }, expected: true },
  { selector: "n > 1", properties: { n: "1700000000001" }, expected: true },
  { selector: "n = 9007199254740993", properties: { n: "9007199254740993" }, expected: true },
  { selector: "n = 9007199254740993", properties: { n: "9007199254740992" }, expected: false },
  { selector: "n > 0", properties: { n: "9223372036854775808" }, expected: false },
  { selector: "n < 0", properties: { n: "-9223372036854775808" }, expected: true },
  { selector: "n = m", properties: { n: "5", m: 5n }, expected: true },
  { selector: "n = m", properties: { n: "5.0", m: 5n }, expected: false },
  { selector: "n = m", properties: { n: "5.0", m: 5 }, expected: true },
  { selector: "n = '5'", properties: { n: 5 }, expected: true },
  { selector: "n = m", properties: { n: "5.0", m: "5" }, expected: false },
  { selector: "n < m", properties: { n: "10", m: "9" }, expected: true },
  // Booleans
  { selector: "b = TRUE", properties: { b: "TrUe" }, expected: true },
  { selector: "b = FALSE", properties: { b: "false" }, expected: true },
  { selector: "b = FALSE", properties: { b: "no" }, expected: false },
  { selector: "b", properties: { b: "true" }, expected: false },
  // Arithmetic
  { selector: "rank + 2 = '1232'", properties: { rank: "123" }, expected: true },
  { selector: "rank + 2 = 1232", properties: { rank: "123" }, expected: true },
  { selector: "2 + rank = 125", properties: { rank: "123" }, expected: true },
  { selector: "rank - 2 = 121", properties: { rank: "123" }, expected: true },
  { selector: "rank * 2 = 247", properties: { rank: "123.5" }, expected: true },
  { selector: "rank / 2 = 61.5", properties: { rank: "123" }, expected: true },
  { selector: "-rank = -123", properties: { rank: "123" }, expected: true },
  { selector: "rank * 2 > 0", properties: { rank: "1e5" }, expected: false },
  { selector: "rank * 2 > 0 OR TRUE", properties: { rank: "many" }, expected: false },
  // Not converted
  { selector: "n LIKE '5%'", properties: { n: 55 }, expected: false },
  { selector: "n IN ('5')", properties: { n: 5 }, expected: false },
] as const) {
  test(`14.3 converting: ${selector} with ${JSON.stringify({ ...properties }, inText)}`, () => {
    assert.equal(matches(selector, properties, STOMP), expected);
  });
}

function inText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
