import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DEFAULT_SELECTOR_LIMITS,
  parseSelector,
  SelectorCache,
  SelectorError,
  type SelectorLimits,
} from "../src/index.ts";
import { matches, message } from "./messages.ts";

function refusal(text: string, limits: Partial<SelectorLimits> = {}): SelectorError {
  try {
    parseSelector(text, { limits });
  } catch (error) {
    assert.ok(error instanceof SelectorError);
    return error;
  }
  return assert.fail(`${text.slice(0, 40)} is accepted`);
}

test("a text of 8 KiB is accepted, one character more is not", () => {
  const longest = "a = 1".padEnd(DEFAULT_SELECTOR_LIMITS.textLengthMax);
  assert.equal(matches(longest, { a: 1 }), true);
  const error = refusal(`${longest} `);
  assert.equal(error.code, "LIMIT");
  assert.match(error.message, /8193 is too long.*at most 8192/);
  assert.equal(refusal("a = 1 ", { textLengthMax: 5 }).code, "LIMIT");
});

for (const { name, at } of [
  { name: "parentheses", at: (depth: number) => `${"(".repeat(depth)}a${")".repeat(depth)}` },
  { name: "NOT", at: (depth: number) => `${"NOT ".repeat(depth - 1)}a` },
  { name: "signs", at: (depth: number) => `${"- ".repeat(depth - 2)}a = 1` },
  { name: "a chain of +", at: (depth: number) => `a${" + a".repeat(depth - 2)} = 1` },
  { name: "a chain of =", at: (depth: number) => `a${" = a".repeat(depth - 1)}` },
  { name: "a chain of LIKE", at: (depth: number) => `a${" LIKE 'a'".repeat(depth - 1)}` },
]) {
  test(`${name} may nest 100 levels deep, 250 if so configured, and no deeper`, () => {
    for (const depth of [100, 250]) {
      const limits = { nestingMax: depth };
      assert.equal(parseSelector(at(depth), { limits }).matches(message({})), false);
      const error = refusal(at(depth + 1), limits);
      assert.equal(error.code, "LIMIT");
      assert.match(error.message, new RegExp(`too deep.*at most ${depth} levels`));
    }
    assert.equal(refusal(at(101)).code, "LIMIT");
  });
}

test("AND and OR may go on as long as the text", () => {
  assert.equal(matches(`a = 0${" OR a = 1".repeat(900)}`, { a: 1 }), true);
  assert.equal(matches(`a = 1${" AND a = 1".repeat(800)}`, { a: 1 }), true);
});

for (const text of [
  "(".repeat(8_192),
  "NOT ".repeat(2_048),
  "-".repeat(8_192),
  "- ".repeat(4_096),
  `a = ${"9".repeat(8_000)}`,
  `a = 0x${"f".repeat(8_000)}`,
  `a IN (${"'x',".repeat(2_000)}`,
  "'".repeat(8_191),
  "/*".repeat(4_000),
  "a BETWEEN ".repeat(800),
  `a = 1${" + (a".repeat(1_600)}`,
]) {
  test(`hostile text ${text.slice(0, 12)}… ends in time, in a SelectorError or a selector`, () => {
    try {
      parseSelector(text).matches(message({ a: 1 }));
    } catch (error) {
      assert.ok(error instanceof SelectorError, String(error));
    }
  });
}

test("a run of LIKE that is searched step by step has a limit", () => {
  const run = "_".repeat(256);
  assert.equal(matches(`a LIKE '%${run}%'`, { a: "x".repeat(256) }), true);
  assert.match(refusal(`a LIKE '%${run}_%'`).message, /run of 257 characters.*at most 256/);
  assert.equal(
    matches(`a LIKE '${run}_%'`, { a: "x".repeat(257) }),
    true,
    "not searched: it begins the text",
  );
  assert.equal(matches(`a LIKE '%${"x".repeat(1_000)}%'`, { a: "x".repeat(1_000) }), true, "no _ in it");
});

test("a part of a selector is evaluated once, however BETWEEN nests", () => {
  let asked = 0;
  const property = (): undefined => {
    asked++;
    return undefined;
  };
  let text = "a";
  for (let depth = 0; depth < 30; depth++) text = `(${text} NOT BETWEEN 1 AND 2) + 1`;
  assert.equal(parseSelector(`${text} = 1`).matches({ property }), false);
  assert.equal(asked, 1);
});

test("a text built by + has a limit: beyond it there is no match", () => {
  const limits = { concatenationLengthMax: 6 };
  assert.equal(matches("a + a = 'xxxxxx'", { a: "xxx" }, { limits }), true);
  assert.equal(matches("a + a <> 'xxxxxx'", { a: "xxxx" }, { limits }), false);
});

for (const limits of [
  { textLengthMax: 0 },
  { nestingMax: 251 },
  { nestingMax: 1.5 },
  { likeRunLengthMax: Number.NaN },
]) {
  test(`a limit of ${Object.entries(limits).join()} makes no sense`, () => {
    assert.throws(() => parseSelector("a", { limits }), RangeError);
  });
}

test("an error quotes no more than a line of the peer's text", () => {
  const { message: text } = refusal(`a = 1 '${"x\n".repeat(1_000)}'`);
  assert.ok(text.length < 200, text);
  assert.doesNotMatch(text, /\n/);
});

test("14.3: the cache keeps 100 selectors and refusals, and forgets what was not asked for the longest", () => {
  const cache = new SelectorCache({ convertStrings: true });
  const first = cache.get("a = 1");
  assert.equal(first.matches(message({ a: "1" })), true, "its options are used");
  assert.throws(() => cache.get("a ="), SelectorError);
  const refused = (): unknown => {
    try {
      return cache.get("a =");
    } catch (error) {
      return error;
    }
  };
  assert.equal(refused(), refused());
  for (let at = 0; at < 98; at++) cache.get(`n = ${at}`);
  assert.equal(cache.size, 100);
  assert.equal(cache.get("a = 1"), first);
  const error = refused();
  cache.get("n = 98");
  assert.equal(cache.size, 100);
  assert.equal(cache.get("a = 1"), first, "asked for lately");
  assert.equal(refused(), error, "asked for lately");
  cache.get("n = 0");
  assert.equal(cache.size, 100);
});

test("a cache passes on what is no refusal", () => {
  const cache = new SelectorCache({ limits: { nestingMax: 0 } });
  assert.throws(() => cache.get("a"), RangeError);
  assert.equal(cache.size, 0);
});

test("limits: XPATH stands at most so often in a selector", () => {
  const options = { xpath: () => () => true, limits: { xpathsMax: 2 } };
  assert.equal(parseSelector("XPATH 'a' OR XPATH 'b'", options).matches(message({}, "text")), true);
  assert.throws(
    () => parseSelector("XPATH 'a' OR XPATH 'b' AND XPATH 'c'", options),
    (error) => error instanceof SelectorError && error.code === "LIMIT" && error.position === 27,
  );
});
