/** Which appenders a logger's events reach, by log4j's rules. */

import type { LogLevel } from "./levels.ts";
import type { Log4jConfig, LoggerSettings } from "./log4j-config.ts";

/** Where the events of a logger go. */
export interface Route {
  /** Events below it are not made at all. */
  readonly level: LogLevel;
  /** Names of appenders, each once. */
  readonly appenders: readonly string[];
}

/**
 * The level comes from the nearest logger above that sets one; events go to the appenders of the logger and of all
 * above it, up to the first that is not additive. An appender named twice on the way gets an event once, other
 * than in log4j.
 */
export function routeOf(config: Log4jConfig, name: string): Route {
  const chain = loggersAbove(config, name);
  const level = chain.find((one) => one.level !== undefined)?.level ?? "debug";
  const appenders = new Set<string>();
  for (const one of chain) {
    for (const appender of one.appenders) appenders.add(appender);
    if (!one.additive) break;
  }
  return { level: appenders.size === 0 ? "silent" : level, appenders: [...appenders] };
}

/** The configured loggers a name inherits from, nearest first, the root last. */
function loggersAbove(config: Log4jConfig, name: string): LoggerSettings[] {
  const chain: LoggerSettings[] = [];
  for (let at = name; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const settings = config.loggers.get(at);
    if (settings !== undefined) chain.push(settings);
  }
  chain.push(config.root);
  return chain;
}
