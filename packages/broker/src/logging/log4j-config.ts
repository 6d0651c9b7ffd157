/** What is logged and where to, in log4j's terms. */
import type { LogLevel } from "./levels.ts";

/** A whole log4j.properties. */
export interface Log4jConfig {
  /** `log4j.json=true`: every appender writes pino's JSON lines instead of its pattern. */
  readonly json: boolean;
  readonly root: LoggerSettings;
  /** By logger name; a name inherits from its prefixes: `a.b` from `a`, and all from the root. */
  readonly loggers: ReadonlyMap<string, LoggerSettings>;
  /** By the names the loggers use. */
  readonly appenders: ReadonlyMap<string, AppenderSettings>;
}

/** One logger. */
export interface LoggerSettings {
  /** undefined: inherited. */
  readonly level: LogLevel | undefined;
  readonly appenders: readonly string[];
  /** Whether events also go to the appenders of the logger above. */
  readonly additive: boolean;
}

/** Where lines go. */
export type AppenderSettings = ConsoleSettings | FileSettings;

/** Lines on stdout. */
export interface ConsoleSettings {
  readonly kind: "console";
  /** Events below it are left out. */
  readonly threshold: LogLevel;
  readonly pattern: string;
}

/** Lines in a file that rolls over: `<name>.1` is the newest backup. */
export interface FileSettings {
  readonly kind: "file";
  readonly threshold: LogLevel;
  readonly pattern: string;
  /** Relative to the instance folder. */
  readonly file: string;
  /** The file rolls over when it has reached this size. */
  readonly fileBytesMax: number;
  /** How many rolled files are kept; with 0 the file starts anew. */
  readonly backupsMax: number;
  /** false: the file starts anew with the broker. */
  readonly append: boolean;
}

/** The logger that stack traces go to. [instance 16] */
export const STACKTRACE_LOGGER = "stacktrace";

/** The logger of everything that has no channel of its own. */
export const BROKER_LOGGER = "org.apache.activemq.apollo";

/** Pattern of a console appender. [instance 3.6] */
export const CONSOLE_PATTERN = "%-5p | %m%n";

/** Pattern of `apollo.log`. [instance 3.6] */
export const FILE_PATTERN = "%d | %-5p | %m | %X{stackref}%n";

const MEBIBYTE = 1_048_576;

function consoleAbove(threshold: LogLevel): ConsoleSettings {
  return Object.freeze({ kind: "console", threshold, pattern: CONSOLE_PATTERN });
}

function rolling(file: string, pattern: string, backupsMax: number): FileSettings {
  const fileBytesMax = 5 * MEBIBYTE;
  return Object.freeze({
    kind: "file",
    threshold: "trace",
    pattern,
    file,
    fileBytesMax,
    backupsMax,
    append: true,
  });
}

function logger(level: LogLevel, appenders: readonly string[], additive: boolean): LoggerSettings {
  return Object.freeze({ level, appenders: Object.freeze(appenders), additive });
}

/** The log4j.properties of a new instance. [instance 3.6] */
export const DEFAULT_LOG4J: Log4jConfig = Object.freeze({
  json: false,
  root: logger("warn", ["console-warn", "apollo"], true),
  loggers: new Map([
    ["console", logger("info", ["console-info", "apollo"], false)],
    ["security", logger("info", ["security"], false)],
    ["connection", logger("info", ["connection"], false)],
    [STACKTRACE_LOGGER, logger("warn", ["stacktrace"], false)],
    [BROKER_LOGGER, logger("info", [], true)],
  ]),
  appenders: new Map<string, AppenderSettings>([
    ["console-info", consoleAbove("info")],
    ["console-warn", consoleAbove("warn")],
    ["apollo", rolling("log/apollo.log", FILE_PATTERN, 5)],
    ["connection", rolling("log/connection.log", "%d %m%n", 5)],
    ["security", rolling("log/security.log", "%d %m%n", 5)],
    ["stacktrace", rolling("log/stacktrace.log", "%d | %-5p | stackref=%X{stackref}%n", 2)],
  ]),
});
