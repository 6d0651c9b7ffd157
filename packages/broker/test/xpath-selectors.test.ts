import assert from "node:assert/strict";
import { test } from "node:test";
import { type LogFields, type Logger, Message, type MessageCodec, SILENT_LOGGER } from "@tsapollo/domain";
import { sampleMessage } from "@tsapollo/testkit";
import { SelectorFilter } from "../src/selector-filter.ts";
import { CutOffError, TimeLimit } from "../src/time-limit.ts";
import { nestsDeeper } from "../src/xml-depth.ts";
import { DEFAULT_XPATH_LIMITS, limitedXPath } from "../src/xpath-selectors.ts";

/** Whether a body matches an XPath, as the broker sees it. */
function matches(expression: string, body: string): boolean {
  try {
    return limitedXPath(SILENT_LOGGER)(expression)(Buffer.from(body));
  } catch {
    return false; // as the selector says
  }
}

const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);

for (const [expression, body, expected] of [
  ["//b[@num > 1]", "<r><b num='2'/></r>", true],
  ["//b[@num > 1]", "<r><b num='1'/></r>", false],
  ["/r", "<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><r>&e;</r>", false],
  ["/r", "<!doctype r [<!ENTITY e 'x'>]><r>&e;</r>", false],
  ["/r", "<r>&unknown;</r>", false],
  ["//*", nested(100), true],
  ["//*", nested(101), false],
  ["//*", nested(9_000), false],
  ["/r", `<r>${"x".repeat(65_530)}</r>`, false],
  ["document('file:///etc/passwd')", "<r/>", false],
  ["//p:a", "<r><p:a xmlns:p='u'/></r>", false],
] as const) {
  test(`14.1: XPATH ${expression} over ${body.slice(0, 40)} (${body.length}) is ${expected}`, () => {
    assert.equal(matches(expression, body), expected);
  });
}

for (const [text, depth] of [
  ["<a/>", 0],
  ["<a><b/></a>", 1],
  ["<a><b></b><b></b></a>", 2],
  ["<a><!-- <b><b><b> --><![CDATA[<b><b>]]><?p <b> ?></a>", 1],
  ["<a x='<b>' y=\"/>\"><b/></a>", 1],
  ["<a x='/'></a>", 1],
  ["no markup", 0],
  ["<a><a><a", 2],
  ["<a><!-- never closed", 1],
] as const) {
  test(`elements of ${text} nest ${depth} deep`, () => {
    assert.equal(nestsDeeper(text, depth), false);
    if (depth > 0) assert.equal(nestsDeeper(text, depth - 1), true);
  });
}

test("an expression that takes too long is cut off, and given up after three times in a row", () => {
  const warnings: LogFields[] = [];
  const logger: Logger = { ...SILENT_LOGGER, warn: (fields) => void warnings.push(fields) };
  const xpath = limitedXPath(logger, { ...DEFAULT_XPATH_LIMITS, evaluationMsMax: 20 });
  const cubic = "count(//*[count(//*[count(//*) > 1]) > 1]) > 0";
  const wide = Buffer.from(`<r>${"<a/>".repeat(3_000)}</r>`);
  const hostile = xpath(cubic);
  for (let round = 0; round < 5; round += 1) assert.equal(hostile(wide), false);
  assert.deepEqual(warnings, [{ expression: cubic }]);
  assert.equal(hostile(Buffer.from("<r><a/></r>")), false, "not even where it would be quick");
  assert.equal(xpath("/r")(Buffer.from("<r/>")), true, "others go on");
});

test("a time limit passes on results and errors", () => {
  const limit = new TimeLimit(1_000);
  assert.equal(
    limit.run(() => "done"),
    "done",
  );
  assert.throws(
    () =>
      limit.run(() => {
        throw new RangeError("mine");
      }),
    /^RangeError: mine$/,
  );
  assert.throws(
    () =>
      new TimeLimit(5).run(() => {
        for (;;);
      }),
    CutOffError,
  );
});

test("14.4: XPATH of a configured selector looks at bodies of STOMP messages only", () => {
  const filter = new SelectorFilter("XPATH '/r'", limitedXPath(SILENT_LOGGER));
  const codec = (id: string): MessageCodec => ({ ...sampleMessage("").codec, id });
  const message = (id: string): Message => {
    const bytes = Buffer.from("<r/>");
    const range = { bytes, start: 0, bodyStart: 0, bodyEnd: bytes.length, end: bytes.length };
    const rest = { borrowed: false, persistent: false, retain: "none", expiresAtMs: 0, priority: 4 } as const;
    return new Message({ codec: codec(id), ...range, ...rest, groupKey: undefined });
  };
  assert.equal(filter.matches(message("stomp")), true);
  assert.equal(filter.matches(message("mqtt")), false);
  assert.throws(() => new SelectorFilter("XPATH '/r'"), /XPATH is not available.*xpath_selectors/);
});

test("a configured selector says no to a message whose codec cannot read it", () => {
  const filter = new SelectorFilter("color = 'red'");
  const { codec } = sampleMessage("");
  const broken = sampleMessage("x");
  const property = (): never => {
    throw new Error("unreadable");
  };
  Object.defineProperty(broken, "codec", { value: { ...codec, property } });
  assert.equal(filter.matches(broken), false);
});
