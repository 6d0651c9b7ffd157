// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in this form are what is tested
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { PRINCIPAL_KINDS } from "@tsapollo/domain";
import fc from "fast-check";
import { defaultConfig, formatMessage, loadConfig, validationFailures } from "../src/index.ts";
import { errorText, failure, fixture, load, shown } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "tsapollo-config-"));
after(() => rmSync(folder, { recursive: true }));

test("22.8: the file of a new instance loads without a message [3.1]", () => {
  const { config, messages } = load(fixture("apollo-tls.xml"), {
    systemProperties: { "apollo.base": "/var/b" },
  });
  assert.deepEqual(messages, []);
  assert.equal(config.id, "default");
  assert.equal(config.notes, "The default configuration with tls/ssl enabled.");
  assert.deepEqual(config.logCategory, {
    console: "console",
    security: "security",
    connection: "connection",
    audit: "audit",
  });
  assert.deepEqual(
    config.connectors.map(({ id, bind, connectionLimit, protocol }) => [id, bind, connectionLimit, protocol]),
    [
      ["tcp", "tcp://0.0.0.0:61613", 2000, "any"],
      ["tls", "tls://0.0.0.0:61614", 2000, "any"],
      ["ws", "ws://0.0.0.0:61623", 2000, "any"],
      ["wss", "wss://0.0.0.0:61624", 2000, "any"],
    ],
  );
  const [host] = config.virtualHosts;
  assert.deepEqual(host!.hostNames, ["mybroker", "localhost", "127.0.0.1"]);
  assert.deepEqual(host!.store, {
    kind: "leveldb",
    directory: "/var/b/data",
    flushDelayMs: 500,
    sync: true,
    paranoidChecks: false,
    verifyChecksums: false,
    failIfLocked: false,
    logSizeBytes: 104_857_600,
    logCompression: "snappy",
  });
  assert.equal(host!.authentication.enabled, true);
  assert.deepEqual(config.keyStorage, {
    file: "/var/b/etc/keystore",
    password: "password",
    keyPassword: "password",
    keyAlias: undefined,
    storeType: "JKS",
  });
  assert.deepEqual(
    config.webAdmins.map(({ bind }) => bind),
    ["http://127.0.0.1:61680", "https://127.0.0.1:61681"],
  );
});

test("7.13: a file of another time loads; everything nobody reads is told with its place", () => {
  const loaded = load(fixture("historic.xml"));
  assert.deepEqual(shown(loaded), [
    "warning at (2:3): <broker> has no element <acl>; it is ignored and protects nothing; use <access_rule>",
    "warning at (7:26): <virtual_host> has no attribute auto_create_queues; it is ignored; use auto_create_destinations",
    "warning at (9:5): <virtual_host> has no element <acl>; it is ignored and protects nothing; use <access_rule>",
    "warning at (12:12): <queue> has no attribute name; it is ignored",
    "warning at (12:21): <queue> has no attribute kind; it is ignored",
    "warning at (12:32): <queue> has no attribute unified; it is ignored; queues and topics of one name are separate, see mirrored",
    "warning at (12:47): <queue> has no attribute queue_buffer; it is ignored; use tail_buffer",
    "warning at (13:7): <queue> has no element <acl>; it is ignored and protects nothing; use <access_rule>",
    "warning at (17:5): <virtual_host> has no element <memory_store>; it is ignored; use <null_store/>",
    "warning at (18:5): <virtual_host> has no element <hawtdb_store>; it is ignored; use <leveldb_store>",
    "warning at (19:5): <virtual_host> has no element <jdbm2_store>; it is ignored; use <leveldb_store>",
    "warning at (21:3): <broker> has no element <simple_broker_of_another_time>; it is ignored",
    "error: virtual host 'old' does not have valid store configured",
    "warning at (6:3): <connector> has no id; it is called 'connector-1'",
    'warning at (6:3): the URI of <connector> stands as text; write bind="tcp://0.0.0.0:61613"',
  ]);
  assert.equal(loaded.config.connectors[0]!.bind, "tcp://0.0.0.0:61613");
});

test("7.1: without any element there is nothing, and no security [13.1]", () => {
  const { config, messages } = load("<broker/>");
  assert.deepEqual(messages, []);
  assert.deepEqual(config, {
    id: "default",
    validation: undefined,
    securityFactory: undefined,
    shutdownGraceMs: 10_000,
    xpathSelectors: false,
    sysIntervalS: 10,
    notes: undefined,
    clientAddress: undefined,
    virtualHosts: [],
    connectors: [],
    webAdmins: [],
    keyStorage: undefined,
    accessRules: [],
    authentication: {
      enabled: false,
      domain: "apollo",
      userPrincipalKinds: [PRINCIPAL_KINDS.user, PRINCIPAL_KINDS.x500],
      aclPrincipalKinds: [PRINCIPAL_KINDS.group],
    },
    logCategory: {
      console: "org.apache.activemq.apollo.log.console",
      security: "org.apache.activemq.apollo.log.security",
      connection: "org.apache.activemq.apollo.log.connection",
      audit: "org.apache.activemq.apollo.log.audit",
    },
    services: [],
  });
});

test("7.1: a broker embedded without a file", () => {
  const config = defaultConfig();
  assert.deepEqual(
    config.virtualHosts.map(({ id, hostNames }) => [id, hostNames]),
    [["default", ["localhost"]]],
  );
  assert.deepEqual(
    config.connectors.map(({ id, bind }) => [id, bind]),
    [["default", "tcp://0.0.0.0:0"]],
  );
});

test("a configuration is frozen, all of it", () => {
  const { config } = load(fixture("everything.xml"));
  const seen: object[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null || value instanceof RegExp) return;
    seen.push(value);
    assert.ok(Object.isFrozen(value));
    Object.values(value).forEach(walk);
  };
  walk(config);
  assert.ok(seen.length > 60, `${seen.length} objects`);
});

test("5.2: file and properties are read from disk", () => {
  const file = join(folder, "apollo.xml");
  writeFileSync(
    file,
    '<?xml version="1.0" encoding="ISO-8859-1"?><broker id="${name}"/>'.replace("name", "n"),
    "latin1",
  );
  writeFileSync(`${file}.properties`, "n=k\xf6nig", "latin1");
  assert.equal(loadConfig({ file, environment: {}, systemProperties: {} }).config.id, "könig");
});

test("1.8: a missing file", () => {
  const file = join(folder, "nowhere.xml");
  const text = errorText(() => loadConfig({ file, environment: {}, systemProperties: {} }));
  assert.match(
    text,
    /does not exist\.\n\nTry creating a broker instance using the 'tsapollo create' command\.$/,
  );
});

test("a file that cannot be read", () => {
  assert.match(
    errorText(() => loadConfig({ file: folder, environment: {}, systemProperties: {} })),
    /cannot be read/,
  );
});

for (const [text, value] of [
  ["<broker/>", undefined],
  ['<broker validation="hide"/>', "hide"],
  ['<broker validation="Strict"/>', "strict"],
] as const) {
  test(`5.4: validation of ${text}`, () => assert.equal(load(text).config.validation, value));
}

test("5.4: what is only told at info is no validation failure", () => {
  const { messages } = load(
    '<broker><jmx/><nothing/><virtual_host id="a"><host_name>a</host_name></virtual_host></broker>',
  );
  assert.deepEqual(
    messages.map(({ severity }) => severity),
    ["info", "warning", "error"],
  );
  assert.deepEqual(validationFailures(messages).map(formatMessage), [
    "warning at (1:15): <broker> has no element <nothing>; it is ignored",
    "error: virtual host 'a' does not have valid store configured",
  ]);
});

test("5.1: the root must be <broker>", () => {
  assert.match(
    failure("\n<brokr/>"),
    /^apollo\.xml:2:1: the root element is <brokr>; a configuration starts with <broker xmlns=/,
  );
});

/** Words of real configurations, so that values are reached and not only structure. */
const WORDS = [
  "virtual_host",
  "connector",
  "queue",
  "id",
  "quota",
  "bind",
  "3g",
  "-1",
  "true",
  "a.**",
  "{[}",
  "access_rule",
  "allow",
  "stomp",
  "full_policy",
  "${x}",
  "${y}",
  "key_storage",
  "dsub",
  "id_regex",
  "leveldb_store",
  "directory",
  "web_admin",
];

test("any document loads, or is refused by a BrokerError", () => {
  const word = fc.oneof(fc.constantFrom(...WORDS), fc.stringMatching(/^[a-z]{1,3}$/));
  const attributes = fc.dictionary(fc.constantFrom(...WORDS), word, { maxKeys: 4 });
  const wrap = (inner: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.tuple(word, attributes, fc.array(inner, { maxLength: 3 })).map(([name, pairs, children]) => {
      const written = Object.entries(pairs).map(([key, value]) => ` ${key}="${value}"`);
      return `<${name}${written.join("")}>${children.join(" ")}</${name}>`;
    });
  const tree = wrap(fc.oneof(word, wrap(fc.oneof(word, wrap(word)))));
  const documents = fc.array(tree, { maxLength: 4 }).map((parts) => `<broker>${parts.join("")}</broker>`);
  fc.assert(
    fc.property(documents, (text) => {
      try {
        load(text, { properties: "x=${y}" });
      } catch {
        assert.match(failure(text, { properties: "x=${y}" }), /^apollo\.xml:\d+:\d+: /);
      }
    }),
    { numRuns: 1_000 },
  );
});
