// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in this form are what is tested
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ConfigSources, systemProperties } from "../src/index.ts";
import { substitute } from "../src/substitution.ts";
import { definitions } from "../src/system-properties.ts";
import { errorText, failure, load, shown } from "./support.ts";

const KNOWN: Readonly<Record<string, string>> = {
  a: "1",
  b: "${a}${a}",
  c: "<${b}>",
  empty: "",
  unknown: "${nobody}",
  self: "x${self}",
  left: "${right}",
  right: "${left}",
};

function expand(text: string): { readonly text: string; readonly unknown: string[] } {
  const unknown: string[] = [];
  return {
    text: substitute(
      text,
      (name) => KNOWN[name],
      (name) => unknown.push(name),
    ),
    unknown,
  };
}

for (const [text, expected, unknown] of [
  ["nothing", "nothing", []],
  ["${a}", "1", []],
  ["${a}${a}/${c}", "11/<11>", []],
  ["x${empty}y", "xy", []],
  ["${nobody}${a}", "${nobody}1", ["nobody"]], // the wrong one was replaced in Apollo
  ["${unknown}", "${nobody}", ["nobody"]],
  ["${}${", "${}${", []],
  ["$a {a} ${a", "$a {a} ${a", []],
  ["$${a}}", "$1}", []],
] as const) {
  test(`5.2 substitution: ${text}`, () =>
    assert.deepEqual(expand(text), { text: expected, unknown: [...unknown] }));
}

for (const [text, reason] of [
  ["${self}", /a reference to itself: \$\{self\} → \$\{self\}/],
  ["${left}", /a reference to itself: \$\{left\} → \$\{right\} → \$\{left\}/],
] as const) {
  test(`5.2 substitution: the cycle of ${text} is named`, () =>
    assert.match(
      errorText(() => expand(text)),
      reason,
    ));
}

test("5.2 substitution: growth and depth are bounded", () => {
  const doubling = (name: string): string =>
    Number(name) > 40 ? "x" : `\${${Number(name) + 1}}\${${Number(name) + 1}}`;
  assert.match(
    errorText(() => substitute("${0}", doubling, () => undefined)),
    /longer than 262144 characters/,
  );
  const endless = (name: string): string => `\${${name}x}`;
  assert.match(
    errorText(() => substitute("${a}", endless, () => undefined)),
    /nested more than 64 deep/,
  );
});

test("5.2 substitution: text without references is untouched, whatever it is", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(
        substitute(
          text,
          () => undefined,
          () => undefined,
        ),
        text,
      );
    }),
  );
});

const NOTES = (text: string): string => `<broker id="\${x}"><notes>${text}</notes></broker>`;

for (const [name, sources, id] of [
  ["nobody knows it", {}, "${x}"],
  ["system property", { systemProperties: { x: "system" } }, "system"],
  [
    "properties win over system properties",
    { systemProperties: { x: "system" }, properties: "x=file" },
    "file",
  ],
  ["the environment needs its prefix", { environment: { x: "environment" } }, "${x}"],
  [
    "by way of the environment",
    { environment: { X: "environment" }, properties: "x=${env.X}" },
    "environment",
  ],
  [
    "system properties win over the environment",
    { environment: { X: "e" }, systemProperties: { "env.X": "s", x: "${env.X}" } },
    "s",
  ],
  [
    "encrypted",
    {
      environment: { APOLLO_ENCRYPTION_PASSWORD: "keepmesafe" },
      properties: "x=ENC(6r7HKCib0H8S+OuSfV+muQ==)",
    },
    "open",
  ],
  ["not an inherited property", { systemProperties: {}, properties: "x=${toString}" }, "${toString}"],
] as const satisfies readonly (readonly [string, Partial<ConfigSources>, string])[]) {
  test(`5.2 sources: ${name}`, () => assert.equal(load(NOTES(""), sources).config.id, id));
}

test("5.2: element text is substituted too, and a name nobody knows is told once, at info", () => {
  const loaded = load(NOTES("${y} ${x}"), { properties: "y=text" });
  assert.equal(loaded.config.notes, "text ${x}");
  assert.deepEqual(shown(loaded), ["info at (1:9): nothing is known by the name ${x}; it stays as it is"]);
});

test("5.2: a value is not markup", () => {
  assert.equal(load(NOTES(""), { properties: 'x=<a b="&amp;"/>' }).config.id, '<a b="&amp;"/>');
});

test("5.2: a cycle is an error with its place", () => {
  assert.match(
    failure('<broker\n  id="${x}"/>', { properties: "x=${x}" }),
    /^apollo\.xml:2:3: id of <broker>: a reference to itself: \$\{x\} → \$\{x\}/,
  );
});

test("6: an encrypted property without its password names property and variable", () => {
  assert.match(
    failure("<broker/>", { properties: "pw=ENC(6r7HKCib0H8S+OuSfV+muQ==)" }),
    /^apollo\.xml\.properties: pw: .*APOLLO_ENCRYPTION_PASSWORD/,
  );
});

test("21.2: system properties of an instance", () => {
  const known = systemProperties({
    base: "/i",
    home: "/h",
    environment: { APOLLO_OPTS: '-Xmx1G -Dx=1 "-Dy=a b"' },
  });
  assert.equal(known["apollo.base"], "/i");
  assert.equal(known["broker.base"], "/i");
  assert.equal(known["apollo.home"], "/h");
  const { x, y } = known;
  assert.deepEqual([x, y], ["1", "a b"]);
  for (const name of [
    "user.home",
    "user.dir",
    "user.name",
    "java.io.tmpdir",
    "os.name",
    "file.separator",
    "line.separator",
  ]) {
    assert.equal(typeof known[name], "string", name);
  }
  assert.ok(!("apollo.home" in systemProperties({ base: "/i", home: undefined, environment: {} })));
});

for (const [options, expected] of [
  ["", {}],
  ["-Da=1 -Db=2", { a: "1", b: "2" }],
  ["-Da='x y' -Db=\"it's\"", { a: "x y", b: "it's" }],
  ["-Da -Db=c=d -D=x -Xmx1G -ea", { a: "", b: "c=d" }],
] as const) {
  test(`21.2: APOLLO_OPTS ${options}`, () => assert.deepEqual(definitions(options), expected));
}
