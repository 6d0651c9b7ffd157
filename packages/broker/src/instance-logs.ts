import type { LogCategoryConfig } from "@tsapollo/config";
import { type LogChannels, loadLog4j, openLogs } from "./logging/index.ts";

export type { LogChannels } from "./logging/index.ts";

/** Opens the logs of an instance as its `etc/log4j.properties` says; without that file, as the template says. */
export function openInstanceLogs(parts: {
  readonly base: string;
  readonly stdout: { write(text: string): unknown };
  readonly categories: LogCategoryConfig;
}): LogChannels {
  const { base, stdout, categories } = parts;
  const { config, warnings } = loadLog4j(base, new Map([["apollo.base", base]]));
  const logs = openLogs({ base, config, stdout, categories });
  const operator = logs.console;
  for (const warning of warnings) operator.warn({}, `etc/log4j.properties: ${warning}`);
  return logs;
}
