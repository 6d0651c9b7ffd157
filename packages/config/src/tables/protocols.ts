import type { AmqpConfig, MqttConfig, NamingConfig, StompConfig, UdpConfig } from "../connector-config.ts";
import {
  accepted,
  type ElementRule,
  element,
  option,
  optionsOf,
  ours,
  required,
  type Table,
} from "../declare.ts";
import {
  COUNT_OR_NONE,
  count,
  FLAG,
  MEMORY_SIZE_OR_NONE,
  memorySize,
  NAME,
  oneOf,
  regex,
  TEXT,
  TEXT_OR_NONE,
} from "../value-types.ts";
import { MQTT5 } from "./mqtt.ts";

const KIB = 1_024;
const MIB = 1_024 * KIB;
const INT_MAX = 2_147_483_647;
const DIE_DELAY = option(
  "die_delay",
  count(0, INT_MAX),
  5_000,
  "Milliseconds a refused connection stays open so that the client can read why.",
);
const BUFFER_SIZE = option("buffer_size", memorySize(1), 640 * KIB, "Buffer per producer and subscription.");

/** `<protocol_filter>`. */
export const PROTOCOL_FILTER: Table<{ readonly kind: string }> = {
  kind: required(
    "kind",
    NAME,
    "",
    "Module to load. Refuses to start the connector when it cannot be loaded.",
  ),
};

const PROTOCOL_FILTER_RULE = element("protocol_filter", "Sees every frame, and may change or drop it.", {
  occurs: "many",
  attributes: optionsOf(PROTOCOL_FILTER),
});

/** How destinations are spelt; STOMP's and AMQP's prefixes differ in their form. */
function naming(prefix: (kind: string) => string): Table<NamingConfig> {
  return {
    queuePrefix: option("queue_prefix", TEXT, prefix("queue"), "Begins the name of a queue."),
    topicPrefix: option("topic_prefix", TEXT, prefix("topic"), "Begins the name of a topic."),
    tempQueuePrefix: option(
      "temp_queue_prefix",
      TEXT,
      prefix("temp-queue"),
      "Begins the name of a temporary queue.",
    ),
    tempTopicPrefix: option(
      "temp_topic_prefix",
      TEXT,
      prefix("temp-topic"),
      "Begins the name of a temporary topic.",
    ),
    destinationSeparator: option("destination_separator", NAME, ",", "Between several destinations."),
    pathSeparator: option("path_separator", NAME, ".", "Between the levels of a name."),
    anyChildWildcard: option("any_child_wildcard", NAME, "*", "Exactly one level."),
    anyDescendantWildcard: option("any_descendant_wildcard", NAME, "**", "Any number of levels."),
    regexWildcardStart: option(
      "regex_wildcard_start",
      TEXT_OR_NONE,
      "{",
      "Begins a regular expression for a level.",
    ),
    regexWildcardEnd: option("regex_wildcard_end", TEXT_OR_NONE, "}", "Ends it."),
  };
}

/** Attributes of `<stomp>`. */
export type StompAttributes = Omit<StompConfig, "addUserHeaders" | "protocolFilters"> & {
  readonly addUserHeader: string | undefined;
};

/** `<stomp>`. [instance 8.1] */
export const STOMP: Table<StompAttributes> = {
  addUserHeader: option(
    "add_user_header",
    TEXT_OR_NONE,
    undefined,
    "Header set on received messages to the user's name.",
  ),
  addTimestampHeader: option(
    "add_timestamp_header",
    TEXT_OR_NONE,
    undefined,
    "Header set on received messages to the time, in ms since the epoch.",
  ),
  addRedeliveriesHeader: option(
    "add_redeliveries_header",
    TEXT_OR_NONE,
    undefined,
    "Header set on delivery to the number of redeliveries, when above 0.",
  ),
  maxHeaderLengthBytes: option("max_header_length", memorySize(1), 10 * KIB, "Longest header line."),
  maxHeaders: option("max_headers", COUNT_OR_NONE, 1_000, "Most headers in a frame."),
  maxDataLengthBytes: option("max_data_length", MEMORY_SIZE_OR_NONE, 100 * MIB, "Largest body."),
  ...naming((kind) => `/${kind}/`),
  dieDelayMs: DIE_DELAY,
  bufferSizeBytes: BUFFER_SIZE,
  connectTimeoutMs: ours(
    "connect_timeout",
    count(1, INT_MAX),
    10_000,
    "Milliseconds a connection may take to say CONNECT.",
  ),
  subscriptionsMax: ours("max_subscriptions", count(1, INT_MAX), 10_000, "Subscriptions of one connection."),
  subscriptionsLengthMax: ours(
    "max_subscriptions_length",
    memorySize(1),
    4 * MIB,
    "Header bytes of the SUBSCRIBE frames of one connection's subscriptions together.",
  ),
  unacknowledgedBytesMax: ours(
    "max_unacknowledged",
    memorySize(1),
    256 * MIB,
    "Memory for deliveries that one connection has not acknowledged, besides the messages: about 200 bytes each.",
  ),
  transactionsMax: ours("max_transactions", count(1, INT_MAX), 1_000, "Open transactions of one connection."),
  transactedBytesMax: ours(
    "max_transacted",
    memorySize(1),
    16 * MIB,
    "Memory for acknowledgements and receipts in open transactions of one connection, about 100 bytes each.",
  ),
  receiptsMax: ours(
    "max_receipts",
    count(1, INT_MAX),
    1_000,
    "Receipts of one connection that wait, for the store or for the client to read, before reading stops.",
  ),
  wildcardSendMax: ours(
    "wildcard_send_max",
    count(0, INT_MAX),
    0,
    "Most existing destinations that one SEND reaches by wildcards; 0: a SEND with wildcards is an error.",
  ),
};

/** `<add_user_header>`. */
export const ADD_USER_HEADER: Table<{ readonly kind: string; readonly separator: string | undefined }> = {
  kind: option("kind", NAME, "*", "Kind of the principals whose names are set; `*`: any."),
  separator: option(
    "separator",
    TEXT_OR_NONE,
    undefined,
    "Joins the names of all; missing: the first one only.",
  ),
};

/** Attributes of `<mqtt>`. */
export type MqttAttributes = Omit<MqttConfig, "protocolFilters">;

/** `<mqtt>`. [instance 8.2] */
export const MQTT: Table<MqttAttributes> = {
  maxMessageLength: option("max_message_length", memorySize(1), 104_857_600, "Largest PUBLISH."),
  maxControlLength: ours(
    "max_control_length",
    memorySize(256),
    256 * KIB,
    "Largest packet of any other kind, and largest properties of a PUBLISH.",
  ),
  queuePrefix: option("queue_prefix", TEXT_OR_NONE, undefined, "Names that begin so are queues."),
  pathSeparator: option("path_separator", NAME, "/", "Between the levels of a name."),
  anyChildWildcard: option("any_child_wildcard", NAME, "+", "Exactly one level."),
  anyDescendantWildcard: option("any_descendant_wildcard", NAME, "#", "Any number of levels."),
  regexWildcardStart: option(
    "regex_wildcard_start",
    TEXT_OR_NONE,
    undefined,
    "Begins a regular expression for a level; missing: there are none.",
  ),
  regexWildcardEnd: option("regex_wildcard_end", TEXT_OR_NONE, undefined, "Ends it."),
  partPattern: option("part_pattern", regex("whole"), undefined, "What a level must match entirely."),
  dieDelayMs: DIE_DELAY,
  maxInflightMessages: ours(
    "max_inflight_messages",
    count(1, 65_535),
    65_535,
    "Unacknowledged QoS 1 and 2 messages on their way to one client.",
  ),
  maxSubscriptions: ours("max_subscriptions", count(1, INT_MAX), 100_000, "Topic filters of one client."),
  maxSubscriptionsLength: ours(
    "max_subscriptions_length",
    memorySize(1),
    4 * MIB,
    "Characters of all topic filters of one client together.",
  ),
  maxFiltersPerPacket: ours(
    "max_filters_per_packet",
    count(1, 65_535),
    1_000,
    "Most topic filters in one SUBSCRIBE or UNSUBSCRIBE; more close the connection.",
  ),
  connectTimeoutMs: ours(
    "connect_timeout",
    count(1, INT_MAX),
    10_000,
    "Milliseconds a connection may take to say CONNECT.",
  ),
  maxClientIdLength: ours(
    "client_id_length_max",
    count(1, 65_535),
    1_024,
    "Longest client id, in characters.",
  ),
  maxTopicLevels: ours("topic_levels_max", count(1, 65_535), 200, "Most levels in a topic name or filter."),
  ...MQTT5,
  sessionsMax: ours(
    "sessions_max",
    count(1, INT_MAX),
    1_000_000,
    "Most sessions in a virtual host, connected or not. Stored ones that hold nothing make room.",
  ),
};

/** Attributes of `<amqp>`. */
export type AmqpAttributes = Omit<AmqpConfig, "protocolFilters">;

/** `<amqp>`. [instance 8.3] */
export const AMQP: Table<AmqpAttributes> = {
  trace: option("trace", FLAG, false, "Log every frame."),
  maxFrameSizeBytes: option("max_frame_size", memorySize(512), 100 * MIB, "Largest frame."),
  ...naming((kind) => `${kind}://`),
  dieDelayMs: DIE_DELAY,
  bufferSizeBytes: BUFFER_SIZE,
  plainNames: ours(
    "plain_names",
    oneOf("queue", "topic", "none"),
    "queue",
    "What names without a prefix are, unless the capabilities of a link say so; `none`: they are refused.",
  ),
  maxMessageSizeBytes: ours("max_message_size", memorySize(1), 100 * MIB, "Largest message."),
  maxUnfinishedBytes: ours(
    "max_unfinished_size",
    memorySize(1),
    200 * MIB,
    "Messages of one connection of which not all frames are there, together.",
  ),
  channelMax: ours(
    "channel_max",
    count(0, 65_535),
    255,
    "Highest channel: sessions of a connection, less one.",
  ),
  handleMax: ours("handle_max", count(0, INT_MAX), 1_023, "Highest handle: links of a session, less one."),
  linksMax: ours("links_max", count(1, INT_MAX), 10_000, "Links of a connection."),
  linkCredit: ours(
    "link_credit",
    count(1, INT_MAX),
    1_000,
    "Messages on their way to the broker on one link.",
  ),
  unsettledMax: ours("unsettled_max", count(1, INT_MAX), 100_000, "Unsettled deliveries on one session."),
  transactionsMax: ours("transactions_max", count(1, INT_MAX), 1_000, "Open transactions of a connection."),
  transactedMax: ours(
    "transacted_max",
    count(1, INT_MAX),
    100_000,
    "Acknowledgements in the open transactions of a connection.",
  ),
  scramUsersFile: ours(
    "scram_users_file",
    TEXT_OR_NONE,
    undefined,
    "Properties file of users and their passwords as they are, for SASL SCRAM-SHA-256; missing: it is not offered.",
  ),
  idleTimeoutMs: ours(
    "idle_timeout",
    count(0, INT_MAX),
    60_000,
    "Milliseconds a client may be silent before its connection is closed; 0: any time.",
  ),
  connectTimeoutMs: ours(
    "connect_timeout",
    count(1, INT_MAX),
    10_000,
    "Milliseconds a connection may take to say Open.",
  ),
  wildcardSendMax: ours(
    "wildcard_send_max",
    count(0, INT_MAX),
    0,
    "Most existing destinations that one message reaches by wildcards; 0: sending to wildcards is an error.",
  ),
};

/** `<udp>`. [instance 8.5] */
export const UDP: Table<UdpConfig> = {
  topic: option(
    "topic",
    NAME,
    "udp",
    "Topic, or several separated by commas, that get each datagram as a message.",
  ),
  bufferSizeBytes: option(
    "buffer_size",
    memorySize(1),
    640 * KIB,
    "Backlog; the oldest datagrams are dropped beyond it.",
  ),
};

const OPENWIRE_DOC = "OpenWire is not spoken here.";

/** The protocol elements of a connector. [instance 8] */
export const PROTOCOL_RULES: readonly ElementRule[] = [
  element("stomp", "STOMP 1.0, 1.1 and 1.2.", {
    attributes: optionsOf(STOMP),
    children: [
      element("add_user_header", "Sets a header on received messages to principals of the sender.", {
        occurs: "many",
        attributes: optionsOf(ADD_USER_HEADER),
        text: "The header's name.",
      }),
      PROTOCOL_FILTER_RULE,
    ],
  }),
  element("mqtt", "MQTT 3.1, 3.1.1 and 5.0.", {
    attributes: optionsOf(MQTT),
    children: [PROTOCOL_FILTER_RULE],
  }),
  element("amqp", "AMQP 1.0.", { attributes: optionsOf(AMQP), children: [PROTOCOL_FILTER_RULE] }),
  element("udp", "Datagrams as messages.", { attributes: optionsOf(UDP) }),
  element("openwire", OPENWIRE_DOC, {
    effect: "accepted",
    attributes: [
      "stack_trace",
      "cache",
      "cache_size",
      "tight_encoding",
      "tcp_no_delay",
      "max_inactivity_duration",
      "max_inactivity_duration_initial_delay",
      "max_frame_size",
      "buffer_size",
      "add_jmsxuserid",
    ].map((name) => accepted(name, OPENWIRE_DOC)),
    children: [element("version", "", { effect: "accepted", text: OPENWIRE_DOC }), PROTOCOL_FILTER_RULE],
  }),
];
