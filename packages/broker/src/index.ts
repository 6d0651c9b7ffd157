export { Broker, type BrokerParts } from "./broker.ts";
export { type InstanceOptions, runInstance, type TextWriter } from "./instance.ts";
export type { LogChannels } from "./logging/index.ts";
export { SystemClock } from "./system-clock.ts";
export { softwareVersion } from "./version.ts";
