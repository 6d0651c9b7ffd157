/** One appender of a log4j.properties. */
import { type LogLevel, parseLevel } from "./levels.ts";
import {
  type AppenderSettings,
  CONSOLE_PATTERN,
  type ConsoleSettings,
  DEFAULT_LOG4J,
  FILE_PATTERN,
  type FileSettings,
} from "./log4j-config.ts";
import type { Log4jEntries } from "./log4j-entries.ts";
import { compilePattern } from "./pattern.ts";

const PREFIX = "log4j.appender.";
const LAYOUT = "org.apache.log4j.PatternLayout";
const BACKUPS_MAX = 1_000;
/** log4j's own, for an appender that does not say. */
const FILE_BYTES_MAX = 10 * 1_048_576;

const COMMON = ["threshold", "layout", "layout.conversionpattern"];
const OPTIONS: Readonly<Record<AppenderSettings["kind"], ReadonlySet<string>>> = {
  console: new Set([...COMMON, "target"]),
  file: new Set([...COMMON, "file", "maxfilesize", "maximumfilesize", "maxbackupindex", "append"]),
};

/** The options of one appender. Java beans: `File` and `file` are the same. */
class Options {
  readonly #entries: Log4jEntries;
  readonly #names = new Map<string, string>();
  readonly #appender: string;

  constructor(entries: Log4jEntries, appender: string) {
    this.#entries = entries;
    this.#appender = appender;
    const prefix = `${PREFIX}${appender}.`;
    for (const name of entries.all.keys()) {
      if (name.startsWith(prefix)) this.#names.set(name.slice(prefix.length).toLowerCase(), name);
    }
  }

  /** An option read by a function that answers undefined to nonsense; then, or when absent, the fallback. */
  read<T>(option: string, fallback: T, wanted: string, parse: (text: string) => T | undefined): T {
    const name = this.#names.get(option);
    const text = name === undefined ? undefined : this.#entries.value(name);
    if (text === undefined) return fallback;
    const value = parse(text);
    if (value !== undefined) return value;
    this.#entries.warnings.push(`${name}: '${text}' is not ${wanted}; '${String(fallback)}' applies`);
    return fallback;
  }

  warnOfUnknown(known: ReadonlySet<string>): void {
    for (const [option, name] of this.#names) {
      if (!known.has(option)) this.#entries.warnings.push(`${name}: not an option of this appender; ignored`);
    }
  }

  has(option: string): boolean {
    return this.#names.has(option);
  }

  warn(text: string): void {
    this.#entries.warnings.push(`${PREFIX}${this.#appender}: ${text}`);
  }
}

/** Reads an appender; that of a new instance when it is missing or none we have, undefined when there is no such. */
export function parseAppender(entries: Log4jEntries, name: string): AppenderSettings | undefined {
  const options = new Options(entries, name);
  const type = entries.value(PREFIX + name);
  const kind = kindOf(type, options);
  const fallback = DEFAULT_LOG4J.appenders.get(name);
  if (kind === undefined) {
    const instead = fallback === undefined ? "it is left out" : "the appender of a new instance applies";
    const what = type === undefined ? "is not defined" : `'${type}' is neither a console nor a file appender`;
    options.warn(`${what}; ${instead}`);
    return fallback;
  }
  options.warnOfUnknown(OPTIONS[kind]);
  if (kind === "console") return parseConsole(options, fallback?.kind === "console" ? fallback : undefined);
  return parseFile(options, fallback?.kind === "file" ? fallback : undefined, name);
}

function kindOf(type: string | undefined, options: Options): AppenderSettings["kind"] | undefined {
  if (type === "org.apache.log4j.ConsoleAppender") return "console";
  if (type === "org.apache.log4j.RollingFileAppender") return "file";
  if (type === undefined || !type.endsWith("FileAppender") || !options.has("file")) return undefined;
  options.warn(`'${type}' is not supported; an org.apache.log4j.RollingFileAppender takes its place`);
  return "file";
}

function parseConsole(options: Options, fallback: ConsoleSettings | undefined): ConsoleSettings {
  options.read("target", "System.out", "System.out", (text) => (text === "System.out" ? text : undefined));
  return {
    kind: "console",
    threshold: thresholdOf(options),
    pattern: patternOf(options, fallback?.pattern ?? CONSOLE_PATTERN),
  };
}

function parseFile(options: Options, fallback: FileSettings | undefined, name: string): FileSettings {
  const bytes = options.read("maximumfilesize", FILE_BYTES_MAX, "a number of bytes", parseFileSize);
  return {
    kind: "file",
    threshold: thresholdOf(options),
    pattern: patternOf(options, fallback?.pattern ?? FILE_PATTERN),
    file: options.read("file", fallback?.file ?? `log/${name}.log`, "a file", (text) => text || undefined),
    fileBytesMax: options.read("maxfilesize", bytes, "a size like 512KB, 5MB, 1GB", parseFileSize),
    backupsMax: options.read("maxbackupindex", 1, `a number from 0 to ${BACKUPS_MAX}`, parseBackups),
    append: options.read("append", true, "true or false", parseBoolean),
  };
}

function thresholdOf(options: Options): LogLevel {
  return options.read<LogLevel>("threshold", "trace", "a level", parseLevel);
}

function patternOf(options: Options, fallback: string): string {
  const wanted = `understood (%d %p %m %n %c %t %X{stackref})`;
  options.read("layout", LAYOUT, LAYOUT, (text) => (text === LAYOUT ? text : undefined));
  return options.read("layout.conversionpattern", fallback, wanted, (text) =>
    compilePattern(text) === undefined ? undefined : text,
  );
}

/** log4j's sizes: KB, MB and GB count in 1024s, unlike the sizes of apollo.xml. */
function parseFileSize(text: string): number | undefined {
  const match = /^(\d+)\s*(KB|MB|GB)?$/i.exec(text);
  if (match === null) return undefined;
  const power = match[2] === undefined ? 0 : ["KB", "MB", "GB"].indexOf(match[2].toUpperCase()) + 1;
  const bytes = Number(match[1]) * 1_024 ** power;
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

function parseBackups(text: string): number | undefined {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return count <= BACKUPS_MAX ? count : undefined;
}

/** true or false in any case; undefined for anything else. */
export function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : undefined;
}
