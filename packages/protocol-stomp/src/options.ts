import type { XPathFunction } from "@tsapollo/selector";

/** How a connector spells destinations. [messaging 2.3] */
export interface StompNaming {
  readonly queuePrefix: string;
  readonly topicPrefix: string;
  readonly tempQueuePrefix: string;
  readonly tempTopicPrefix: string;
  /** Between the destinations of a composite. */
  readonly destinationSeparator: string;
  readonly pathSeparator: string;
  readonly anyChildWildcard: string;
  readonly anyDescendantWildcard: string;
  /** Undefined: no regular expressions. */
  readonly regexWildcardStart: string | undefined;
  readonly regexWildcardEnd: string | undefined;
}

/** A header on messages that names who sent them. [instance 8.1] */
export interface UserHeader {
  readonly name: string;
  /** Kind of the principals, `*` for any; undefined: the user's name. */
  readonly kind: string | undefined;
  /** Joins the names of all; undefined: the first one only. */
  readonly separator: string | undefined;
}

/** What a connector's `<stomp>` element can set, and bounds that have no attribute. [instance 8.1] */
export interface StompOptions extends StompNaming {
  readonly addUserHeaders: readonly UserHeader[];
  /** Header that is set to the time of receipt, in ms since the epoch. */
  readonly addTimestampHeader: string | undefined;
  /** Header that is set to the number of redeliveries when there were any. */
  readonly addRedeliveriesHeader: string | undefined;
  readonly maxHeaderLengthBytes: number;
  /** Undefined: no limit. */
  readonly maxHeaders: number | undefined;
  /** Undefined: no limit. */
  readonly maxDataLengthBytes: number | undefined;
  /** How long a connection stays open after an ERROR, so that the client can read it. */
  readonly dieDelayMs: number;
  /** Both credit windows of a subscription: deliveries and bytes. [messaging 15.7] */
  readonly bufferSizeBytes: number;
  /** How long a connection may take to send its CONNECT. */
  readonly connectTimeoutMs: number;
  /** Most often we promise to send something when the client asks for heart-beats. */
  readonly heartBeatSendMs: number;
  /** How often we want something from a client that offers heart-beats. */
  readonly heartBeatReceiveMs: number;
  /** Receipts that may wait: for the store, or for a client that does not read; past it reading stops. */
  readonly receiptsMax: number;
  /** Subscriptions of one connection. */
  readonly subscriptionsMax: number;
  /** Header bytes of the SUBSCRIBE frames of one connection's subscriptions: ids, destinations, selectors. */
  readonly subscriptionsLengthMax: number;
  /** What deliveries that a connection has not acknowledged take besides their messages: 200 bytes and the message id. */
  readonly unacknowledgedBytesMax: number;
  /** Open transactions of one connection. */
  readonly transactionsMax: number;
  /**
   * What the open transactions of one connection may keep besides their messages: their acknowledgements, about 100
   * bytes each, and receipts. The messages are bounded by the virtual host.
   */
  readonly transactedBytesMax: number;
  /**
   * Most existing destinations that a SEND reaches by wildcards; one that would reach more is refused, and with 0 every
   * SEND with wildcards is. [messaging 2.6, quirk 4]
   */
  readonly wildcardSendMax: number;
  /** Evaluates XPATH in selectors, over the bodies of STOMP messages; absent: such a selector is refused. */
  readonly xpath?: XPathFunction | undefined;
}

/** What a `<stomp>` element that says nothing means. */
export const DEFAULT_STOMP_OPTIONS: StompOptions = Object.freeze({
  queuePrefix: "/queue/",
  topicPrefix: "/topic/",
  tempQueuePrefix: "/temp-queue/",
  tempTopicPrefix: "/temp-topic/",
  destinationSeparator: ",",
  pathSeparator: ".",
  anyChildWildcard: "*",
  anyDescendantWildcard: "**",
  regexWildcardStart: "{",
  regexWildcardEnd: "}",
  addUserHeaders: Object.freeze([]),
  addTimestampHeader: undefined,
  addRedeliveriesHeader: undefined,
  maxHeaderLengthBytes: 10 * 1024,
  maxHeaders: 1_000,
  maxDataLengthBytes: 100 * 1024 * 1024,
  dieDelayMs: 5_000,
  bufferSizeBytes: 655_360,
  connectTimeoutMs: 10_000,
  heartBeatSendMs: 100,
  heartBeatReceiveMs: 10_000,
  receiptsMax: 1_000,
  subscriptionsMax: 10_000,
  subscriptionsLengthMax: 4 * 1024 * 1024,
  unacknowledgedBytesMax: 256 * 1024 * 1024,
  transactionsMax: 1_000,
  transactedBytesMax: 16 * 1024 * 1024,
  wildcardSendMax: 0,
});
