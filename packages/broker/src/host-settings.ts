import type {
  QueueSettings as ConfiguredQueue,
  DsubConfig,
  QueueConfig,
  TopicConfig,
  VirtualHostConfig,
} from "@tsapollo/config";
import {
  type Configured,
  DEFAULT_HOST_SETTINGS,
  type HostSettings,
  type QueueSettings,
  type TopicSettings,
} from "@tsapollo/core";

/** What the configuration says of a virtual host, in the engine's terms. */
export function hostSettings(config: VirtualHostConfig): HostSettings {
  return {
    ...DEFAULT_HOST_SETTINGS,
    autoCreateDestinations: config.autoCreateDestinations,
    purgeOnStartup: config.purgeOnStartup,
    memoryLimitBytes: config.memoryLimitBytes,
    destinationsMax: config.destinationsMax,
    consumerBufferBytes: config.consumerBufferBytes,
    transactionBytesMax: config.transactionBytesMax,
    slowConsumerTimeoutMs: config.slowConsumerTimeoutS * 1_000,
    queues: config.queues.map(queue),
    topics: config.topics.map(topic),
    dsubs: config.dsubs.map(dsub),
  };
}

function common(config: ConfiguredQueue): Omit<QueueSettings, "autoDeleteAfterMs"> {
  return {
    persistent: config.persistent,
    tailBufferBytes: config.tailBufferBytes,
    quotaBytes: config.quotaBytes ?? -1,
    quotaMessages: config.quotaMessages ?? -1,
  };
}

function queue(config: QueueConfig): Configured<QueueSettings> {
  const settings = { ...common(config), autoDeleteAfterMs: config.autoDeleteAfterS * 1_000 };
  return { filter: config.address?.path, settings };
}

function dsub(config: DsubConfig): Configured<QueueSettings> {
  return { filter: config.address?.path, settings: { ...common(config), autoDeleteAfterMs: 0 } };
}

function topic(config: TopicConfig): Configured<TopicSettings> {
  return { filter: config.address?.path, settings: { autoDeleteAfterMs: config.autoDeleteAfterS * 1_000 } };
}
