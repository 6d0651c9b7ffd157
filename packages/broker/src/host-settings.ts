import type {
  QueueSettings as ConfiguredQueue,
  DsubConfig,
  QueueConfig,
  StoreConfig,
  TopicConfig,
  VirtualHostConfig,
} from "@tsapollo/config";
import {
  type Configured,
  type ConfiguredDsub,
  DEFAULT_HOST_SETTINGS,
  type HostSettings,
  type QueueSettings,
  type TopicSettings,
} from "@tsapollo/core";
import type { MessageFilter } from "@tsapollo/domain";

/** About what a fast disk takes for a write; timers are no finer. */
const PATIENCE_MS = 1;

/** Makes a filter from a selector's text. */
export type FilterParser = (selector: string) => MessageFilter;

/**
 * What the configuration says of a virtual host, in the engine's terms.
 * @throws BrokerError BAD_SELECTOR when a configured durable subscription has one
 */
export function hostSettings(config: VirtualHostConfig, parseFilter: FilterParser): HostSettings {
  return {
    ...DEFAULT_HOST_SETTINGS,
    autoCreateDestinations: config.autoCreateDestinations,
    purgeOnStartup: config.purgeOnStartup,
    flushDelayMs: flushDelayMs(config.store),
    patienceMs: flushDelayMs(config.store) > 0 ? PATIENCE_MS : 0,
    memoryLimitBytes: config.memoryLimitBytes,
    destinationsMax: config.destinationsMax,
    consumerBufferBytes: config.consumerBufferBytes,
    transactionBytesMax: config.transactionBytesMax,
    bindingsBytesMax: config.bindingsBytesMax,
    slowConsumerTimeoutMs: config.slowConsumerTimeoutS * 1_000,
    queues: config.queues.map(queue),
    topics: config.topics.map(topic),
    dsubs: config.dsubs.map((one) => dsub(one, parseFilter)),
  };
}

function flushDelayMs(store: StoreConfig | undefined): number {
  return store !== undefined && "flushDelayMs" in store ? store.flushDelayMs : -1;
}

function common(config: ConfiguredQueue): Omit<QueueSettings, "autoDeleteAfterMs" | "mirrored"> {
  return {
    persistent: config.persistent,
    tailBufferBytes: config.tailBufferBytes,
    swap: config.swap,
    swapRangeSize: config.swapRangeSize,
    quotaBytes: config.quotaBytes ?? -1,
    quotaMessages: config.quotaMessages ?? -1,
    fullPolicy: config.fullPolicy,
    maxEnqueueBytesPerS: config.maxEnqueueRateBytesPerS ?? -1,
    fastDeliveryBytesPerS: config.fastDeliveryRateBytesPerS,
    catchupEnqueueBytesPerS: config.catchupEnqueueRateBytesPerS ?? -1,
    roundRobin: config.roundRobin,
    priority: config.priority,
    gracefulHandoff: config.messageGroupGracefulHandoff,
    nakLimit: config.nakLimit,
    dlq: config.dlq,
    dlqExpired: config.dlqExpired,
  };
}

function queue(config: QueueConfig): Configured<QueueSettings> {
  const { mirrored, autoDeleteAfterS } = config;
  return {
    filter: config.address?.path,
    settings: { ...common(config), mirrored, autoDeleteAfterMs: autoDeleteAfterS * 1_000 },
  };
}

function dsub(config: DsubConfig, parseFilter: FilterParser): ConfiguredDsub {
  return {
    filter: config.address?.path,
    settings: { ...common(config), mirrored: false, autoDeleteAfterMs: 0 },
    idRegex: config.idRegex,
    topics: config.topics,
    messages: config.selector === undefined ? undefined : parseFilter(config.selector),
  };
}

function topic(config: TopicConfig): Configured<TopicSettings> {
  const subscription = { ...common(config.subscription), mirrored: false, autoDeleteAfterMs: 0 };
  return {
    filter: config.address?.path,
    settings: {
      autoDeleteAfterMs: config.autoDeleteAfterS * 1_000,
      slowConsumerPolicy: config.slowConsumerPolicy,
      subscription,
    },
  };
}
