/** Appenders at work: they take events that their threshold admits, print them and hand the text on. */
import { resolve } from "node:path";
import type { Clock } from "@tsapollo/domain";
import { levelValue } from "./levels.ts";
import type { AppenderSettings, Log4jConfig } from "./log4j-config.ts";
import { CONSOLE_PATTERN, FILE_PATTERN } from "./log4j-config.ts";
import { compilePattern, type LinePattern, type LogLine } from "./pattern.ts";
import { RollingFile } from "./rolling-file.ts";

/** Where text for the operator goes; a Node stream is one. */
export interface TextSink {
  write(text: string): unknown;
}

/** An event on its way to appenders. */
export interface LogEntry extends LogLine {
  /** pino's JSON line, line end included. */
  readonly json: string;
  /** A stack trace that follows the line; "" for none. */
  readonly trace: string;
}

/** One place where lines go. */
export class Appender {
  readonly #threshold: number;
  /** undefined: JSON lines. */
  readonly #pattern: LinePattern | undefined;
  readonly #put: (text: string) => void;

  constructor(settings: AppenderSettings, json: boolean, put: (text: string) => void) {
    this.#threshold = levelValue(settings.threshold);
    this.#pattern = json ? undefined : patternOf(settings);
    this.#put = put;
  }

  append(entry: LogEntry): void {
    if (entry.level < this.#threshold) return;
    this.#put(this.#pattern === undefined ? entry.json : this.#pattern(entry) + entry.trace);
  }
}

/** A pattern that cannot be compiled was never read from a file: the parser replaces it and warns. */
function patternOf(settings: AppenderSettings): LinePattern {
  const pattern = settings.kind === "console" ? CONSOLE_PATTERN : FILE_PATTERN;
  return compilePattern(settings.pattern) ?? compilePattern(pattern)!;
}

/** The appenders of one configuration. */
export interface OpenAppenders {
  readonly byName: ReadonlyMap<string, Appender>;
  /** Each file once, also when two appenders write it. */
  readonly files: readonly RollingFile[];
}

/** What appenders need besides the configuration. */
export interface AppenderParts {
  readonly base: string;
  readonly clock: Clock;
  readonly stdout: TextSink;
}

/** Opens the appenders that a logger uses. Two that name one file share it, with the settings of the first. */
export function openAppenders(config: Log4jConfig, parts: AppenderParts): OpenAppenders {
  const print = (text: string): void => printSafely(parts.stdout, text);
  const files = new Map<string, RollingFile>();
  const byName = new Map<string, Appender>();
  for (const name of usedNames(config)) {
    const settings = config.appenders.get(name);
    if (settings === undefined) continue;
    let put = print;
    if (settings.kind === "file") {
      const path = resolve(parts.base, settings.file);
      const { fileBytesMax, backupsMax, append } = settings;
      const report = (text: string): void => print(warning(text, config.json, parts.clock));
      const file =
        files.get(path) ??
        new RollingFile({ path, fileBytesMax, backupsMax, append, clock: parts.clock, report });
      files.set(path, file);
      put = (text) => file.append(text);
    }
    byName.set(name, new Appender(settings, config.json, put));
  }
  return { byName, files: [...files.values()] };
}

function usedNames(config: Log4jConfig): Set<string> {
  const names = new Set(config.root.appenders);
  for (const logger of config.loggers.values()) for (const name of logger.appenders) names.add(name);
  return names;
}

/** A log about a log file cannot go through a log file. */
function warning(text: string, json: boolean, clock: Clock): string {
  if (json) return `${JSON.stringify({ level: levelValue("warn"), time: clock.nowMs(), msg: text })}\n`;
  const line = { timeMs: 0, level: levelValue("warn"), name: "", text, stackref: "" };
  return compilePattern(CONSOLE_PATTERN)!(line);
}

function printSafely(stdout: TextSink, text: string): void {
  try {
    stdout.write(text);
  } catch {
    // A console that has gone away must not take the broker with it; the files have the lines.
  }
}
