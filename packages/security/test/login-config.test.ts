import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import fc from "fast-check";
import { loginDomain, parseLoginConfig } from "../src/index.ts";
import { DEFAULT_LOGIN_CONFIG } from "./default-login-config.ts";

const NONE: ReadonlyMap<string, string> = new Map();

function entriesOf(text: string, properties = NONE) {
  return [...parseLoginConfig(text, properties)].map(([name, entries]) => ({
    name,
    entries: entries.map(({ className, flag, options }) => [className, flag, Object.fromEntries(options)]),
  }));
}

test("instance 3.4: the default login.config", () => {
  const entries = loginDomain(parseLoginConfig(DEFAULT_LOGIN_CONFIG, NONE), "apollo");
  const pack = "org.apache.activemq.apollo.broker.security";
  assert.deepEqual(
    entries.map(({ className, flag, options }) => [className, flag, Object.fromEntries(options)]),
    [
      [`${pack}.SocketAddressLoginModule`, "requisite", { black_list_file: "black-list.txt" }],
      [`${pack}.CertificateLoginModule`, "optional", {}],
      [`${pack}.FileUserLoginModule`, "optional", { file: "users.properties" }],
      [
        `${pack}.FileGroupLoginModule`,
        "optional",
        { match: "org.apache.activemq.jaas.UserPrincipal", file: "groups.properties" },
      ],
      [
        `${pack}.FileGroupLoginModule`,
        "optional",
        { match: "javax.security.auth.x500.X500Principal", file: "groups.properties" },
      ],
    ],
  );
});

for (const { name, text, expected } of [
  { name: "nothing", text: " \n // only a comment", expected: [] },
  { name: "a domain without modules", text: "a { };", expected: [{ name: "a", entries: [] }] },
  {
    name: "flags in any case, bare values, quoted names",
    text: '"my app" { users REQUIRED file=etc/users.properties; };',
    expected: [{ name: "my app", entries: [["users", "required", { file: "etc/users.properties" }]] }],
  },
  {
    name: "comments between everything",
    text: "a/* 1 */{ // x\n users /*2\n3*/ optional // y\n file = /* z */ f; };",
    expected: [{ name: "a", entries: [["users", "optional", { file: "f" }]] }],
  },
  {
    name: "escapes in quotes",
    text: 'a { users optional file="C:\\\\etc\\\\a b\\t\\"c\\"" x="//;{}"; };',
    expected: [{ name: "a", entries: [["users", "optional", { file: 'C:\\etc\\a b\t"c"', x: "//;{}" }]] }],
  },
  {
    name: "two domains, option names with dots and hostile names",
    text: "a { m sufficient org.x.y=1 __proto__=2; }; __proto__ { m optional; };",
    expected: [
      {
        name: "a",
        entries: [
          [
            "m",
            "sufficient",
            Object.fromEntries([
              ["org.x.y", "1"],
              ["__proto__", "2"],
            ]),
          ],
        ],
      },
      { name: "__proto__", entries: [["m", "optional", {}]] },
    ],
  },
]) {
  test(`instance 13.2: ${name}`, () => assert.deepEqual(entriesOf(text), expected));
}

test("instance 13.2: properties in values, quoted or bare, expanded once", () => {
  const properties = new Map([
    ["apollo.base", "/b"],
    ["loop", `\${loop}`],
  ]);
  assert.deepEqual(
    entriesOf(`a { m optional x="\${apollo.base}/e" y=\${apollo.base}\${/}f z=\${loop}; };`, properties),
    [{ name: "a", entries: [["m", "optional", { x: "/b/e", y: "/b/f", z: `\${loop}` }]] }],
  );
});

for (const { text, message } of [
  { text: "apollo {\n  users optinal;\n};", message: /line 2, column 9: 'optinal' is none of required/ },
  { text: "apollo {\n users optional file;};", message: /line 2, column 21: expected '=', found ';'/ },
  { text: "apollo { users", message: /line 1, column 15: expected required.*found the end of the file/ },
  { text: "apollo { users optional }", message: /column 25: expected an option key=value or ';', found '}'/ },
  {
    text: "apollo { };\napollo { };",
    message: /line 2, column 1: the login domain 'apollo' stands here twice/,
  },
  { text: "apollo { }", message: /column 11: expected ';', found the end of the file/ },
  { text: 'a { m optional\n x="open\n; };', message: /line 2, column 4: a quote does not end/ },
  { text: "a {\n /* open", message: /line 2, column 2: a comment that begins with \/\* does not end/ },
  { text: `a { m optional x=\${nope}; };`, message: /column 18: the property 'nope' is not defined/ },
  { text: "a".repeat(1_048_577), message: /1048577 characters; at most 1048576/ },
]) {
  test(`instance 13.2: refused with its place: ${message.source.slice(0, 60)}`, () => {
    assert.throws(() => parseLoginConfig(text, NONE), { code: "BAD_CONFIGURATION", message });
  });
}

test("instance 13.2: an unknown domain falls back to `other`", () => {
  const config = parseLoginConfig("other { guest optional; };", NONE);
  assert.equal(loginDomain(config, "apollo")[0]?.className, "guest");
  assert.throws(() => loginDomain(parseLoginConfig("web { };", NONE), "apollo"), {
    code: "BAD_CONFIGURATION",
    message: /neither a domain 'apollo' nor one named 'other'; it has: 'web'/,
  });
});

test("any text is read or refused with BAD_CONFIGURATION", () => {
  const pieces = fc.constantFrom("a", " ", "{", "}", ";", "=", '"', "/", "*", "\\", "$", "\n", "optional ");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      try {
        parseLoginConfig(parts.join(""), NONE);
      } catch (error) {
        assert.ok(error instanceof BrokerError && error.code === "BAD_CONFIGURATION");
      }
    }),
  );
});
