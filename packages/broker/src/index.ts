export { Broker, type BrokerParts } from "./broker.ts";
export { askBroker } from "./control/control-client.ts";
export { controlPath } from "./control/control-path.ts";
export { type ControlCommand, ControlServer } from "./control/control-server.ts";
export { type InstanceOptions, runInstance, type TextWriter } from "./instance.ts";
export type { LogChannels } from "./logging/index.ts";
export {
  backupHostStore,
  exportHostStore,
  importHostStore,
  type StoreToolOptions,
} from "./stores/store-tools.ts";
export { SystemClock } from "./system-clock.ts";
export { softwareVersion } from "./version.ts";
