import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSelector, parseSelectorNode, SelectorError, type SelectorNode } from "../src/index.ts";
import { matches, type Properties } from "./messages.ts";

const PUNCTUATION = "!#$&()*+,-./:;<=>?@[\\]^`{|}~";
const SAMPLE: Properties = {
  name: "James",
  location: "London",
  byteProp: 123,
  byteProp2: 33,
  shortProp: 123,
  intProp: 123,
  longProp: 123n,
  floatProp: 123.0,
  doubleProp: 123.0,
  rank: 123,
  version: 2,
  quote: "'In God We Trust'",
  foo: "_foo",
  punctuation: PUNCTUATION,
  trueProp: true,
  falseProp: false,
  JMSType: "selector-test",
  JMSMessageID: "connection:1:1:1:1",
};

/** One test for each selector of a scenario, against the sample message unless another is given. */
function scenario(
  id: string,
  expected: boolean,
  selectors: readonly string[],
  properties: Properties = SAMPLE,
): void {
  for (const selector of selectors) {
    test(`${id}: ${selector} is ${expected}`, () => {
      assert.equal(matches(selector, properties), expected);
    });
  }
}

scenario("SE-001", true, ["(trueProp OR falseProp) AND trueProp"]);
scenario("SE-001", false, ["(trueProp OR falseProp) AND falseProp"]);

scenario("SE-003", true, ["JMSType = 'selector-test'"]);
scenario("SE-003", false, ["JMSType = 'crap'"]);
const withId = { ...SAMPLE, JMSMessageID: "id:test:1:1:1:1" };
scenario("SE-003", true, ["JMSMessageID = 'id:test:1:1:1:1'"], withId);
scenario("SE-003", false, ["JMSMessageID = 'id:not-test:1:1:1:1'"], withId);
const withType = { ...SAMPLE, JMSType: "1001" };
scenario("SE-003", true, ["JMSType='1001'", "JMSType='1001' OR JMSType='1002'"], withType);
scenario("SE-003", false, ["JMSType = 'crap'"], withType);

scenario("SE-004", true, ["name = 'James'", "rank > 100", "rank >= 123"]);
scenario("SE-004", false, ["rank >= 124"]);

for (const name of ["byteProp", "shortProp", "intProp", "longProp", "floatProp", "doubleProp"]) {
  scenario("SE-005", true, [`${name} = 123`]);
  scenario("SE-005", false, [`${name} = 10`]);
}
scenario("SE-005", true, ["byteProp2 = 33"]);
scenario("SE-005", false, ["byteProp2 = 10"]);

scenario("SE-006", true, ["name = 'James' and rank < 200"]);
scenario("SE-006", false, [
  "name = 'James' and rank > 200",
  "name = 'Foo' and rank < 200",
  "unknown = 'Foo' and anotherUnknown < 200",
]);

scenario("SE-007", true, [
  "name = 'James' or rank < 200",
  "name = 'James' or rank > 200",
  "name = 'Foo' or rank < 200",
]);
scenario("SE-007", false, ["name = 'Foo' or rank > 200", "unknown = 'Foo' or anotherUnknown < 200"]);

scenario("SE-008", true, [
  "rank + 2 = 125",
  "(rank + 2) = 125",
  "125 = (rank + 2)",
  "rank + version = 125",
  "name + '!' = 'James!'",
]);
scenario("SE-008", false, ["rank + 2 < 124"]);
scenario("SE-009", true, ["rank - 2 = 121", "rank - version = 121"]);
scenario("SE-009", false, ["rank - 2 > 122"]);
scenario("SE-010", true, ["rank * 2 = 246", "rank * version = 246"]);
scenario("SE-010", false, ["rank * 2 < 130"]);
scenario("SE-011", true, ["rank / version = 61.5", "version / 2 = 1"]);
scenario("SE-011", false, ["rank / 3 > 100.0", "rank / 3 > 100"]);

scenario("SE-012", true, ["rank between 100 and 150"]);
scenario("SE-012", false, ["rank between 10 and 120"]);

scenario("SE-013", true, [
  "name in ('James', 'Bob', 'Gromit')",
  "name in ('Bob', 'James', 'Gromit')",
  "name in ('Gromit', 'Bob', 'James')",
  "name not in ('Gromit', 'Bob', 'Cheddar')",
]);
scenario("SE-013", false, ["name in ('Gromit', 'Bob', 'Cheddar')"]);

scenario("SE-014", true, ["dummy is null", "name is not null"]);
scenario("SE-014", false, ["dummy is not null", "name is null"]);

const modelSelector =
  "modelClassId LIKE 'com.whatever.something.%' AND modelInstanceId = '170' AND " +
  "(modelRequestError IS NULL OR modelCorrelatedClientId = 'whatever')";
const model = { modelClassId: "com.whatever.something.foo.bar", modelInstanceId: "170" };
scenario("SE-015", true, [modelSelector], {
  ...model,
  modelRequestError: "abc",
  modelCorrelatedClientId: "whatever",
});
scenario("SE-015", false, [modelSelector], {
  ...model,
  modelRequestError: "abc",
  modelCorrelatedClientId: "shouldFailNow",
});
scenario("SE-015", true, [modelSelector], { ...model, modelCorrelatedClientId: "shouldNotMatch" });

scenario("SE-016 missing", false, ["SessionserverId=1870414179"], {});
scenario("SE-016 long", true, ["SessionserverId=1870414179"], { SessionserverId: 1870414179n });
scenario("SE-016 number", true, ["SessionserverId=1870414179"], { SessionserverId: 1870414179 });
scenario("SE-016 other", false, ["SessionserverId=1870414179"], { SessionserverId: 1234 });
const notIn = ["Command NOT IN ('MirrorLobbyRequest', 'MirrorLobbyReply')"];
scenario("SE-016 missing", false, notIn, {});
scenario("SE-016 Cheese", true, notIn, { Command: "Cheese" });
scenario("SE-016 listed", false, notIn, { Command: "MirrorLobbyRequest" });
scenario("SE-016 listed", false, notIn, { Command: "MirrorLobbyReply" });

scenario("SE-017", true, [
  "1.0 < 1.1",
  "-1.1 < 1.0",
  "1.0E1 < 1.1E1",
  "-1.1E1 < 1.0E1",
  "1. < 1.1",
  "-1.1 < 1.",
  "1.E1 < 1.1E1",
  "-1.1E1 < 1.E1",
  ".1 < .5",
  "-.5 < .1",
  ".1E1 < .5E1",
  "-.5E1 < .1E1",
  "4E10 < 5E10",
  "5E8 < 5E10",
  "-4E10 < 2E10",
  "-5E8 < 2E2",
  "4E+10 < 5E+10",
  "4E-10 < 5E-10",
]);

scenario("SE-018", true, ["quote = '''In God We Trust'''"]);

for (const [operand, pattern, expected] of [
  ["quote", "'''In G_d We Trust'''", true],
  ["quote", "'''In Gd_ We Trust'''", false],
  ["foo", "'%oo'", true],
  ["foo", "'%ar'", false],
  ["foo", "'!_%' ESCAPE '!'", true],
  ["quote", "'!_%' ESCAPE '!'", false],
  ["punctuation", `'${PUNCTUATION}'`, true],
] as const) {
  scenario("SE-019", expected, [`${operand} LIKE ${pattern}`]);
  scenario("SE-019", !expected, [`${operand} NOT LIKE ${pattern}`]);
}

for (const selector of ["3+5", "True AND 3+5", "=TEST 'test'"]) {
  test(`SE-020: ${selector} is refused`, () => {
    assert.throws(() => parseSelector(selector), SelectorError);
  });
}

test("SE-021: XPATH parses to an XPath node", () => {
  const node = parseSelectorNode("XPATH '//title[@lang=''eng'']'", { xpath: () => () => false });
  assert.deepEqual(node, { kind: "xpath", expression: "//title[@lang='eng']" });
});

for (const selector of ["x = 1 and y = 2", "(x = 1) and (y = 2)", "((x = 1) and (y = 2))"]) {
  test(`SE-022: ${selector} is AND of two comparisons`, () => {
    const equals = (name: string, value: number): SelectorNode => ({
      kind: "compare",
      operator: "=",
      left: { kind: "name", name },
      right: { kind: "number", value, form: "integer" },
    });
    assert.deepEqual(parseSelectorNode(selector), {
      kind: "and",
      operands: [equals("x", 1), equals("y", 2)],
    });
  });
}
