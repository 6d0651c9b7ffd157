import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Action,
  type Identity,
  NEUTRAL_SYNTAX,
  parsePath,
  type Resource,
  type ResourceKind,
} from "@tsapollo/domain";
import { type AccessRule, compileRules, RuleAuthorizer } from "../src/index.ts";
import { GROUP, identityOf, USER } from "./helpers.ts";

const red = identityOf([USER, "bob"], [GROUP, "red"]);
const both = identityOf([USER, "bob"], [GROUP, "red"], [GROUP, "blue"]);
const userOnly = identityOf([USER, "bob"]);
const nobody = identityOf();
const evil = identityOf([GROUP, "__proto__"], [GROUP, "x".repeat(1_000_000)]);

function on(kind: ResourceKind, id: string): Resource {
  const isDestination = kind === "queue" || kind === "topic" || kind === "dsub";
  return isDestination ? { kind, id, path: parsePath(id, NEUTRAL_SYNTAX) } : { kind, id };
}

function allowed(
  rules: readonly AccessRule[],
  identity: Identity,
  action: Action,
  resource: Resource,
  connector = "tcp",
): boolean {
  return new RuleAuthorizer(compileRules(rules, "broker").rules).can(identity, action, resource, connector);
}

const Q = on("queue", "a.b");
type Case = [
  name: string,
  rules: AccessRule[],
  who: Identity,
  action: Action,
  on: Resource,
  expected: boolean,
];

const TABLE: readonly Case[] = [
  // 22 #9, 14.3
  ["no rules", [], red, "send", Q, false],
  ["deny before allow", [{ deny: "blue" }, { allow: "red" }], both, "send", Q, false],
  ["deny before allow, other group", [{ deny: "blue" }, { allow: "red" }], red, "send", Q, true],
  ["first match wins", [{ allow: "red" }, { deny: "blue" }], both, "send", Q, true],
  ["deny beats allow in one rule", [{ allow: "red", deny: "blue" }], both, "send", Q, false],
  ["one rule, allow only", [{ allow: "red", deny: "blue" }], red, "send", Q, true],
  ["* needs no principal", [{ allow: "*" }], nobody, "send", Q, true],
  ["+ needs a principal", [{ allow: "+" }], nobody, "send", Q, false],
  ["+ needs a group by default", [{ allow: "+" }], userOnly, "send", Q, false],
  ["+ with a group", [{ allow: "+" }], red, "send", Q, true],
  ["+ of any kind", [{ allow: "+", principalKinds: "*" }], userOnly, "send", Q, true],
  ["a name is a group's", [{ allow: "bob" }], red, "send", Q, false],
  ["a user by class name", [{ allow: "bob", principalKinds: [USER] }], red, "send", Q, true],
  ["21.4: a user by alias", [{ allow: "bob", principalKinds: ["user"] }], red, "send", Q, true],
  ["several kinds", [{ allow: "bob", principalKinds: ["x500", "user"] }], red, "send", Q, true],
  ["any kind", [{ allow: "bob", principalKinds: ["*"] }], red, "send", Q, true],
  [
    "21.4: an unknown kind never matches",
    [{ allow: "red", principalKinds: ["no.Such"] }],
    red,
    "send",
    Q,
    false,
  ],
  ["a list", [{ allow: "green, red", separator: "," }], red, "send", Q, true],
  ["a list, literal separator", [{ allow: "green.red", separator: "." }], red, "send", Q, true],
  ["no separator, no list", [{ allow: "green,red" }], red, "send", Q, false],
  ["an empty list names nobody", [{ allow: ",", separator: "," }], identityOf([GROUP, ""]), "send", Q, false],
  ["hostile names are names", [{ allow: "constructor" }], evil, "send", Q, false],
  ["hostile names match themselves", [{ allow: "__proto__" }], evil, "send", Q, true],
  // actions and kinds
  ["another action", [{ allow: "*", actions: ["receive"] }], red, "send", Q, false],
  ["actions in any case", [{ allow: "*", actions: ["SEND"] }], red, "send", Q, true],
  [
    "a deny of another action is skipped",
    [{ deny: "*", actions: ["create"] }, { allow: "*" }],
    red,
    "send",
    Q,
    true,
  ],
  ["admin is not monitor", [{ allow: "*", actions: ["admin"] }], red, "monitor", on("broker", "b"), false],
  ["a kind", [{ allow: "*", kinds: ["topic"] }], red, "send", Q, false],
  ["kinds in any case", [{ allow: "*", kinds: ["Topic", "QUEUE"] }], red, "send", Q, true],
  [
    "20 #6: virtual_host",
    [{ allow: "*", kinds: ["virtual_host"] }],
    red,
    "connect",
    on("virtual-host", "h"),
    true,
  ],
  ["virtual-host", [{ allow: "*", kinds: ["virtual-host"] }], red, "connect", on("virtual-host", "h"), true],
  [
    "connector by id",
    [{ allow: "*", kinds: ["connector"], id: "tcp" }],
    red,
    "connect",
    on("connector", "tcp"),
    true,
  ],
  [
    "connector, other id",
    [{ allow: "*", kinds: ["connector"], id: "t*" }],
    red,
    "connect",
    on("connector", "tcp"),
    false,
  ],
  // ids
  ["a literal id", [{ allow: "*", id: "a.b" }], red, "send", Q, true],
  ["another literal id", [{ allow: "*", id: "a.c" }], red, "send", Q, false],
  ["any id", [{ allow: "*", id: "*", kinds: ["queue"] }], red, "send", Q, true],
  ["descendants", [{ allow: "*", id: "a.**", kinds: ["queue"] }], red, "send", Q, true],
  [
    "messaging 2.5 C: descendants need one",
    [{ allow: "*", id: "a.b.**", kinds: ["queue"] }],
    red,
    "send",
    Q,
    false,
  ],
  ["one child", [{ allow: "*", id: "*.b", kinds: ["queue"] }], red, "send", Q, true],
  [
    "one child, too deep",
    [{ allow: "*", id: "a.*", kinds: ["queue"] }],
    red,
    "send",
    on("queue", "a.b.c"),
    false,
  ],
  ["an expression part", [{ allow: "*", id: "a.{[a-c]}", kinds: ["queue"] }], red, "send", Q, true],
  [
    "20 #6: wildcards for several kinds",
    [{ allow: "*", id: "a.**", kinds: ["queue", "topic"] }],
    red,
    "send",
    Q,
    true,
  ],
  ["20 #6: wildcards for any kind", [{ allow: "*", id: "a.**" }], red, "send", Q, true],
  [
    "20 #6: wildcards for dsub",
    [{ allow: "*", id: "c.*", kinds: ["dsub"] }],
    red,
    "consume",
    on("dsub", "c.1"),
    true,
  ],
  [
    "a resource without its path",
    [{ allow: "*", id: "a.*" }],
    red,
    "send",
    { kind: "queue", id: "a.b" },
    true,
  ],
  ["escaped names", [{ allow: "*", id: "so%2Ecool" }], red, "send", { kind: "topic", id: "so\\dcool" }, true],
  [
    "a literal that is no destination",
    [{ allow: "*", id: "me@home" }],
    red,
    "consume",
    { kind: "dsub", id: "me@home" },
    true,
  ],
  ["id_regex, whole", [{ allow: "*", idRegex: "a" }], red, "send", Q, false],
  ["id_regex, alternatives whole", [{ allow: "*", idRegex: "a|z" }], red, "send", Q, false],
  ["id_regex", [{ allow: "*", idRegex: "a\\..*" }], red, "send", Q, true],
  ["id_regex, flags and Java escapes", [{ allow: "*", idRegex: "(?i)A\\.[\\-B]" }], red, "send", Q, true],
  ["id and id_regex", [{ allow: "*", id: "a.*", idRegex: ".*c" }], red, "send", Q, false],
  ["a broken deny denies", [{ deny: "red", idRegex: "(" }, { allow: "*" }], red, "send", Q, false],
  ["an unknown action denies", [{ deny: "red", actions: ["sned"] }, { allow: "*" }], red, "send", Q, false],
  ["an unknown kind denies", [{ deny: "red", kinds: ["queues"] }, { allow: "*" }], red, "send", Q, false],
  [
    "a deny that is not understood denies, and allows nobody",
    [{ deny: "blue", allow: "*", actions: ["send", "recieve"] }],
    red,
    "send",
    Q,
    false,
  ],
  ["an unknown action allows nothing", [{ allow: "*", actions: ["send", "x"] }], red, "send", Q, false],
  ["blanks around a name", [{ allow: " red " }], red, "send", Q, true],
  ["blanks around *", [{ deny: " * " }, { allow: "red" }], red, "send", Q, false],
  ["a broken allow allows nothing", [{ allow: "*", idRegex: "(" }], red, "send", Q, false],
];

for (const [name, rules, who, action, resource, expected] of TABLE) {
  test(`instance 14: ${name}`, () => assert.equal(allowed(rules, who, action, resource), expected));
}

test("instance 14.3: the connector of a rule", () => {
  const rules: AccessRule[] = [
    { deny: "*", connector: "udp" },
    { allow: "*", connector: "*" },
  ];
  assert.equal(allowed(rules, red, "send", Q, "udp"), false);
  assert.equal(allowed(rules, red, "send", Q, "tcp"), true);
});

test("instance 14.4: the virtual host's rules come before the broker's", () => {
  const host = compileRules([{ deny: "red", actions: ["send"] }, { allow: "blue" }], "virtual-host").rules;
  const broker = compileRules([{ allow: "red" }], "broker").rules;
  const authorizer = new RuleAuthorizer([...host, ...broker]);
  assert.equal(authorizer.can(red, "send", Q, "tcp"), false);
  assert.equal(authorizer.can(red, "receive", Q, "tcp"), true);
  assert.equal(authorizer.can(identityOf([GROUP, "blue"]), "send", Q, "tcp"), true);
});

test("instance 14.2: a rule of a virtual host says nothing about the broker and its connectors", () => {
  const authorizer = new RuleAuthorizer(compileRules([{ allow: "*" }], "virtual-host").rules);
  for (const [kind, expected] of [
    ["broker", false],
    ["connector", false],
    ["virtual-host", true],
    ["queue", true],
    ["dsub", true],
  ] as const) {
    assert.equal(authorizer.can(red, "monitor", on(kind, "x"), "tcp"), expected);
  }
});

for (const { rule, level, warning } of [
  {
    rule: {},
    level: "broker",
    warning: /^Ignoring invalid access rule\. Either the 'allow' or 'deny' attribute must be declared\.$/,
  },
  {
    rule: { allow: "a", kinds: ["queue", "Queues"] },
    level: "broker",
    warning:
      /^Ignoring invalid access rule\. Unknown kind 'Queues' \(known: .*\): <access_rule allow="a" kind="queue Queues"\/>$/,
  },
  { rule: { allow: "a", kinds: ["__proto__"] }, level: "broker", warning: /Unknown kind '__proto__'/ },
  {
    rule: { deny: "a", kinds: ["Connector"] },
    level: "virtual-host",
    warning:
      /^Ignoring invalid access rule\. kind='connector' can only be configured at the broker level: <access_rule deny="a"/,
  },
  {
    rule: { allow: "a", actions: ["sent", "receive"] },
    level: "broker",
    warning: /^Ignoring.* Unknown action 'sent' \(known: admin, /,
  },
  {
    rule: { allow: "a", idRegex: "(" },
    level: "broker",
    warning: /^Ignoring.*id_regex '\(' is not a regular/,
  },
] as const) {
  test(`instance 14.2: dropped: ${warning.source.slice(0, 70)}`, () => {
    const { rules, warnings } = compileRules([rule, { allow: "b" }], level);
    assert.equal(rules.length, 1);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, warning);
  });
}

for (const { rule, warning } of [
  {
    rule: { deny: "a", actions: ["sned"] },
    warning: /^Invalid access rule; it denies all .* Unknown action 'sned' \(known: admin, /,
  },
  { rule: { deny: "a", kinds: ["queues"] }, warning: /^Invalid access rule; it denies all .* 'queues'/ },
  { rule: { deny: "a", idRegex: "(" }, warning: /^Invalid access rule; it denies all .* id_regex '\('/ },
  {
    rule: { allow: "a", id: "a/*" },
    warning: /^The id 'a\/\*' is no destination name and means only itself/,
  },
] as const) {
  test(`instance 14.2: kept, with a warning: ${warning.source}`, () => {
    const { rules, warnings } = compileRules([rule], "broker");
    assert.equal(rules.length, 1);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, warning);
  });
}

test("instance 7.9: acl_principal_kind of the level replaces the group kind", () => {
  const { rules } = compileRules([{ allow: "bob" }], "broker", { principalKinds: ["user"] });
  assert.equal(new RuleAuthorizer(rules).can(red, "send", Q, "tcp"), true);
});

test("instance 14.4: new rules count from the next check on", () => {
  const authorizer = new RuleAuthorizer(compileRules([{ allow: "red" }], "broker").rules);
  const before = authorizer.generation;
  assert.equal(authorizer.can(red, "send", Q, "tcp"), true);
  authorizer.replace(compileRules([{ deny: "red" }], "broker").rules);
  assert.equal(authorizer.can(red, "send", Q, "tcp"), false);
  assert.ok(authorizer.generation > before);
});
