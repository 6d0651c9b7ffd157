import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matches } from "./messages.ts";

function like(text: string, pattern: string, escaper?: string): boolean {
  const ending = escaper === undefined ? "" : ` ESCAPE '${escaper}'`;
  return matches(`a LIKE '${pattern.replaceAll("'", "''")}'${ending}`, { a: text });
}

for (const [text, pattern, expected] of [
  ["", "", true],
  ["x", "", false],
  ["", "%", true],
  ["", "_", false],
  ["abc", "abc", true],
  ["abc", "ABC", false],
  ["abc", "ab", false],
  ["abc", "a%", true],
  ["abc", "%c", true],
  ["abc", "%b%", true],
  ["abc", "%", true],
  ["abc", "%%", true],
  ["abc", "___", true],
  ["abc", "____", false],
  ["abc", "%____%", false],
  ["abc", "a%b%c", true],
  ["abc", "a%c%b", false],
  ["aa", "a%a", true],
  ["a", "a%a", false],
  ["aba", "ab%ba", false],
  ["aXbXc", "a%X%X%c", true],
  ["aXc", "a%X%X%c", false],
  ["12993", "12%3", true],
  ["1234", "12%3", false],
  ["a\nb\r\nc", "a%c", true],
  ["a\nb", "a_b", true],
  ["😀", "_", true],
  ["😀", "__", false],
  ["😀", "%_%_%", false],
  ["x😀y", "x_y", true],
  ["x😀y", "%😀%", true],
  ["a.c", "a.c", true],
  ["abc", "a.c", false],
  ["a*c", "a*%", true],
  ["(", "(", true],
] as const) {
  test(`LIKE: ${JSON.stringify(text)} is ${expected ? "" : "not "}like ${pattern}`, () => {
    assert.equal(like(text, pattern), expected);
  });
}

for (const [text, pattern, escaper, expected] of [
  ["_foo", "!_%", "!", true],
  ["xfoo", "!_%", "!", false],
  ["5%", "5!%", "!", true],
  ["50", "5!%", "!", false],
  ["a!b", "a!!b", "!", true],
  ["a\\b", "a\\\\b", "\\", true],
  ["ab", "!a!b", "!", true],
  ["%", "%%", "%", true],
  ["x", "%%", "%", false],
  ["_", "😀_", "😀", true],
  ["x", "😀_", "😀", false],
] as const) {
  test(`LIKE ESCAPE ${escaper}: ${text} is ${expected ? "" : "not "}like ${pattern}`, () => {
    assert.equal(like(text, pattern, escaper), expected);
  });
}

test("LIKE means what a regular expression says, for short patterns", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "😀", "\n"), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "😀", "_", "%"), maxLength: 8 });
  fc.assert(
    fc.property(text, pattern, (value, wanted) => {
      const source = wanted.replaceAll("_", ".").replaceAll("%", ".*");
      assert.equal(like(value, wanted), new RegExp(`^(?:${source})$`, "su").test(value));
    }),
    { numRuns: 2_000 },
  );
});

for (const pattern of [
  "%a".repeat(2_000),
  "%_".repeat(2_000),
  `%${"a%".repeat(2_000)}b`,
  `${"%a_".repeat(1_000)}b%c`,
]) {
  test(`LIKE ${pattern.slice(0, 8)}… over a long text ends in time`, () => {
    like("a".repeat(100_000), pattern);
    like(`${"a".repeat(100_000)}c`, pattern);
  });
}
