/** How a connector spells destinations. [messaging 2.3] */
export interface AmqpNaming {
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
  /** What a name without prefix is, unless the link's capabilities say it; `none`: it is refused. */
  readonly plainNames: "queue" | "topic" | "none";
}

/** What a connector's `<amqp>` element can set. [instance 8.3] */
export interface AmqpOptions extends AmqpNaming {
  /** Log every frame. */
  readonly trace: boolean;
  /** Largest frame we read. */
  readonly maxFrameSizeBytes: number;
  /** Largest message we take. */
  readonly maxMessageSizeBytes: number;
  /** What all unfinished messages of one connection may take. */
  readonly maxUnfinishedBytes: number;
  /** Highest channel number: one less than the sessions of a connection. */
  readonly channelMax: number;
  /** Highest handle number: one less than the links of a session. */
  readonly handleMax: number;
  /** Links of one connection. */
  readonly linksMax: number;
  /** Messages a sending client may have on their way to us, by link. */
  readonly linkCredit: number;
  /** Deliveries of one session that the client has not settled. */
  readonly unsettledMax: number;
  /** Open transactions of one connection. */
  readonly transactionsMax: number;
  /** Acknowledgements that the open transactions of one connection may hold. */
  readonly transactedMax: number;
  /** A client that is silent this long is gone; 0: never. */
  readonly idleTimeoutMs: number;
  /** How long a connection may take to say Open. */
  readonly connectTimeoutMs: number;
  /** How long a connection stays open after Close, so that the client can read it. */
  readonly dieDelayMs: number;
  /** What a client may send on while a destination is full, before we stop reading. */
  readonly bufferSizeBytes: number;
  /** Most destinations that one message with wildcards reaches; 0: such messages are refused. */
  readonly wildcardSendMax: number;
}

const MIB = 1_024 * 1_024;

/** What an `<amqp>` element that says nothing means. */
export const DEFAULT_AMQP_OPTIONS: AmqpOptions = Object.freeze({
  queuePrefix: "queue://",
  topicPrefix: "topic://",
  tempQueuePrefix: "temp-queue://",
  tempTopicPrefix: "temp-topic://",
  destinationSeparator: ",",
  pathSeparator: ".",
  anyChildWildcard: "*",
  anyDescendantWildcard: "**",
  regexWildcardStart: "{",
  regexWildcardEnd: "}",
  plainNames: "queue",
  trace: false,
  maxFrameSizeBytes: 100 * MIB,
  maxMessageSizeBytes: 100 * MIB,
  maxUnfinishedBytes: 200 * MIB,
  channelMax: 255,
  handleMax: 1_023,
  linksMax: 10_000,
  linkCredit: 1_000,
  unsettledMax: 100_000,
  transactionsMax: 1_000,
  transactedMax: 100_000,
  idleTimeoutMs: 60_000,
  connectTimeoutMs: 10_000,
  dieDelayMs: 5_000,
  bufferSizeBytes: 655_360,
  wildcardSendMax: 0,
});
