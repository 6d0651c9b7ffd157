import assert from "node:assert/strict";
import { test } from "node:test";
import { PRINCIPAL_KINDS } from "@tsapollo/domain";
import { validationFailures } from "../src/index.ts";
import { ADDED, EVERYTHING_QUEUE } from "./everything.ts";
import { failure, fixture, hostText, load, shown } from "./support.ts";

const everything = load(fixture("everything.xml"));

test("22.8: every element and attribute of sections 7 to 9 loads; nothing is a validation failure", () => {
  assert.deepEqual(validationFailures(everything.messages), []);
});

test("21.3: what has no meaning is told at info, once", () => {
  const told = shown(everything);
  assert.equal(new Set(told).size, told.length);
  for (const name of [
    "<openwire>",
    "<auto_gc>",
    "<jmx>",
    "<network_manager>",
    "<heap_bypass>",
    "<protocol>",
  ]) {
    assert.equal(told.filter((line) => line.includes(`${name} has no effect here.`)).length, 1, name);
  }
  for (const name of [
    "read_threads of <leveldb_store>",
    "index_cache_size of",
    "regroup_connections of",
    "trust_algorithm of",
    "receive_buffer_size of",
    "send_buffer_auto_tune of",
  ]) {
    assert.equal(told.filter((line) => line.includes(`${name} `)).length, 1, name);
  }
});

test("7.1: broker", () => {
  const {
    id,
    validation,
    securityFactory,
    shutdownGraceMs,
    xpathSelectors,
    sysIntervalS,
    notes,
    clientAddress,
    services,
    webAdmins,
  } = everything.config;
  assert.deepEqual(
    {
      id,
      validation,
      securityFactory,
      shutdownGraceMs,
      xpathSelectors,
      sysIntervalS,
      notes,
      clientAddress,
      services,
      webAdmins,
    },
    {
      id: "everything",
      validation: "strict",
      securityFactory: "own.security",
      shutdownGraceMs: 5000,
      xpathSelectors: true,
      sysIntervalS: 30,
      notes: "Every element and attribute there is.",
      clientAddress: "tcp://broker.example:61613",
      services: [{ id: "extra", kind: "extra-service" }],
      webAdmins: [
        { bind: "https://127.0.0.1:61681/admin?cors_origin=*" },
        { bind: "http://127.0.0.1:61680" },
      ],
    },
  );
});

test("7.2: virtual hosts and their stores", () => {
  const [main, second, third] = everything.config.virtualHosts;
  assert.deepEqual(
    [
      main!.enabled,
      main!.autoCreateDestinations,
      main!.purgeOnStartup,
      main!.memoryLimitBytes,
      main!.destinationsMax,
    ],
    [true, false, true, 3 * 1024 ** 3, 1000],
  );
  assert.deepEqual(
    [
      main!.slowConsumerTimeoutS,
      main!.consumerBufferBytes,
      main!.transactionBytesMax,
      main!.bindingsBytesMax,
    ],
    [60, 1024 ** 2, 2 * 1024 ** 2, 8 * 1024 ** 2],
  );
  assert.deepEqual(main!.store, {
    kind: "leveldb",
    directory: "data",
    flushDelayMs: -1,
    sync: false,
    paranoidChecks: true,
    verifyChecksums: true,
    failIfLocked: true,
    logSizeBytes: 3 * 1024 ** 3,
    logCompression: "none",
  });
  assert.deepEqual(second!.store, { kind: "bdb", directory: "bdb", flushDelayMs: 100 });
  assert.deepEqual(third!.store, { kind: "null" });
  assert.deepEqual(
    [second!.enabled, second!.memoryLimitBytes, second!.destinationsMax, second!.slowConsumerTimeoutS],
    [true, 512 * 1024 ** 2, 1_000_000, 30],
  );
});

test("7.3 to 7.5, BR-001: destinations", () => {
  const [main] = everything.config.virtualHosts;
  const [orders, rest] = main!.queues;
  assert.equal(orders!.address!.key, "queue:orders.**");
  assert.deepEqual(
    { ...orders, address: undefined },
    { ...EVERYTHING_QUEUE, address: undefined, autoDeleteAfterS: 0, mirrored: true },
  );
  assert.deepEqual(
    [rest!.address, rest!.autoDeleteAfterS, rest!.quotaBytes, rest!.fullPolicy],
    [undefined, 30, undefined, "block"],
  );
  const [ticker, news] = main!.topics;
  assert.deepEqual(
    [ticker!.address!.id, ticker!.autoDeleteAfterS, ticker!.slowConsumerPolicy],
    ["ticker.*", 60, "queue"],
  );
  assert.deepEqual(ticker!.subscription, { ...EVERYTHING_QUEUE, ...ADDED });
  assert.deepEqual(
    [news!.autoDeleteAfterS, news!.slowConsumerPolicy, news!.subscription.tailBufferBytes],
    [0, "block", 655_360],
  );
  const [reports, temp] = main!.dsubs;
  assert.deepEqual(
    [reports!.address!.key, reports!.selector, reports!.idRegex],
    ["dsub:reports", "a = 1", undefined],
  );
  assert.deepEqual(
    reports!.topics.map(({ key }) => key),
    ["topic:news", "topic:ticker.*"],
  );
  assert.deepEqual(
    [reports!.quotaBytes, reports!.maxEnqueueRateBytesPerS, reports!.dlq, reports!.nakLimit],
    [undefined, undefined, undefined, 0],
  );
  assert.deepEqual(
    [temp!.address, temp!.idRegex!.test("temp_1"), temp!.idRegex!.test("a")],
    [undefined, true, false],
  );
});

test("7.4: auto-delete is off for names without wildcards and for mirrored queues", () => {
  const { config } = load(
    hostText('<queue id="a"/><queue id="a.*"/><queue id="b.*" mirrored="true"/><topic id="t"/><topic/>'),
  );
  assert.deepEqual(
    config.virtualHosts[0]!.queues.map(({ autoDeleteAfterS }) => autoDeleteAfterS),
    [0, 30, 0],
  );
  assert.deepEqual(
    config.virtualHosts[0]!.topics.map(({ autoDeleteAfterS }) => autoDeleteAfterS),
    [0, 30],
  );
});

test("7.8, 8, ST-215, MQ-040, AM-009: connector and protocols", () => {
  const [connector] = everything.config.connectors;
  const { id, enabled, bind, connectionLimit, protocol, writeBufferBytes, detect, ssl, udp } = connector!;
  assert.deepEqual(
    { id, enabled, bind, connectionLimit, protocol, writeBufferBytes, detect, ssl, udp },
    {
      id: "tcp",
      enabled: true,
      bind: "tcp://0.0.0.0:61613?backlog=50&keep_alive=false",
      connectionLimit: 200,
      protocol: "any",
      writeBufferBytes: 131_072,
      detect: { timeoutMs: 2000, protocols: ["stomp", "mqtt", "ssl"] },
      ssl: { clientAuth: "need", version: "TLSv1.2" },
      udp: { topic: "measurements", bufferSizeBytes: 102_400 },
    },
  );
  assert.deepEqual(connector!.stomp, {
    addUserHeaders: [
      { name: "JMSXUserID", kind: undefined, separator: undefined },
      { name: "GroupId", kind: PRINCIPAL_KINDS.group, separator: "," },
      { name: "UserId", kind: "*", separator: undefined },
    ],
    addTimestampHeader: "timestamp",
    addRedeliveriesHeader: "redeliveries",
    maxHeaderLengthBytes: 20_480,
    maxHeaders: undefined,
    maxDataLengthBytes: undefined,
    queuePrefix: "q/",
    topicPrefix: "t/",
    tempQueuePrefix: "tq/",
    tempTopicPrefix: "tt/",
    destinationSeparator: ";",
    pathSeparator: "/",
    anyChildWildcard: "+",
    anyDescendantWildcard: "#",
    regexWildcardStart: "<",
    regexWildcardEnd: ">",
    dieDelayMs: 100,
    bufferSizeBytes: 32_768,
    wildcardSendMax: 50,
    connectTimeoutMs: 3000,
    subscriptionsMax: 100,
    subscriptionsLengthMax: 65_536,
    unacknowledgedBytesMax: 1024 ** 2,
    transactionsMax: 10,
    transactedBytesMax: 2 * 1024 ** 2,
    receiptsMax: 500,
    protocolFilters: ["one", "two"],
  });
  const { partPattern, ...mqtt } = connector!.mqtt;
  assert.ok(partPattern!.test("a-_b") && !partPattern!.test("a-_b."));
  assert.deepEqual(mqtt, {
    maxMessageLength: 1000,
    maxControlLength: 1024 ** 2,
    queuePrefix: "queue.",
    pathSeparator: ".",
    anyChildWildcard: "*",
    anyDescendantWildcard: "**",
    regexWildcardStart: "{",
    regexWildcardEnd: "}",
    dieDelayMs: 200,
    maxInflightMessages: 10,
    maxSubscriptions: 20,
    maxSubscriptionsLength: 8192,
    maxFiltersPerPacket: 30,
    connectTimeoutMs: 3000,
    maxClientIdLength: 64,
    maxTopicLevels: 12,
    maxTopicLength: 300,
    maxQos: 1,
    retainAvailable: false,
    wildcardsAvailable: false,
    sharedAvailable: false,
    subscriptionIdsAvailable: false,
    receiveMax: 20,
    topicAliasMax: 5,
    topicAliasSentMax: 6,
    sessionExpiryMaxSeconds: 3600,
    keepAliveMaxSeconds: 120,
    virtualHost: "vh",
    virtualHostInUser: false,
    redirectTo: "other:1883",
    redirectForGood: true,
    maxQueuedMessages: 50,
    queuedMessagesPolicy: "drop tail",
    responsePrefix: "answers/",
    scramUsersFile: "users.properties",
    sessionsMax: 100,
    protocolFilters: ["three"],
  });
  assert.deepEqual(
    [connector!.amqp.trace, connector!.amqp.maxFrameSizeBytes, connector!.amqp.queuePrefix],
    [true, 1024 ** 2, "q:"],
  );
  assert.deepEqual([connector!.amqp.protocolFilters, connector!.amqp.bufferSizeBytes], [["four"], 1024 ** 2]);
  const { plainNames, maxMessageSizeBytes, channelMax, handleMax, linkCredit, idleTimeoutMs } =
    connector!.amqp;
  assert.deepEqual(
    [plainNames, maxMessageSizeBytes, channelMax, handleMax, linkCredit, idleTimeoutMs],
    ["topic", 2 * 1024 ** 2, 7, 63, 50, 30_000],
  );
});

test("7.8, 8: a connector that says nothing more", () => {
  const [connector] = load('<broker><connector id="a" bind="tcp://0.0.0.0:0"/></broker>').config.connectors;
  const { enabled, connectionLimit, protocol, writeBufferBytes, detect, ssl, stomp, mqtt, amqp, udp } =
    connector!;
  assert.deepEqual(
    { enabled, connectionLimit, protocol, writeBufferBytes, detect, ssl, udp },
    {
      enabled: true,
      connectionLimit: undefined,
      protocol: "any",
      writeBufferBytes: undefined,
      detect: { timeoutMs: 5000, protocols: undefined },
      ssl: undefined,
      udp: { topic: "udp", bufferSizeBytes: 655_360 },
    },
  );
  assert.deepEqual(
    [stomp.maxHeaderLengthBytes, stomp.maxHeaders, stomp.maxDataLengthBytes],
    [10_240, 1000, 104_857_600],
  );
  assert.deepEqual(
    [stomp.queuePrefix, stomp.tempTopicPrefix, amqp.queuePrefix, amqp.tempTopicPrefix],
    ["/queue/", "/temp-topic/", "queue://", "temp-topic://"],
  );
  assert.deepEqual(
    [mqtt.maxMessageLength, mqtt.queuePrefix, mqtt.regexWildcardStart, mqtt.partPattern],
    [104_857_600, undefined, undefined, undefined],
  );
});

test("7.9, 13.1: authentication is the host's own, or the broker's", () => {
  assert.deepEqual(everything.config.authentication, {
    enabled: true,
    domain: "own",
    userPrincipalKinds: [PRINCIPAL_KINDS.user],
    aclPrincipalKinds: [PRINCIPAL_KINDS.group, "org.example.Own"],
  });
  const [main, second] = everything.config.virtualHosts;
  assert.equal(main!.authentication.enabled, false);
  assert.equal(second!.authentication, everything.config.authentication);
  const own = load(
    '<broker><virtual_host id="a"><authentication domain="d"/></virtual_host></broker>',
  ).config;
  assert.deepEqual([own.authentication.enabled, own.virtualHosts[0]!.authentication.enabled], [false, true]);
});

test("7.11: what a host's log_category leaves out is the broker's", () => {
  assert.deepEqual(everything.config.virtualHosts[0]!.logCategory, {
    console: "own",
    security: "s",
    connection: "n",
    audit: "a",
  });
});

/** Attribute by attribute: what cannot be understood ends loading, with the attribute's place. */
for (const [text, error] of [
  [
    '<queue quota="much"/>',
    /^apollo\.xml:4:8: quota of <queue>: Could not convert to a memory size: 'much'; write a whole number/,
  ],
  [
    '<queue id="a"\n  persistent="yes"/>',
    /^apollo\.xml:5:3: persistent of <queue>: 'yes' is not a flag; write true or false$/,
  ],
  [
    '<queue swap_range_size="0"/>',
    /^apollo\.xml:4:8: swap_range_size of <queue>: '0' is not a whole number from 1 to 2147483647$/,
  ],
  [
    '<topic slow_consumer_policy="drop"/>',
    /4:8: slow_consumer_policy of <topic>: 'drop' is not one of block, queue$/,
  ],
  ['<dsub id_regex="("/>', /4:7: id_regex of <dsub>: '\(' is not a regular expression/],
  ['<dsub id_regex="a++"/>', /4:7: id_regex of <dsub>: 'a\+\+' is not a regular expression/],
  ["<leveldb_store/>", undefined],
  [
    '</virtual_host><virtual_host id="h">',
    /^apollo\.xml:4:16: a second <virtual_host> with id 'h'; give it another id$/,
  ],
  [
    '</virtual_host><connector id="c"/><virtual_host id="i">',
    /^apollo\.xml:4:16: <connector> has no bind; write bind="tcp:/,
  ],
  [
    '</virtual_host><web_admin bind="tcp://a"/><virtual_host id="i">',
    /^apollo\.xml:4:27: bind of <web_admin>: 'tcp:\/\/a' is neither http/,
  ],
  [
    '</virtual_host><service/><virtual_host id="i">',
    /^apollo\.xml:4:16: <service> has no kind; write <service kind="…"$/,
  ],
] as const) {
  test(`7: ${text.replace("\n", " ")}`, () => {
    if (error === undefined)
      assert.doesNotThrow(() => load(hostText(text))); // the null store before it counts
    else assert.match(failure(hostText(text)), error);
  });
}

test("9: a store without its directory", () => {
  const text = '<broker>\n<virtual_host id="h">\n <leveldb_store/></virtual_host></broker>';
  assert.equal(
    failure(text),
    'apollo.xml:3:2: <leveldb_store> has no directory; write <leveldb_store directory="…"',
  );
});
