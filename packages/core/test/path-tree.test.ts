import assert from "node:assert/strict";
import { test } from "node:test";
import { filterMatches, NEUTRAL_SYNTAX, type PathPart, parsePath } from "@tsapollo/domain";
import fc from "fast-check";
import { PathTree } from "../src/index.ts";
import { patternCovers } from "../src/path-tree.ts";

/** As in the configuration, but with any character in names. */
const SYNTAX = { ...NEUTRAL_SYNTAX, partPattern: /^[^*{}]*$/ };
const read = (text: string): PathPart[] => parsePath(text, SYNTAX);

function treeOf(content: Readonly<Record<string, string>>): PathTree<string> {
  const tree = new PathTree<string>();
  for (const [key, values] of Object.entries(content)) {
    for (const value of values.split(" ")) tree.add(read(key), value);
  }
  return tree;
}

/** A name among patterns is matched, a pattern among names is searched. */
function lookUp(tree: PathTree<string>, text: string): string {
  const path = read(text);
  const found = new Set<string>();
  if (path.every((part) => typeof part === "string")) tree.match(path, found);
  else tree.find(path, (value) => found.add(value));
  return [...found].sort().join(" ");
}

const SIMPLE = { "TEST.D1": "v1", "TEST.BAR.D2": "v2", "TEST.BAR.D3": "v3" };
const PATTERNS = { "TEST.*": "v1", "TEST.D1": "v2", "TEST.BAR.*": "v2", "TEST.BAR.D3": "v3" };
const ALL_KINDS = {
  "TEST.FOO": "v1",
  "TEST.*": "v2",
  "TEST.**": "v3",
  "**": "v4",
  "TEST.FOO.BAR": "v5",
  "TEST.XYZ": "v6",
};

for (const { id, content, expected } of [
  { id: "PA-001", content: SIMPLE, expected: { "TEST.D1": "v1", "TEST.BAR.D2": "v2", "TEST.BAR.D3": "v3" } },
  {
    id: "PA-002",
    content: { "TEST.D1": "v1", "TEST.BAR.D2": "v2 v3" },
    expected: { "TEST.D1": "v1", "TEST.BAR.D2": "v2 v3", "TEST.BAR.D3": "" },
  },
  {
    id: "PA-003",
    content: SIMPLE,
    expected: {
      "TEST.D1": "v1",
      "TEST.*": "v1",
      "*.D1": "v1",
      "*.*": "v1",
      "TEST.*.D2": "v2",
      "*.BAR.D2": "v2",
      "*.*.D2": "v2",
      "TEST.*.D3": "v3",
      "*.BAR.D3": "v3",
      "*.*.D3": "v3",
      "TEST.BAR.D4": "",
      "TEST.BAR.*": "v2 v3",
    },
  },
  {
    id: "PA-004",
    content: SIMPLE,
    expected: { "**": "v1 v2 v3", "TEST.**": "v1 v2 v3", "*.**": "v1 v2 v3", "FOO.**": "" },
  },
  {
    id: "PA-005, PA-009, PA-010 (names)",
    content: PATTERNS,
    expected: {
      FOO: "",
      "TEST.FOO": "v1",
      "TEST.D1": "v1 v2",
      "TEST.FOO.FOO": "",
      "TEST.BAR.FOO": "v2",
      "TEST.BAR.D3": "v2 v3",
    },
  },
  {
    id: "PA-006 (names)",
    content: { ...PATTERNS, "TEST.BAR.D3": "v5", "TEST.*.D2": "v6" },
    expected: { "TEST.BAR.D2": "v2 v6", "TEST.BAR.D3": "v2 v5", "TEST.XYZ.D2": "v6" },
  },
  {
    id: "PA-007, key",
    content: { "TEST.a{[0-9]+}a": "v1" },
    expected: { "TEST.a99a": "v1", "TEST.aa": "", "TEST.a9b": "", "TEST.a99ab": "" },
  },
  {
    id: "PA-007, lookup",
    content: { "TEST.BAR.aa": "v2", "TEST.BAR.a123a": "v3", "TEST.BAR.a2ca": "v4", "TEST.BAR.aba": "v5" },
    expected: { "TEST.BAR.a{[0-9]+}a": "v3" },
  },
  {
    id: "PA-008",
    content: {
      "TEST.a*a": "v1",
      "TEST.BAR.aa": "v2",
      "TEST.BAR.aba": "v3",
      "TEST.BAR.cat": "v4",
      "TEST.BAR.a": "v5",
    },
    expected: { "TEST.aba": "v1", "TEST.BAR.a*a": "v2 v3" },
  },
  {
    id: "PA-011 (names)",
    content: { "TEST.FOO.**": "v1" },
    expected: {
      "TEST.FOO.BAR.WHANOT.A.B.C": "v1",
      "TEST.FOO.BAR.WHANOT": "v1",
      "TEST.FOO.BAR": "v1",
      "TEST.FOO": "v1",
      "TEST.BAR": "",
    },
  },
  {
    id: "PA-013 (names)",
    content: ALL_KINDS,
    expected: {
      FOO: "v4",
      "TEST.FOO": "v1 v2 v3 v4",
      "TEST.D1": "v2 v3 v4",
      "TEST.FOO.FOO": "v3 v4",
      "TEST.BAR.D3": "v3 v4",
      "TEST.FOO.BAR": "v3 v4 v5",
    },
  },
  {
    id: "2.5, what follows the first ** is ignored",
    content: { "a.**.b": "v1" },
    expected: { a: "v1", "a.x": "v1", "a.x.y": "v1", b: "" },
  },
] as const) {
  test(`${id}: what a look-up finds [messaging 2.5]`, () => {
    const tree = treeOf(content);
    for (const [text, values] of Object.entries(expected)) assert.equal(lookUp(tree, text), values, text);
  });
}

test("PA-012, PA-013, PA-014: what is removed is not found, and removing it again says so", () => {
  const tree = treeOf(ALL_KINDS);
  for (const { key, value, left } of [
    { key: "TEST.FOO", value: "v1", left: "v2 v3 v4" },
    { key: "TEST.XYZ", value: "v6", left: "v2 v3 v4" },
    { key: "TEST.*", value: "v2", left: "v3 v4" },
    { key: "**", value: "v4", left: "v3" },
    { key: "TEST.**", value: "v3", left: "" },
  ]) {
    assert.equal(tree.remove(read(key), value), true);
    assert.equal(tree.remove(read(key), value), false);
    assert.equal(lookUp(tree, "TEST.FOO"), left, key);
  }
  assert.equal(tree.remove(read("TEST.FOO.BAR"), "v5"), true);
  assert.equal(tree.size, 0);
  for (const [key, value] of Object.entries(ALL_KINDS)) tree.add(read(key), value);
  assert.equal(lookUp(tree, "TEST.FOO"), "v1 v2 v3 v4");
});

test("PA-015, PA-016, PA-017: long paths and many paths come and go", () => {
  const tree = new PathTree<number>();
  for (const length of [18, 100]) {
    const path = Array.from({ length }, (_, at) => `p${at}`);
    assert.equal(tree.add(path, length), true);
    assert.equal(tree.add(path, length), false);
    assert.equal(tree.remove(path, length), true);
  }
  for (let at = 0; at < 1_000; at += 1) tree.add([String(at)], at);
  assert.equal(tree.size, 1_000);
  for (let at = 0; at < 1_000; at += 1) tree.remove([String(at)], at);
  assert.equal(tree.size, 0);
  tree.find(read("**"), () => assert.fail("nothing is left"));
});

for (const { pattern, name, subscription, filter } of [
  { pattern: "a.**", name: "a", subscription: true, filter: false },
  { pattern: "nacker.**", name: "nacker.a", subscription: true, filter: true },
  { pattern: "**", name: "a.b", subscription: true, filter: true },
  { pattern: "*.**", name: "a", subscription: true, filter: false },
  { pattern: "a.*", name: "a.b.c", subscription: false, filter: false },
  { pattern: "x.{[0-9]+}", name: "x.12", subscription: true, filter: true },
  { pattern: "x.{[0-9]+}", name: "x.abc", subscription: false, filter: false },
  { pattern: "a.**.b", name: "a", subscription: true, filter: false },
]) {
  test(`2.5 A, B and C: ${pattern} and ${name}: subscription ${subscription}, configuration ${filter} [quirk 1]`, () => {
    const names = treeOf({ [name]: "v" });
    const patterns = treeOf({ [pattern]: "v" });
    assert.equal(lookUp(names, pattern) === "v", subscription, "A");
    assert.equal(lookUp(patterns, name) === "v", subscription, "B");
    assert.equal(patternCovers(read(pattern), read(name)), subscription);
    assert.equal(filterMatches(read(pattern), read(name)), filter, "C");
  });
}

test("matching names with patterns, patterns with names, and one with one agree", () => {
  const part = fc.constantFrom("a", "b", "ab", "$s", "*", "**", "a*", "{[ab]}");
  const literal = fc.constantFrom("a", "b", "ab", "$s", "c");
  const paths = { minLength: 1, maxLength: 4 };
  fc.assert(
    fc.property(
      fc.array(fc.array(part, paths), { maxLength: 8 }),
      fc.array(fc.array(literal, paths), { maxLength: 8 }),
      (patterns, names) => {
        const byPattern = new PathTree<string>();
        const byName = new PathTree<string>();
        for (const pattern of patterns) byPattern.add(read(pattern.join(".")), pattern.join("."));
        for (const name of names) byName.add(name, name.join("."));
        for (const name of names) {
          const found = new Set<string>();
          byPattern.match(name, found);
          for (const pattern of patterns.map((one) => one.join("."))) {
            const covers = patternCovers(read(pattern), name);
            assert.equal(found.has(pattern), covers, `${pattern} and ${name.join(".")}`);
            const searched = new Set<string>();
            byName.find(read(pattern), (value) => searched.add(value));
            if (pattern.includes("*") || pattern.includes("{")) {
              assert.equal(searched.has(name.join(".")), covers, `search ${pattern}, ${name.join(".")}`);
            }
          }
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
