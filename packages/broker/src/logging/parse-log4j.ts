/**
 * Reads the log4j.properties of an instance: loggers, additivity, console and rolling file appenders. Whatever else
 * it holds is told of and replaced, entry by entry, by what a new instance has. [instance 21.5]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LogLevel, parseLevel } from "./levels.ts";
import {
  type AppenderSettings,
  DEFAULT_LOG4J,
  type Log4jConfig,
  type LoggerSettings,
} from "./log4j-config.ts";
import { type Log4jEntries, readEntries } from "./log4j-entries.ts";
import { parseAppender, parseBoolean } from "./parse-appender.ts";

/** A configuration, and what an operator should know about its file. */
export interface ParsedLog4j {
  readonly config: Log4jConfig;
  /** What is wrong, where, and what applies instead; one line each. */
  readonly warnings: string[];
}

const LOGGER = /^log4j\.(?:logger|category)\.(.+)$/;
const KNOWN = /^log4j\.(?:rootLogger|rootCategory|json|(?:logger|category|additivity|appender)\..+)$/;

/**
 * Reads `etc/log4j.properties` of an instance. Without the file, the settings of a new instance apply.
 * @param properties values for `${…}`, `apollo.base` among them
 */
export function loadLog4j(base: string, properties: ReadonlyMap<string, string>): ParsedLog4j {
  const path = join(base, "etc", "log4j.properties");
  try {
    return parseLog4j(readFileSync(path, "latin1"), properties);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { config: DEFAULT_LOG4J, warnings: [] };
    const reason = (error as Error).message;
    return { config: DEFAULT_LOG4J, warnings: [`${path}: cannot be read (${reason}); the defaults apply`] };
  }
}

/**
 * Reads the text of a log4j.properties; never throws.
 * @param properties values for `${…}`, `apollo.base` among them
 */
export function parseLog4j(text: string, properties: ReadonlyMap<string, string>): ParsedLog4j {
  const entries = readEntries(text, properties);
  const { warnings } = entries;
  const names = [...entries.all.keys()];
  if (!names.some((name) => KNOWN.test(name))) {
    warnings.push("log4j.properties: sets no logger; the defaults apply");
    return { config: DEFAULT_LOG4J, warnings };
  }
  for (const name of names) {
    if (name.startsWith("log4j.") && !KNOWN.test(name)) warnings.push(`${name}: not supported; ignored`);
  }
  const root = parseRoot(entries);
  const loggers = parseLoggers(entries);
  const appenders = parseAppenders(entries, [root, ...loggers.values()]);
  const json = flag(entries, "log4j.json", false);
  return { config: { json, root, loggers, appenders }, warnings };
}

function parseRoot(entries: Log4jEntries): LoggerSettings {
  const name = entries.all.has("log4j.rootLogger") ? "log4j.rootLogger" : "log4j.rootCategory";
  if (!entries.all.has(name)) {
    entries.warnings.push("log4j.rootLogger: is missing; 'WARN, console-warn, apollo' applies");
    return DEFAULT_LOG4J.root;
  }
  const { root } = DEFAULT_LOG4J;
  const parsed = parseLogger(entries, name, root);
  return parsed.level === undefined ? { ...parsed, level: root.level } : parsed;
}

function parseLoggers(entries: Log4jEntries): Map<string, LoggerSettings> {
  const loggers = new Map<string, LoggerSettings>();
  for (const key of entries.all.keys()) {
    const name = LOGGER.exec(key)?.[1];
    if (name === undefined) continue;
    const settings = parseLogger(entries, key, DEFAULT_LOG4J.loggers.get(name));
    loggers.set(name, { ...settings, additive: flag(entries, `log4j.additivity.${name}`, true) });
  }
  return loggers;
}

/** `LEVEL, appender, appender`; without a level, or with INHERITED, that of the logger above. */
function parseLogger(
  entries: Log4jEntries,
  key: string,
  fallback: LoggerSettings | undefined,
): LoggerSettings {
  const [first = "", ...rest] = (entries.value(key) ?? "").split(",").map((part) => part.trim());
  const appenders = rest.filter((name) => name !== "");
  return { level: levelOf(entries, key, first, fallback?.level), appenders, additive: true };
}

function levelOf(
  entries: Log4jEntries,
  key: string,
  text: string,
  fallback?: LogLevel,
): LogLevel | undefined {
  if (text === "" || /^(inherited|null)$/i.test(text)) return undefined;
  const level = parseLevel(text);
  if (level !== undefined) return level;
  const instead = fallback === undefined ? "the level of the logger above" : fallback.toUpperCase();
  entries.warnings.push(
    `${key}: '${text}' is not a level (ALL, TRACE, DEBUG, INFO, WARN, ERROR, FATAL, OFF); ${instead} applies`,
  );
  return fallback;
}

function parseAppenders(
  entries: Log4jEntries,
  loggers: readonly LoggerSettings[],
): Map<string, AppenderSettings> {
  const appenders = new Map<string, AppenderSettings>();
  for (const logger of loggers) {
    for (const name of logger.appenders) {
      if (appenders.has(name)) continue;
      // A root logger that the file lacks was told of; that it lacks its appenders too is no news.
      const implied = logger === DEFAULT_LOG4J.root && !entries.all.has(`log4j.appender.${name}`);
      const settings = implied ? DEFAULT_LOG4J.appenders.get(name) : parseAppender(entries, name);
      if (settings !== undefined) appenders.set(name, settings);
    }
  }
  return appenders;
}

function flag(entries: Log4jEntries, key: string, fallback: boolean): boolean {
  const text = entries.value(key);
  if (text === undefined) return fallback;
  const value = parseBoolean(text);
  if (value === undefined)
    entries.warnings.push(`${key}: '${text}' is not true or false; ${fallback} applies`);
  return value ?? fallback;
}
