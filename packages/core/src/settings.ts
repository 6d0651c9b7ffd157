import type { Address, MessageFilter, PathPart } from "@tsapollo/domain";

/** What a queue does with a message that it has no room for. [messaging 4.1] */
export type FullPolicy = "block" | "drop head" | "drop tail";

/** How a queue or durable subscription behaves. [messaging 4.1] */
export interface QueueSettings {
  /** Whether persistent messages are stored, given a store. */
  readonly persistent: boolean;
  /** Bytes a queue without store may hold before it is full. */
  readonly tailBufferBytes: number;
  /** Whether messages that no consumer is near may be left to the store alone, given one. */
  readonly swap: boolean;
  /** Messages read back from the store at a time. */
  readonly swapRangeSize: number;
  /** Bytes beyond which it is full; -1 for none. */
  readonly quotaBytes: number;
  /** Messages beyond which it is full; -1 for none. */
  readonly quotaMessages: number;
  readonly fullPolicy: FullPolicy;
  /** Bytes a second beyond which producers wait; -1 for none. */
  readonly maxEnqueueBytesPerS: number;
  /** Bytes a second from which on consumers count as fast. */
  readonly fastDeliveryBytesPerS: number;
  /** Bytes a second for producers while fast consumers catch up; -1: half of what those take. */
  readonly catchupEnqueueBytesPerS: number;
  /** `false`: the consumer that joined first gets everything it has credit for. */
  readonly roundRobin: boolean;
  /** Whether messages with a higher priority go out first, of what a consumer may have. */
  readonly priority: boolean;
  /** Whether message groups move only when their old consumer holds nothing. */
  readonly gracefulHandoff: boolean;
  /** Refusals after which a message is dead; 0 for never. */
  readonly nakLimit: number;
  /** Id of the dead letter queue, `*` stands for this queue's id; undefined: dead messages are dropped. */
  readonly dlq: string | undefined;
  /** Whether expired messages are dead letters too. */
  readonly dlqExpired: boolean;
  /** Whether it exchanges messages with the topic of the same name. */
  readonly mirrored: boolean;
  /** Idle time after which it is deleted; 0 for never. */
  readonly autoDeleteAfterMs: number;
}

/** How a topic behaves. [messaging 4.3] */
export interface TopicSettings {
  /** Idle time after which it is deleted; 0 for never. */
  readonly autoDeleteAfterMs: number;
  /** Whether slow consumers make producers wait, or read from a queue of their own. */
  readonly slowConsumerPolicy: "block" | "queue";
  /** Settings of those queues. */
  readonly subscription: QueueSettings;
}

/** Settings for the destinations that a filter covers; without a filter, for all. */
export interface Configured<Settings> {
  readonly filter: readonly PathPart[] | undefined;
  readonly settings: Settings;
}

/** Settings for durable subscriptions, and those that exist from the start. [messaging 3, 4.2] */
export interface ConfiguredDsub extends Configured<QueueSettings> {
  /** Without a filter: found anywhere in the id. */
  readonly idRegex: RegExp | undefined;
  /** With a filter without wildcards: what the one of this name collects from, from the start. */
  readonly topics: readonly Address[];
  /** What it collects of that. */
  readonly messages: MessageFilter | undefined;
}

/** How a virtual host behaves. */
export interface HostSettings {
  readonly autoCreateDestinations: boolean;
  readonly purgeOnStartup: boolean;
  /** First match in order wins; defaults where none does. */
  readonly queues: readonly Configured<QueueSettings>[];
  readonly topics: readonly Configured<TopicSettings>[];
  readonly dsubs: readonly ConfiguredDsub[];
  /** Milliseconds that work which nobody waits for may wait to become void before it is stored; negative: none. */
  readonly flushDelayMs: number;
  /** Milliseconds that a write may wait for consumers although producers wait for it, where that pays; 0: none. */
  readonly patienceMs: number;
  /** Bytes on their way to the store before producers wait. */
  readonly storePendingBytesMax: number;
  /** Bytes of messages kept in memory before producers wait. */
  readonly memoryLimitBytes: number;
  /** Destinations of all kinds, beyond which none is created. */
  readonly destinationsMax: number;
  /** Bytes that wait for one slow topic consumer before producers wait. */
  readonly consumerBufferBytes: number;
  /** How long producers wait for a topic consumer without progress before it is cut off. */
  readonly slowConsumerTimeoutMs: number;
  /** Bytes of messages in one transaction. */
  readonly transactionBytesMax: number;
  /** Bytes that join one client's subscriptions to destinations. */
  readonly bindingsBytesMax: number;
}

/** Defaults of {@link QueueSettings}. */
export const DEFAULT_QUEUE_SETTINGS: QueueSettings = Object.freeze({
  persistent: true,
  tailBufferBytes: 640 * 1024,
  swap: true,
  swapRangeSize: 10_000,
  quotaBytes: -1,
  quotaMessages: -1,
  fullPolicy: "block",
  maxEnqueueBytesPerS: -1,
  fastDeliveryBytesPerS: 512 * 1024,
  catchupEnqueueBytesPerS: -1,
  roundRobin: true,
  priority: false,
  gracefulHandoff: true,
  nakLimit: 0,
  dlq: undefined,
  dlqExpired: false,
  mirrored: false,
  autoDeleteAfterMs: 30_000,
});

/** Defaults of {@link TopicSettings}. */
export const DEFAULT_TOPIC_SETTINGS: TopicSettings = Object.freeze({
  autoDeleteAfterMs: 30_000,
  slowConsumerPolicy: "block",
  subscription: DEFAULT_QUEUE_SETTINGS,
});

/** Defaults of {@link HostSettings}. */
export const DEFAULT_HOST_SETTINGS: HostSettings = Object.freeze({
  autoCreateDestinations: true,
  purgeOnStartup: false,
  queues: [],
  topics: [],
  dsubs: [],
  flushDelayMs: 500,
  patienceMs: 0,
  storePendingBytesMax: 64 * 1024 * 1024,
  memoryLimitBytes: 512 * 1024 * 1024,
  destinationsMax: 1_000_000,
  consumerBufferBytes: 640 * 1024,
  slowConsumerTimeoutMs: 30_000,
  transactionBytesMax: 100 * 1024 * 1024,
  bindingsBytesMax: 128 * 1024 * 1024,
});
