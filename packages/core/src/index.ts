export { HostCounters } from "./host/host-counters.ts";
export { type AdmittedClient, HostEngine, type HostParts } from "./host/host-engine.ts";
export { PathTree } from "./path-tree.ts";
export {
  type Configured,
  type ConfiguredDsub,
  DEFAULT_HOST_SETTINGS,
  DEFAULT_QUEUE_SETTINGS,
  DEFAULT_TOPIC_SETTINGS,
  type FullPolicy,
  type HostSettings,
  type QueueSettings,
  type TopicSettings,
} from "./settings.ts";
