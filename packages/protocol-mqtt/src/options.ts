/** What a connector's `<mqtt>` element can set. Lengths are bytes, times milliseconds. [instance 8.2] */
export interface MqttOptions {
  /** Largest PUBLISH body (everything behind the fixed header), also while it is still arriving. */
  readonly maxMessageLength: number;
  /** Largest body of any other packet; CONNECT has its own natural bound below that. */
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
});
