/** How grave an event is, by pino's names; `silent` is log4j's OFF, `trace` also its ALL. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

const VALUES: Readonly<Record<LogLevel, number>> = Object.freeze({
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
});

const BY_LOG4J_NAME: ReadonlyMap<string, LogLevel> = new Map([
  ["ALL", "trace"],
  ["TRACE", "trace"],
  ["DEBUG", "debug"],
  ["INFO", "info"],
  ["WARN", "warn"],
  ["ERROR", "error"],
  ["FATAL", "fatal"],
  ["OFF", "silent"],
]);

/** The number pino writes for a level; a graver one is greater. */
export function levelValue(level: LogLevel): number {
  return VALUES[level];
}

/** Reads a level as log4j writes it, in any case; undefined when it is none. [instance 3.6] */
export function parseLevel(text: string): LogLevel | undefined {
  return BY_LOG4J_NAME.get(text.trim().toUpperCase());
}

/** What `%p` prints for pino's number of a level. */
export function levelLabel(value: number): string {
  if (value >= VALUES.fatal) return "FATAL";
  if (value >= VALUES.error) return "ERROR";
  if (value >= VALUES.warn) return "WARN";
  if (value >= VALUES.info) return "INFO";
  return value >= VALUES.debug ? "DEBUG" : "TRACE";
}
