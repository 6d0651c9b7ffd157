import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSelector, parseSelectorNode, printSelector, SelectorError } from "../src/index.ts";
import { message, STOMP } from "./messages.ts";
import { holds, type Tree, write } from "./naive.ts";

const name = fc.constantFrom("a", "b", "c", "d");
const word = fc.constantFrom("x", "xy", "", "5", "-7", "2.5", "1e1", "true", "FALSE", "😀");
const integer = fc.integer({ min: -9, max: 9 });
const double = integer.map((whole) => whole / 2);

const nameTree = name.map((name): Tree => ({ op: "name", name }));
const textTree = word.map((value): Tree => ({ op: "literal", value, whole: false }));
const numberTree = fc.oneof(
  integer.map((value): Tree => ({ op: "literal", value: value === 0 ? 0 : value, whole: true })),
  double.map((value): Tree => ({ op: "literal", value, whole: false })),
);
const booleanTree = fc.boolean().map((value): Tree => ({ op: "literal", value, whole: false }));

/** Values (what has an order, what has not) and conditions, each of the others down to a few levels. */
const trees = fc.letrec<{ ordered: Tree; value: Tree; condition: Tree }>((tie) => ({
  ordered: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    nameTree,
    numberTree,
    fc.record({
      op: fc.constant("math" as const),
      sign: fc.constantFrom("+", "-", "*", "/", "%"),
      a: tie("value"),
      b: tie("value"),
    }),
    fc.record({ op: fc.constant("neg" as const), a: fc.oneof(nameTree, numberTree, tie("ordered")) }),
  ),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    nameTree,
    textTree,
    numberTree,
    tie("ordered"),
  ),
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    nameTree,
    booleanTree,
    fc.record({
      op: fc.constant("compare" as const),
      sign: fc.constantFrom("<", "<=", ">", ">="),
      a: tie("ordered"),
      b: tie("ordered"),
    }),
    fc.record({
      op: fc.constant("compare" as const),
      sign: fc.constantFrom("=", "<>"),
      a: fc.oneof(nameTree, tie("value")),
      b: fc.oneof(tie("value"), tie("value"), nameTree),
    }),
    fc.record({
      op: fc.constant("compare" as const),
      sign: fc.constantFrom("=", "<>"),
      a: nameTree,
      b: tie("condition"),
    }),
    fc.record({
      op: fc.constant("between" as const),
      a: tie("ordered"),
      low: tie("ordered"),
      high: tie("ordered"),
      not: fc.boolean(),
    }),
    fc.record({
      op: fc.constant("like" as const),
      a: fc.oneof(nameTree, tie("value")),
      pattern: fc.string({ unit: fc.constantFrom("x", "y", "5", "%", "_"), maxLength: 4 }),
      not: fc.boolean(),
    }),
    fc.record({
      op: fc.constant("in" as const),
      name,
      list: fc.array(word, { minLength: 1, maxLength: 3 }),
      not: fc.boolean(),
    }),
    fc.record({
      op: fc.constant("null" as const),
      a: fc.oneof(tie("value"), tie("condition")),
      not: fc.boolean(),
    }),
    fc.record({ op: fc.constant("not" as const), a: tie("condition") }),
    fc.record({
      op: fc.constantFrom("and" as const, "or" as const),
      list: fc.array(tie("condition"), { minLength: 2, maxLength: 4 }),
    }),
  ),
}));

const bags = fc.dictionary(
  name,
  fc.oneof(
    word,
    word,
    integer,
    double,
    fc.boolean(),
    integer.map((value) => BigInt(value)),
  ),
  { noNullPrototype: true },
);

for (const converting of [false, true]) {
  test(`14.3: the predicate agrees with a naive evaluator, ${converting ? "" : "not "}converting`, () => {
    let matched = 0;
    fc.assert(
      fc.property(trees.condition, fc.array(bags, { minLength: 1, maxLength: 5 }), (tree, messages) => {
        const text = write(tree);
        const selector = parseSelector(text, { convertStrings: converting });
        for (const bag of messages) {
          const expected = holds(tree, bag, converting);
          if (expected) matched++;
          assert.equal(selector.matches(message(bag)), expected, text);
        }
      }),
      { numRuns: 10_000 },
    );
    assert.ok(matched > 1_000, `only ${matched} messages matched`);
  });
}

test("a printed selector parses to the same node, and prints the same again", () => {
  fc.assert(
    fc.property(trees.condition, (tree) => {
      const node = parseSelectorNode(write(tree));
      assert.ok(node !== undefined);
      const printed = printSelector(node);
      assert.deepStrictEqual(parseSelectorNode(printed), node);
      assert.equal(printSelector(parseSelectorNode(printed)!), printed);
      assert.ok(printed.length <= write(tree).length + 60);
    }),
    { numRuns: 3_000 },
  );
});

const piece = fc.oneof(
  fc.constantFrom(..."NOT AND OR BETWEEN LIKE ESCAPE IN IS TRUE FALSE NULL XPATH XQUERY".split(" ")),
  fc.constantFrom(
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "(",
    ")",
    ",",
    "--",
    "/*",
    "*/",
    "'",
  ),
  fc.constantFrom("a", "b-c", "$", "0", "08", "0x1f", "5L", ".5", "5.", "1E+9", "'x'", "'%_'", "''", "\n"),
  fc.constantFrom("9223372036854775808", "1E999", "convert_string_expressions:", "\u0000", "\ud800"),
);

for (const { what, texts } of [
  { what: "characters", texts: fc.string({ unit: "binary", maxLength: 200 }) },
  { what: "pieces", texts: fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(" ")) },
  {
    what: "pieces without blanks",
    texts: fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
  },
  {
    what: "damaged selectors",
    texts: fc.tuple(trees.condition, fc.nat(), piece).map(([tree, at, damage]) => {
      const text = write(tree);
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + damage + text.slice(cut + 1);
    }),
  },
]) {
  test(`fuzz: ${what} are a selector or a SelectorError, never anything else`, () => {
    fc.assert(
      fc.property(texts, bags, (text, bag) => {
        const options = { ...STOMP, xpath: () => () => true };
        try {
          const matched = parseSelector(text, options).matches(message(bag, "body"));
          assert.equal(typeof matched, "boolean");
          const node = parseSelectorNode(text, options);
          if (node !== undefined) {
            const printed = printSelector(node);
            assert.deepStrictEqual(parseSelectorNode(printed, options), node, printed);
            assert.equal(
              parseSelector(printed, { ...options, convertStrings: true }).matches(message(bag, "body")),
              matched,
            );
          }
        } catch (error) {
          if (!(error instanceof SelectorError)) throw error;
          assert.ok(error.position >= 0 && error.position <= text.length);
        }
      }),
      { numRuns: 5_000 },
    );
  });
}
