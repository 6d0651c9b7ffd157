export { HostEngine, type HostParts } from "./host/host-engine.ts";
export { PathTree } from "./path-tree.ts";
export {
  type Configured,
  DEFAULT_HOST_SETTINGS,
  DEFAULT_QUEUE_SETTINGS,
  DEFAULT_TOPIC_SETTINGS,
  type HostSettings,
  type QueueSettings,
  type TopicSettings,
} from "./settings.ts";
