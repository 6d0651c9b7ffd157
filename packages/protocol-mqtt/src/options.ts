/** What a connector's `<mqtt>` element can set. Lengths are bytes, times milliseconds. [instance 8.2] */
export interface MqttOptions {
  /** Largest PUBLISH body (everything behind the fixed header), also while it is still arriving. */
  readonly maxMessageLength: number;
  /** Largest body of any other packet, and largest properties of a PUBLISH; CONNECT has its own natural bound. */
  readonly maxControlLength: number;
  /** When set, names that begin with it are queues. */
  readonly queuePrefix: string | undefined;
  readonly pathSeparator: string;
  readonly anyChildWildcard: string;
  readonly anyDescendantWildcard: string;
  /** Both must be set for regular expressions in filters; off by default. [messaging quirk b of 2.3, mended] */
  readonly regexWildcardStart: string | undefined;
  readonly regexWildcardEnd: string | undefined;
  /** What a level of a name must match entirely; undefined lets everything through. */
  readonly partPattern: RegExp | undefined;
  /** How long a refused client keeps its socket, so that it can read the CONNACK. */
  readonly dieDelayMs: number;
  /** How soon after it was accepted a connection must have sent its CONNECT. */
  readonly connectTimeoutMs: number;
  /** Most messages of QoS 1 and 2 that wait for a client's acknowledgement; at most 65535. */
  readonly maxInflightMessages: number;
  /** Most topic filters a session may hold. */
  readonly maxSubscriptions: number;
  /** Most characters (UTF-16 units) the topic filters of a session may have together. */
  readonly maxSubscriptionsLength: number;
  /** Most topic filters in one SUBSCRIBE or UNSUBSCRIBE; the broker does nothing else while it handles them. */
  readonly maxFiltersPerPacket: number;
  /** Longest client id, in characters. */
  readonly maxClientIdLength: number;
  /** Most levels in a topic name or filter. */
  readonly maxTopicLevels: number;
  /** Longest topic name or filter, in bytes. */
  readonly maxTopicLength: number;
  /** Highest quality of service; clients are granted no higher one. */
  readonly maxQos: number;
  /** Whether messages may be retained. */
  readonly retainAvailable: boolean;
  /** Whether filters may have wildcards. */
  readonly wildcardsAvailable: boolean;
  /** Whether there are shared subscriptions: `$share/group/filter`, `$queue/filter`. */
  readonly sharedAvailable: boolean;
  /** Whether subscriptions of MQTT 5.0 may have identifiers. */
  readonly subscriptionIdsAvailable: boolean;
  /** Most messages of QoS 1 and 2 an MQTT 5.0 client may have unacknowledged on their way to the broker. */
  readonly receiveMax: number;
  /** Most topic aliases a client may set; 0: none. */
  readonly topicAliasMax: number;
  /** Most topic aliases the broker sets, if the client allows as many; 0: none. */
  readonly topicAliasSentMax: number;
  /** Longest time a session outlives its connection, in seconds; 4294967295: for ever. */
  readonly sessionExpiryMaxSeconds: number;
  /** Longest keep-alive an MQTT 5.0 client may have, in seconds; 0: any, also none. */
  readonly keepAliveMaxSeconds: number;
  /** Virtual host of every client; undefined: chosen by user name and TLS server name. */
  readonly virtualHost: string | undefined;
  /** Whether `host/user` as user name chooses a virtual host. */
  readonly virtualHostInUser: boolean;
  /** Where clients are sent instead of being let in: `host:port`, several separated by blanks. */
  readonly redirectTo: string | undefined;
  /** Whether clients are told to stay there. */
  readonly redirectForGood: boolean;
  /** Most messages that wait for a session; undefined: what the virtual host configures for its name as a dsub. */
  readonly maxQueuedMessages: number | undefined;
  /** What happens to one more: the oldest goes, the new one goes, or producers wait. */
  readonly queuedMessagesPolicy: "drop head" | "drop tail" | "block";
  /** Begins the response topics that clients are told of when they ask; undefined: they are not. */
  readonly responsePrefix: string | undefined;
}

/** What an `<mqtt>` element that says nothing means. */
export const DEFAULT_MQTT_OPTIONS: MqttOptions = Object.freeze({
  maxMessageLength: 104_857_600,
  maxControlLength: 262_144,
  queuePrefix: undefined,
  pathSeparator: "/",
  anyChildWildcard: "+",
  anyDescendantWildcard: "#",
  regexWildcardStart: undefined,
  regexWildcardEnd: undefined,
  partPattern: undefined,
  dieDelayMs: 5_000,
  connectTimeoutMs: 10_000,
  maxInflightMessages: 65_535,
  maxSubscriptions: 100_000,
  maxSubscriptionsLength: 4_194_304,
  maxFiltersPerPacket: 1_000,
  maxClientIdLength: 1_024,
  maxTopicLevels: 200,
  maxTopicLength: 65_535,
  maxQos: 2,
  retainAvailable: true,
  wildcardsAvailable: true,
  sharedAvailable: true,
  subscriptionIdsAvailable: true,
  receiveMax: 65_535,
  topicAliasMax: 64,
  topicAliasSentMax: 64,
  sessionExpiryMaxSeconds: 4_294_967_295,
  keepAliveMaxSeconds: 0,
  virtualHost: undefined,
  virtualHostInUser: true,
  redirectTo: undefined,
  redirectForGood: false,
  maxQueuedMessages: undefined,
  queuedMessagesPolicy: "drop head",
  responsePrefix: undefined,
});
