import type { MqttConfig } from "../connector-config.ts";
import { ours, type Table } from "../declare.ts";
import { COUNT_OR_NONE, count, FLAG, oneOf, TEXT_OR_NONE } from "../value-types.ts";

const SECONDS_MAX = 4_294_967_295;

type Mqtt5Attributes = Pick<
  MqttConfig,
  | "maxTopicLength"
  | "maxQos"
  | "retainAvailable"
  | "wildcardsAvailable"
  | "sharedAvailable"
  | "subscriptionIdsAvailable"
  | "receiveMax"
  | "topicAliasMax"
  | "topicAliasSentMax"
  | "sessionExpiryMaxSeconds"
  | "keepAliveMaxSeconds"
  | "virtualHost"
  | "virtualHostInUser"
  | "redirectTo"
  | "redirectForGood"
  | "maxQueuedMessages"
  | "queuedMessagesPolicy"
  | "responsePrefix"
  | "scramUsersFile"
>;

/** Attributes of `<mqtt>` that say what clients get of what they ask for; most came with MQTT 5.0. */
export const MQTT5: Table<Mqtt5Attributes> = {
  maxTopicLength: ours(
    "topic_length_max",
    count(1, 65_535),
    65_535,
    "Longest topic name or filter, in bytes.",
  ),
  maxQos: ours("max_qos", count(0, 2), 2, "Highest quality of service."),
  retainAvailable: ours("retain", FLAG, true, "Whether clients may publish messages to be retained."),
  wildcardsAvailable: ours("wildcards", FLAG, true, "Whether filters may have wildcards."),
  sharedAvailable: ours(
    "shared_subscriptions",
    FLAG,
    true,
    "Whether there are `$share/group/filter` and `$queue/filter`.",
  ),
  subscriptionIdsAvailable: ours(
    "subscription_ids",
    FLAG,
    true,
    "Whether subscriptions of MQTT 5.0 clients may have identifiers.",
  ),
  receiveMax: ours(
    "receive_max",
    count(1, 65_535),
    65_535,
    "Unacknowledged QoS 1 and 2 messages on their way from one MQTT 5.0 client.",
  ),
  topicAliasMax: ours("topic_alias_max", count(0, 65_535), 64, "Most topic aliases a client may set."),
  topicAliasSentMax: ours(
    "topic_alias_sent_max",
    count(0, 65_535),
    64,
    "Most topic aliases the broker sets for a client that allows them.",
  ),
  sessionExpiryMaxSeconds: ours(
    "session_expiry_max",
    count(0, SECONDS_MAX),
    SECONDS_MAX,
    "Seconds a session may outlive its connection, also of MQTT 3.1 and 3.1.1; 4294967295: for ever.",
  ),
  keepAliveMaxSeconds: ours(
    "keep_alive_max",
    count(0, 65_535),
    0,
    "Longest keep-alive of MQTT 5.0 clients in seconds; 0: any, also none.",
  ),
  virtualHost: ours(
    "virtual_host",
    TEXT_OR_NONE,
    undefined,
    "Host name of the virtual host of all clients; missing: `virtual_host_in_user`, then the TLS server name, then the default.",
  ),
  virtualHostInUser: ours(
    "virtual_host_in_user",
    FLAG,
    true,
    "Whether the user name `host/user` chooses the virtual host, if there is one of that name.",
  ),
  redirectTo: ours(
    "redirect_to",
    TEXT_OR_NONE,
    undefined,
    "Where clients are sent instead of being let in: `host:port`, several separated by blanks.",
  ),
  redirectForGood: ours(
    "redirect_for_good",
    FLAG,
    false,
    "Whether redirected clients are told to stay there.",
  ),
  maxQueuedMessages: ours(
    "max_queued_messages",
    COUNT_OR_NONE,
    undefined,
    "Messages that wait for one session; missing: what `<dsub>` says for its name.",
  ),
  queuedMessagesPolicy: ours(
    "queued_messages_policy",
    oneOf("drop head", "drop tail", "block"),
    "drop head",
    "What happens beyond `max_queued_messages`: the oldest goes, the new one goes, producers wait.",
  ),
  responsePrefix: ours(
    "response_prefix",
    TEXT_OR_NONE,
    undefined,
    "Before the client id in the response information of MQTT 5.0; missing: there is none.",
  ),
  scramUsersFile: ours(
    "scram_users_file",
    TEXT_OR_NONE,
    undefined,
    "Properties file of users and their passwords as they are, for SCRAM-SHA-256; missing: there is no such authentication.",
  ),
};
