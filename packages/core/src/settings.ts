import type { PathPart } from "@tsapollo/domain";

/** How a queue or durable subscription behaves. [messaging 4.1] */
export interface QueueSettings {
  /** Whether persistent messages are stored, given a store. */
  readonly persistent: boolean;
  /** Bytes a queue without store may hold before producers wait. */
  readonly tailBufferBytes: number;
  /** Bytes beyond which producers wait; -1 for none. */
  readonly quotaBytes: number;
  /** Messages beyond which producers wait; -1 for none. */
  readonly quotaMessages: number;
  /** Idle time after which it is deleted; 0 for never. */
  readonly autoDeleteAfterMs: number;
}

/** How a topic behaves. [messaging 4.3] */
export interface TopicSettings {
  /** Idle time after which it is deleted; 0 for never. */
  readonly autoDeleteAfterMs: number;
}

/** Settings for the destinations that a filter covers; without a filter, for all. */
export interface Configured<Settings> {
  readonly filter: readonly PathPart[] | undefined;
  readonly settings: Settings;
}

/** How a virtual host behaves. */
export interface HostSettings {
  readonly autoCreateDestinations: boolean;
  readonly purgeOnStartup: boolean;
  /** First match in order wins; defaults where none does. */
  readonly queues: readonly Configured<QueueSettings>[];
  readonly topics: readonly Configured<TopicSettings>[];
  readonly dsubs: readonly Configured<QueueSettings>[];
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
}

/** Defaults of {@link QueueSettings}. */
export const DEFAULT_QUEUE_SETTINGS: QueueSettings = Object.freeze({
  persistent: true,
  tailBufferBytes: 640 * 1024,
  quotaBytes: -1,
  quotaMessages: -1,
  autoDeleteAfterMs: 30_000,
});

/** Defaults of {@link TopicSettings}. */
export const DEFAULT_TOPIC_SETTINGS: TopicSettings = Object.freeze({ autoDeleteAfterMs: 30_000 });

/** Defaults of {@link HostSettings}. */
export const DEFAULT_HOST_SETTINGS: HostSettings = Object.freeze({
  autoCreateDestinations: true,
  purgeOnStartup: false,
  queues: [],
  topics: [],
  dsubs: [],
  memoryLimitBytes: 512 * 1024 * 1024,
  destinationsMax: 1_000_000,
  consumerBufferBytes: 640 * 1024,
  slowConsumerTimeoutMs: 30_000,
  transactionBytesMax: 100 * 1024 * 1024,
});
