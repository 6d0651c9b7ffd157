import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeXml } from "../src/xml/decode.ts";
import { APOLLO_NAMESPACE, readXml } from "../src/xml/read-xml.ts";
import { errorText } from "./support.ts";

const BROKEN: readonly { readonly name: string; readonly text: string; readonly error: RegExp }[] = [
  { name: "empty", text: "", error: /^f:1:1: start tag expected;/ },
  { name: "no markup", text: "\n  hello", error: /^f:2:3: char 'h' is not expected;/ },
  {
    name: "wrong end tag",
    text: "<a>\n  <b>\n  </c>\n</a>",
    error: /^f:3:3: <\/c> closes <b>; write <\/b>$/,
  },
  { name: "end tag without start", text: "<a/>\n</a>", error: /^f:2:1: <\/a> closes nothing; remove it$/ },
  { name: "never closed", text: "<a>\n <b>\n  <c/>\n", error: /^f:2:2: <b> is never closed; add <\/b>$/ },
  {
    name: "unfinished tag",
    text: '<a>\n  <b c="1"\n</a>',
    error: /^f:2:3: a tag that is never closed; add >/,
  },
  { name: "unfinished tag at the end", text: '<a b="1"/', error: /^f:1:1: a tag that is never closed/ },
  {
    name: "unfinished quote",
    text: '<a>\n<b c="1>\n<d e="2"/></a>',
    error: /^f:2:6: a quoted value that is never closed/,
  },
  {
    name: "unfinished comment",
    text: "<a>\n <!-- x\n</a>",
    error: /^f:2:2: a comment that is never closed; add -->$/,
  },
  {
    name: "unfinished character data",
    text: "<a>\n <![CDATA[ x\n</a>",
    error: /^f:2:2: character data .*; add ]]>$/,
  },
  { name: "unfinished instruction", text: "<a>\n <? x\n</a>", error: /^f:2:2: a processing instruction/ },
  {
    name: "attribute without value",
    text: "<a>\n  <b c/>\n</a>",
    error: /^f:2:6: boolean attribute 'c' is not allowed;/,
  },
  {
    name: "attribute without quotes",
    text: "<a>\n  <b c=1/>\n</a>",
    error: /^f:2:6: attribute 'c' is without value;/,
  },
  {
    name: "attribute twice",
    text: '<a>\n <b c="1"\n  c="2"/></a>',
    error: /^f:3:3: attribute 'c' is repeated;/,
  },
  {
    name: "attributes without a blank",
    text: '<a b="1"c="2"/>',
    error: /^f:1:9: attribute 'c' has no space/,
  },
  {
    name: "no name",
    text: "<a>\n 1 < 2\n</a>",
    error: /^f:2:4: a tag that is never closed; add >, and write a literal < as &lt;$/,
  },
  {
    name: "a name that is none",
    text: "<a>\n<1/></a>",
    error: /^f:2:1: '<' must be followed by an element's name, not '1'/,
  },
  {
    name: "a reserved name",
    text: "<a>\n <__proto__/></a>",
    error: /^f:2:2: <__proto__> is a name that cannot be used/,
  },
  { name: "stray ampersand", text: "<a>\n x & y</a>", error: /^f:2:4: char '&' is not expected;/ },
  {
    name: "ampersand in an attribute",
    text: '<a\n b="x?y=1&z=2"/>',
    error: /^f:2:10: '&z=2' stands for nothing; write & as &amp;/,
  },
  { name: "unknown entity", text: '<a b="&nbsp;"/>', error: /^f:1:7: '&nbsp;' stands for nothing/ },
  {
    name: "unknown entity in text",
    text: "<a>\n<b>&nbsp;</b></a>",
    error: /^f:2:1: '&nbsp;' stands for nothing/,
  },
  { name: "a character that is none", text: '<a b="&#0;"/>', error: /^f:1:7: '&#0;' stands for nothing/ },
  { name: "two roots", text: "<a/>\n<b/>", error: /^f:2:1: a second root element <b>/ },
  { name: "text behind the root", text: "<a></a>\nx", error: /^f:2:1: extra text at the end;/ },
  {
    name: "too deep",
    text: `<a>\n${"<b>".repeat(64)}`,
    error: /^f:2:190: elements nested more than 64 deep/,
  },
  {
    name: "a document type [20.19]",
    text: '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<a>&x;</a>',
    error: /^f:2:1: document types and entity declarations are refused;/,
  },
  {
    name: "an entity declaration",
    text: '<a><!ENTITY x "y"></a>',
    error: /^f:1:4: document types and entity/,
  },
];

for (const { name, text, error } of BROKEN) {
  for (const [ends, changed] of [
    ["\\n", text],
    ["\\r\\n and a byte order mark", `\ufeff${text.replaceAll("\n", "\r\n")}`],
  ] as const) {
    test(`5.4 not well-formed: ${name} (lines end with ${ends})`, () => {
      assert.match(
        errorText(() => readXml(changed, "f")),
        error,
      );
    });
  }
}

test("5.1: elements, attributes and texts with their places", () => {
  const text = `<?xml version="1.0"?>\r\n<!-- <no/> -->\r\n<a b = '1'\r\n   c="&lt;&#65;&#x42;\n&quot;"> x <![CDATA[&lt;<y>]]> &amp; <d/><?p <q>?>\r\n  <e f='>'>z</e></a >`;
  const root = readXml(text, "f");
  assert.deepEqual(
    { name: root.name, position: root.position, text: root.text },
    { name: "a", position: { line: 3, column: 1 }, text: "x &lt;<y> &" },
  );
  assert.deepEqual(root.attributes, [
    { name: "b", value: "1", position: { line: 3, column: 4 } },
    { name: "c", value: '<AB "', position: { line: 4, column: 4 } },
  ]);
  assert.deepEqual(
    root.children.map(({ name, position, text }) => [name, position.line, position.column, text]),
    [
      ["d", 5, 38, ""],
      ["e", 6, 3, "z"],
    ],
  );
  assert.deepEqual(root.children[1]!.attributes, [
    { name: "f", value: ">", position: { line: 6, column: 6 } },
  ]);
});

for (const [text, ours] of [
  ["<a><b/></a>", true],
  [`<a xmlns="${APOLLO_NAMESPACE}"><b/></a>`, true],
  [`<x:a xmlns:x="${APOLLO_NAMESPACE}"><x:b/></x:a>`, true],
  ['<a xmlns="urn:another"><b/></a>', true],
  ['<a><b xmlns="urn:another"/></a>', false],
  ['<a xmlns:x="urn:another"><x:b/></a>', false],
  ["<a><x:b/></a>", false],
] as const) {
  test(`5.1: whether <b> in ${text} is of our namespace`, () => {
    const [child] = readXml(text, "f").children;
    assert.deepEqual([child!.name, child!.ours], ["b", ours]);
  });
}

test("5.1: attributes with a prefix and namespace declarations are none", () => {
  const root = readXml('<a xmlns="u" xmlns:x="v" x:y="1" xml:lang="en" b="2"/>', "f");
  assert.deepEqual(
    root.attributes.map(({ name }) => name),
    ["b"],
  );
});

test("names of object properties are names like any other", () => {
  const root = readXml('<a toString="1"><hasOwnProperty valueOf="2"/><toString/></a>', "f");
  assert.deepEqual(
    root.children.map(({ name }) => name),
    ["hasOwnProperty", "toString"],
  );
  assert.equal(root.children[0]!.attributes[0]!.value, "2");
});

const ENCODED: readonly (readonly [string, Uint8Array])[] = [
  ["UTF-8", Buffer.from("<a>ä</a>", "utf8")],
  ["UTF-8 with mark", Buffer.from("\ufeff<a>ä</a>", "utf8")],
  ["ISO-8859-1", Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>ä</a>', "latin1")],
  ["UTF-16 little endian", Buffer.from("\ufeff<a>ä</a>", "utf16le")],
  ["UTF-16 big endian", Buffer.from("\ufeff<a>ä</a>", "utf16le").swap16()],
];
for (const [name, bytes] of ENCODED) {
  test(`5.1: a file in ${name}`, () => assert.equal(readXml(decodeXml(bytes, "f"), "f").text, "ä"));
}

test("5.1: bytes that are not in the declared encoding, and one nobody knows", () => {
  const expected = /^f:1:1: cannot be read as .*; declare the file's real encoding/;
  assert.match(
    errorText(() => decodeXml(Uint8Array.of(0x3c, 0xff), "f")),
    expected,
  );
  assert.match(
    errorText(() => decodeXml(Buffer.from('<?xml version="1.0" encoding="klingon"?>'), "f")),
    expected,
  );
});

/** Pieces that make documents which are nearly right. */
const PIECES = [
  "<a>",
  "</a>",
  "<b/>",
  '<c d="',
  '"',
  "'",
  ">",
  "<",
  "/",
  "&",
  "&lt;",
  ";",
  "<!--",
  "-->",
  "<![CDATA[",
  "]]>",
  "<?",
  "?>",
  "<!DOCTYPE",
  "xmlns:x=",
  "=",
  " ",
  "\n",
  "\r",
  "x:",
  "ä",
  "\0",
  "]]",
  "__proto__",
  "#text",
  ":@",
  "#",
];

test("5.4: any text is read, or refused by a BrokerError", () => {
  const text = fc
    .array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...PIECES) }, fc.string()))
    .map((parts) => parts.join(""));
  const wrapped = fc.tuple(text, fc.boolean()).map(([inner, wrap]) => (wrap ? `<r>${inner}</r>` : inner));
  fc.assert(
    fc.property(wrapped, (candidate) => {
      try {
        readXml(candidate, "f");
      } catch {
        assert.match(
          errorText(() => readXml(candidate, "f")),
          /^f:\d+:\d+: /,
        );
      }
    }),
    { numRuns: 2_000 },
  );
});
