import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseProperties } from "../src/index.ts";

const TABLE: readonly {
  readonly name: string;
  readonly text: string;
  readonly entries: Record<string, string>;
}[] = [
  { name: "the three separators", text: "a=1\nb: 2\nc 3\nd\t4", entries: { a: "1", b: "2", c: "3", d: "4" } },
  { name: "blanks around a separator", text: "a  =  1\nb   :2", entries: { a: "1", b: "2" } },
  {
    name: "only the first separator counts",
    text: "a = =b\nc : =d\ne f=g",
    entries: { a: "=b", c: "=d", e: "f=g" },
  },
  {
    name: "comments and empty lines",
    text: "# x=1\n  ! y=2\n\n   \na=1 # no comment",
    entries: { a: "1 # no comment" },
  },
  { name: "leading blanks go, trailing ones stay", text: "  a=1  ", entries: { a: "1  " } },
  {
    name: "a backslash continues the line",
    text: "a=one, \\\n   two\\\r\n  three",
    entries: { a: "one, twothree" },
  },
  { name: "a continued line is no comment", text: "a=1\\\n#2", entries: { a: "1#2" } },
  { name: "two backslashes do not continue", text: "a=1\\\\\nb=2", entries: { a: "1\\", b: "2" } },
  { name: "a backslash at the end of the file", text: "a=1\\", entries: { a: "1" } },
  { name: "escapes", text: "a=\\t\\n\\r\\f\\\\\\=\\:\\#\\!\\q", entries: { a: "\t\n\r\f\\=:#!q" } },
  { name: "unicode escapes", text: "a=\\u00e4\\u20AC\nb=\\u12", entries: { a: "ä€", b: "u12" } },
  { name: "escaped separators in names", text: "a\\=b\\:c\\ d=1", entries: { "a=b:c d": "1" } },
  { name: "a name without a value", text: "a\nb=\nc:", entries: { a: "", b: "", c: "" } },
  { name: "a value without a name", text: "=1", entries: { "": "1" } },
  { name: "the last one wins", text: "a=1\na=2", entries: { a: "2" } },
  { name: "every line end", text: "a=1\rb=2\r\nc=3\n", entries: { a: "1", b: "2", c: "3" } },
  {
    name: "names of object properties",
    text: "__proto__=1\nconstructor=2",
    entries: { ["__proto__"]: "1", constructor: "2" },
  },
];

for (const { name, text, entries } of TABLE) {
  test(`5.2 properties: ${name}`, () => {
    assert.deepEqual([...parseProperties(text)], Object.entries(entries));
  });
}

test("5.2 properties: what java.util.Properties would write reads back", () => {
  const escaped = (text: string): string =>
    text.replace(/[\\=:#!\s]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const word = fc.string({ minLength: 1 });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(word, word), { selector: ([name]) => name }), (entries) => {
      const text = entries.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join("\n");
      assert.deepEqual([...parseProperties(text)], entries);
    }),
  );
});

test("5.2 properties: any text is understood", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseProperties(text)));
});
