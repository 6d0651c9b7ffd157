import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LogCategoryConfig } from "@tsapollo/config";
import { DEFAULT_LOG4J, type LogChannels, openLogs, parseLog4j } from "./logging/index.ts";

export type { LogChannels } from "./logging/index.ts";

/** Opens the logs of an instance as its `etc/log4j.properties` says; without that file, as the template says. */
export function openInstanceLogs(parts: {
  readonly base: string;
  readonly stdout: { write(text: string): unknown };
  readonly categories: LogCategoryConfig;
}): LogChannels {
  const { base, stdout, categories } = parts;
  const file = join(base, "etc", "log4j.properties");
  if (!existsSync(file)) return openLogs({ base, config: DEFAULT_LOG4J, stdout, categories });
  const found = parseLog4j(readFileSync(file, "utf8"), new Map([["apollo.base", base]]));
  const logs = openLogs({ base, config: found.config, stdout, categories });
  for (const warning of found.warnings) logs.console.warn({}, `${file}: ${warning}`);
  return logs;
}
