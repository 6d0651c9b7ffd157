import assert from "node:assert/strict";
import { test } from "node:test";
import { hostText, load, shown } from "./support.ts";

/** What loads, and what is told about it. The content stands on line 4 of the file. */
for (const [content, told] of [
  ["<quue/>", ["warning at (4:1): <virtual_host> has no element <quue>; did you mean <queue>?"]],
  [
    "<hostname>x</hostname>",
    ["warning at (4:1): <virtual_host> has no element <hostname>; did you mean <host_name>?"],
  ],
  ["<zebra/>", ["warning at (4:1): <virtual_host> has no element <zebra>; it is ignored"]],
  ['<queue qouta="1"/>', ["warning at (4:8): <queue> has no attribute qouta; did you mean quota?"]],
  ['<queue\n  zebra="1"/>', ["warning at (5:3): <queue> has no attribute zebra; it is ignored"]],
  [
    '<authentication enable="false"/>',
    ["warning at (4:17): <authentication> has no attribute enable; it is ignored; the name is enabled"],
  ],
  [
    "<queue>text</queue>",
    ["warning at (4:1): <queue> has text that nobody reads; remove it or put it in a comment"],
  ],
  ['<queue><x xmlns="urn:x"/></queue>', ["warning at (4:8): <x> is of a foreign namespace; it is ignored"]],
  [
    "<authentication/> <authentication/>",
    ["warning at (4:19): a further <authentication> in <virtual_host> is ignored; one is allowed"],
  ],
  [
    '<leveldb_store directory="x"/>',
    ["warning at (4:1): <leveldb_store> is ignored; the virtual host has <null_store> already"],
  ],
  [
    '<queue id="a/b"/>',
    [
      "warning at (4:8): Invalid destination id 'a/b', it is ignored: Invalid destination: 'a/b', it does not match regex: [ a-zA-Z0-9_\\-%~:()]+",
    ],
  ],
  [
    '<queue id="q" full_policy="explode"/>',
    [
      "warning at (4:15): Invalid 'full_policy' configured for queue 'q': 'explode'; one of block, drop tail, drop head; it blocks now",
    ],
  ],
  ['<queue swap="1"/> <queue swap="0"/>', []],
] as const) {
  test(`5.4: ${content.replace("\n", " ")}`, () =>
    assert.deepEqual(shown(load(hostText(content))), [...told]));
}

for (const [text, told] of [
  [
    '<broker>\n <virtual_host id="a"><null_store/></virtual_host></broker>',
    ["warning at (2:2): virtual host 'a' has no <host_name>; clients that name a host cannot reach it"],
  ],
  [
    "<broker>\n <virtual_host><host_name>b</host_name><null_store/></virtual_host></broker>",
    ["warning at (2:2): <virtual_host> has no id; it is called 'b'"],
  ],
  [
    '<broker>\n <virtual_host id="a"><host_name>x</host_name><null_store/></virtual_host>\n <virtual_host id="b"><host_name>x</host_name><null_store/></virtual_host></broker>',
    ["warning at (3:2): host name 'x' belongs to 'a' already"],
  ],
  [
    '<broker>\n <virtual_host id="a"><host_name>x</host_name></virtual_host></broker>',
    ["error: virtual host 'a' does not have valid store configured"],
  ],
  [
    "<broker><jmx/>\n<jmx/></broker>",
    ["info at (1:9): <jmx> has no effect here. There is no JMX; the management has the same facts."],
  ],
] as const) {
  test(`5.4: ${text.replaceAll("\n", " ")}`, () => assert.deepEqual(shown(load(text)), [...told]));
}

test("5.4: messages are bounded", () => {
  assert.equal(load(`<broker>${"<x/>".repeat(5_000)}</broker>`).messages.length, 1_000);
});

const RULE_KINDS = "broker, virtual-host, connector, queue, topic, dsub";

/** Rules of the broker, then of a host: what becomes of them. [instance 14.1, 14.2] */
for (const [level, rule, expected, told] of [
  ["broker", '<access_rule allow="a"/>', { allow: "a" }, []],
  ["broker", '<access_rule deny="a,b" separator=","/>', { deny: "a,b", separator: "," }, []],
  [
    "broker",
    '<access_rule allow="*" kind="*" action="*" id="*" connector="*" principal_kind="*"/>',
    { allow: "*", principalKinds: "*" },
    [],
  ],
  [
    "broker",
    '<access_rule allow="a" kind="Queue TOPIC" action="Send  receive"/>',
    { allow: "a", kinds: ["queue", "topic"], actions: ["send", "receive"] },
    [],
  ],
  ["broker", '<access_rule allow="a" kind="virtual_host"/>', { allow: "a", kinds: ["virtual-host"] }, []],
  [
    "broker",
    '<access_rule allow="a" principal_kind="user x.Y"/>',
    { allow: "a", principalKinds: ["org.apache.activemq.jaas.UserPrincipal", "x.Y"] },
    [],
  ],
  [
    "broker",
    '<access_rule allow="a" id="b.**" id_regex="b.*" connector="tcp"/>',
    { allow: "a", id: "b.**", idRegex: "b.*", connector: "tcp" },
    [],
  ],
  [
    "broker",
    '<access_rule allow="a" action="fly"/>',
    undefined,
    [/^Ignoring invalid access rule\. Unknown action 'fly' <access_rule .*\/>; one of admin,.*, or \*$/],
  ],
  [
    "broker",
    '<access_rule deny="a" id_regex="("/>',
    { deny: "a", idRegex: "(" },
    [/^id_regex: '\(' is not a regular expression/],
  ],
  [
    "broker",
    '<access_rule action="send"/>',
    undefined,
    [/^Ignoring invalid access rule\. Either the 'allow' or 'deny' attribute must be declared\.$/],
  ],
  [
    "broker",
    '<access_rule allow="a" kind="moon"/>',
    undefined,
    [
      new RegExp(
        `^Ignoring invalid access rule\\. Unknown kind 'moon' <access_rule allow="a" kind="moon"/>; one of ${RULE_KINDS}`,
      ),
    ],
  ],
  ["broker", '<access_rule deny="m" action="sned"/>', { deny: "m" }, [/^Invalid access rule; it denies all/]],
  ["broker", '<access_rule deny="m" action="send,receive"/>', { deny: "m" }, [/separated by blanks$/]],
  [
    "broker",
    '<access_rule deny="m" kind="queues" action="send"/>',
    { deny: "m", actions: ["send"] },
    [/Unknown kind 'queues'/],
  ],
  [
    "broker",
    '<access_rule deny="m" allow="u" kind="queues" action="sned"/>',
    { deny: "m" },
    [/Unknown kind 'queues'/, /Unknown action 'sned'/],
  ],
  [
    "broker",
    '<access_rule allow="u" kinds="queue"/>',
    undefined,
    [/has no attribute kinds; did you mean kind\?/, /^Ignoring .* Unknown attribute 'kinds'/],
  ],
  [
    "broker",
    '<access_rule deny="m" kinds="queue"/>',
    { deny: "m" },
    [/has no attribute kinds/, /^Invalid .* Unknown attribute 'kinds'/],
  ],
  ["broker", '<access_rule allow=" * " deny=" a"/>', { allow: "*", deny: "a" }, []],
  ["broker", '<access_rule allow=" "/>', undefined, [/^Ignoring/]],
  [
    "broker",
    '<access_rule xmlns:x="urn:x" x:deny="*" allow="u"/>',
    { allow: "u" },
    [/^x:deny of <access_rule> has a prefix; it is ignored; write deny without prefix/],
  ],
  [
    "host",
    '<access_rule deny="m" kind="queue connector"/>',
    { deny: "m", kinds: ["queue"] },
    [/kind='connector' can only be configured at the broker level/],
  ],
  ["host", '<access_rule allow="a" kind="*"/>', { allow: "a" }, []],
  [
    "host",
    '<access_rule allow="a" kind="broker"/>',
    undefined,
    [
      /^Ignoring invalid access rule\. kind='broker' can only be configured at the broker level: <access_rule/,
    ],
  ],
  [
    "host",
    '<access_rule allow="a" kind="queue connector"/>',
    undefined,
    [/kind='connector' can only be configured at the broker level/],
  ],
] as const) {
  test(`14: in the ${level}: ${rule}`, () => {
    const { config, messages } = load(level === "broker" ? `<broker>${rule}</broker>` : hostText(rule));
    const rules = level === "broker" ? config.accessRules : config.virtualHosts[0]!.accessRules;
    const position = level === "broker" ? { line: 1, column: 9 } : { line: 4, column: 1 };
    const rest = { allow: undefined, deny: undefined, separator: undefined, principalKinds: undefined };
    const open = { actions: "*", kinds: "*", id: undefined, idRegex: undefined, connector: undefined };
    assert.deepEqual(rules, expected === undefined ? [] : [{ ...rest, ...open, ...expected, position }]);
    assert.equal(messages.length, told.length);
    for (const [at, pattern] of told.entries()) assert.match(messages[at]!.text, pattern);
  });
}

test("14: rules keep their order", () => {
  const { config } = load(
    '<broker><access_rule allow="a"/><notes>x</notes><access_rule/><access_rule deny="b"/></broker>',
  );
  assert.deepEqual(
    config.accessRules.map(({ allow, deny }) => allow ?? deny),
    ["a", "b"],
  );
});
