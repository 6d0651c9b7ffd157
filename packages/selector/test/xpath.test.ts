import assert from "node:assert/strict";
import { test } from "node:test";
import { DOMParser } from "@xmldom/xmldom";
import xpath from "xpath";
import { parseSelector, SelectorError, type XPathFunction, xpathOverXml } from "../src/index.ts";
import { message } from "./messages.ts";

/** The libraries that the page of the package recommends, tied in as it shows. */
const withLibraries: XPathFunction = xpathOverXml({
  parseXml: (text) => {
    const onError = (_level: string, problem: string): never => {
      throw new Error(problem);
    };
    return new DOMParser({ onError }).parseFromString(text, "text/xml");
  },
  compile: (expression) => (document) => xpath.select(expression, document as unknown as Node),
});

const BODY = "<doc><a key='first' num='1'/><b key='second' num='2'>b</b></doc>";

function matchesXPath(expression: string, body: string | undefined): boolean {
  const selector = `XPATH '${expression.replaceAll("'", "''")}'`;
  return parseSelector(selector, { xpath: withLibraries }).matches(message({}, body));
}

for (const expression of [
  "doc/a",
  "//doc/b",
  '//doc/b/text()="b"',
  '//doc/b="b"',
  '//doc/b!="c"',
  "//doc/*[@key='second']",
  "//doc/a[@key='first']",
  "//doc/a[@num=1]",
  "/doc/*[@key='first' or @key='third']",
  "/doc/b='b' and /doc/b[@key='second']",
  "not(//doc/c)",
  "//doc/a[not(not(@key='first'))]",
  "string(//doc/b)",
  "sum(//@num) < 10",
  "//doc/b[@num > 1]",
]) {
  test(`SE-002: ${expression} is true`, () => assert.equal(matchesXPath(expression, BODY), true));
}

for (const expression of [
  "doc/c",
  '//doc/b="c"',
  "//doc/*[@key='third']",
  "//doc/a[@key='second']",
  "//doc/*[@key='third' or @key='forth']",
  "/doc/b='b' and /doc/b[@key='first']",
  "not(//doc/a)",
  "//doc/a[not(@key='first')]",
  "string(//doc/a)",
  "sum(//@num) > 10",
  "//doc/a[@num > 1]",
]) {
  test(`SE-002: ${expression} is false`, () => assert.equal(matchesXPath(expression, BODY), false));
}

for (const { name, expression, body } of [
  { name: "a body that is no XML", expression: "doc", body: "<doc>" },
  { name: "an empty body", expression: "doc", body: "" },
  { name: "a body that cannot be read as text", expression: "doc", body: undefined },
  { name: "an expression that is no XPath", expression: "//[", body: BODY },
  { name: "an unknown function", expression: "nonsense()", body: BODY },
  { name: "a document type", expression: "doc", body: `<!DOCTYPE doc [<!ENTITY e "e">]>${BODY}` },
  { name: "a document type in a comment", expression: "doc", body: `<!-- <!DOCTYPE doc> -->${BODY}` },
  { name: "a body beyond 64 KiB", expression: "doc", body: `<doc>${"x".repeat(65_536)}</doc>` },
]) {
  test(`14.1: XPATH is false for ${name}`, () => assert.equal(matchesXPath(expression, body), false));
}

test("14.1: a body that is not UTF-8 is false", () => {
  const selector = parseSelector("XPATH 'doc'", { xpath: withLibraries });
  const body = (): Uint8Array => Uint8Array.of(0xff, 0xfe, 0x3c, 0x00);
  assert.equal(selector.matches({ property: () => undefined, body }), false);
});

for (const { result, expected } of [
  { result: true, expected: true },
  { result: false, expected: false },
  { result: 0, expected: false },
  { result: Number.NaN, expected: false },
  { result: 0.5, expected: true },
  { result: "", expected: false },
  { result: "false", expected: true },
  { result: [], expected: false },
  { result: [{}], expected: true },
  { result: undefined, expected: false },
]) {
  test(`14.1: an XPath result of ${JSON.stringify(result) ?? "nothing"} is ${expected}`, () => {
    const xpathFunction = xpathOverXml({ parseXml: () => ({}), compile: () => () => result });
    assert.equal(xpathFunction("any")(new Uint8Array(0)), expected);
  });
}

test("14.1: XPATH is a condition among others, and its failures are false, not unknown", () => {
  const options = { xpath: withLibraries };
  const source = message({ color: "red" }, BODY);
  assert.equal(parseSelector("color = 'red' AND XPATH 'doc/a'", options).matches(source), true);
  assert.equal(parseSelector("NOT XPATH 'doc/c'", options).matches(source), true);
  assert.equal(parseSelector("NOT XPATH '//['", options).matches(source), true);
});

test("XPATH without a function for it is refused, and says so", () => {
  assert.throws(
    () => parseSelector("color = 'red' OR XPATH 'a'"),
    (error) => {
      assert.ok(error instanceof SelectorError);
      assert.equal(error.code, "UNSUPPORTED");
      assert.equal(error.position, 17);
      assert.match(error.message, /XPATH is not available at character 18/);
      return true;
    },
  );
});

test("14.1: XQUERY parses and is false", () => {
  assert.equal(parseSelector("XQUERY 'anything'").matches(message({}, BODY)), false);
  assert.equal(parseSelector("NOT XQUERY 'anything'").matches(message({}, BODY)), true);
});
