import type { Address } from "@tsapollo/domain";
import type { AccessRule, AuthenticationConfig } from "./security-config.ts";

/** An isolated scope of names. [instance 7.2] */
export interface VirtualHostConfig {
  readonly id: string;
  readonly enabled: boolean;
  readonly autoCreateDestinations: boolean;
  readonly purgeOnStartup: boolean;
  /** Memory for message bodies in this host's queues and subscriptions. */
  readonly memoryLimitBytes: number;
  /** Most queues, topics and durable subscriptions at once. */
  readonly destinationsMax: number;
  /** A topic subscriber that takes nothing for so long is ended; 0: never. */
  readonly slowConsumerTimeoutS: number;
  /** What waits for one slow topic subscriber before its producers wait. */
  readonly consumerBufferBytes: number;
  /** Messages of one transaction. */
  readonly transactionBytesMax: number;
  /** What joins one client's subscriptions to destinations. */
  readonly bindingsBytesMax: number;
  readonly hostNames: readonly string[];
  /** Undefined: memory only, and a validation message. [instance 5.4] */
  readonly store: StoreConfig | undefined;
  /** In file order; evaluated before the broker's. */
  readonly accessRules: readonly AccessRule[];
  /** In file order, the first match wins. [instance 7.7] */
  readonly queues: readonly QueueConfig[];
  readonly topics: readonly TopicConfig[];
  readonly dsubs: readonly DsubConfig[];
  /** Its own, or the broker's. [instance 13.1] */
  readonly authentication: AuthenticationConfig;
  /** Its own, what is missing from the broker's. */
  readonly logCategory: LogCategoryConfig;
}

/** What queues, durable subscriptions and shared topic queues have in common. [instance 7.3] */
export interface QueueSettings {
  readonly tailBufferBytes: number;
  readonly persistent: boolean;
  readonly priority: boolean;
  readonly roundRobin: boolean;
  readonly messageGroupGracefulHandoff: boolean;
  readonly swap: boolean;
  /** Entries per range. */
  readonly swapRangeSize: number;
  readonly quotaBytes: number | undefined;
  readonly quotaMessages: number | undefined;
  readonly fullPolicy: "block" | "drop tail" | "drop head";
  readonly fastDeliveryRateBytesPerS: number;
  /** Undefined: half the current delivery rate. */
  readonly catchupEnqueueRateBytesPerS: number | undefined;
  readonly maxEnqueueRateBytesPerS: number | undefined;
  /** Name of the dead letter queue; `*` stands for the queue's id. */
  readonly dlq: string | undefined;
  /** Refusals before a message is dead; 0: never. */
  readonly nakLimit: number;
  readonly dlqExpired: boolean;
}

/** Settings of queues. [instance 7.4] */
export interface QueueConfig extends QueueSettings {
  /** Which ones; undefined: every one. A name without wildcards is created at start. */
  readonly address: Address | undefined;
  /** 0: never; always 0 for a name without wildcards and for mirrored queues. */
  readonly autoDeleteAfterS: number;
  readonly mirrored: boolean;
}

/** Settings of topics. [instance 7.5] */
export interface TopicConfig {
  /** Which ones; undefined: every one. A name without wildcards is created at start. */
  readonly address: Address | undefined;
  /** 0: never; always 0 for a name without wildcards. */
  readonly autoDeleteAfterS: number;
  readonly slowConsumerPolicy: "block" | "queue";
  /** Settings of the shared queue of `slowConsumerPolicy` `queue`. */
  readonly subscription: QueueSettings;
}

/** Settings of durable subscriptions. [instance 7.5] */
export interface DsubConfig extends QueueSettings {
  /** Which ones; undefined: those that `idRegex` finds, or every one. */
  readonly address: Address | undefined;
  /** Found anywhere in the id; only without `address`. */
  readonly idRegex: RegExp | undefined;
  /** With a name without wildcards: created at start on these topics. */
  readonly topics: readonly Address[];
  readonly selector: string | undefined;
}

/** Where a host's messages survive. [instance 9] */
export type StoreConfig = NullStoreConfig | LevelStoreConfig | BdbStoreConfig;

/** Nowhere, and that is meant. */
export interface NullStoreConfig {
  readonly kind: "null";
}

/** In a directory. [instance 9.2] */
export interface LevelStoreConfig {
  readonly kind: "leveldb";
  readonly directory: string;
  /** How long a unit of work may wait to be cancelled out; negative: not at all. */
  readonly flushDelayMs: number;
  readonly sync: boolean;
  readonly paranoidChecks: boolean;
  readonly verifyChecksums: boolean;
  readonly failIfLocked: boolean;
  readonly logSizeBytes: number;
  readonly logCompression: "snappy" | "none";
}

/** In a directory, of an instance that used Berkeley DB. [instance 9.3] */
export interface BdbStoreConfig {
  readonly kind: "bdb";
  readonly directory: string;
  readonly flushDelayMs: number;
}

/** Names of the loggers. [instance 7.11] */
export interface LogCategoryConfig {
  readonly console: string;
  readonly security: string;
  readonly connection: string;
  readonly audit: string;
}
