/** One named logger: pino decides by level and binds fields, the appenders of its route get what passes. */

import type { Clock, LogFields, Logger } from "@tsapollo/domain";
import { type DestinationStream, type Logger as PinoLogger, pino, symbols } from "pino";
import type { Appender } from "./appenders.ts";
import { BoundLogger } from "./bound-logger.ts";
import { type LogLevel, levelValue } from "./levels.ts";
import { boundRemote, messageText } from "./message-text.ts";
import { errorOf, traceText } from "./stack-trace.ts";

/** Gives an event of a level its place in the stacktrace log; undefined when that log does not take it. */
export interface StackTraces {
  next(level: number): string | undefined;
  put(level: number, stackref: string, error: Error): void;
}

/** What a channel needs. */
export interface ChannelParts {
  readonly name: string;
  readonly clock: Clock;
  /** undefined for the stacktrace log itself: it prints the trace instead of pointing to one. */
  readonly traces: StackTraces | undefined;
}

const NOTHING: Readonly<Record<string, unknown>> = Object.freeze({});
const NO_APPENDERS: readonly Appender[] = Object.freeze([]);

/**
 * A logger and where its events go. The logger lives as long as the broker; `route` turns it, and all children made
 * of it, to other appenders when the configuration changes.
 */
export class Channel implements DestinationStream {
  /** The logger, the same one each time. */
  readonly logger: Logger;
  readonly #pino: PinoLogger;
  readonly #name: string;
  readonly #traces: StackTraces | undefined;
  #appenders: readonly Appender[] = NO_APPENDERS;
  // pino sets these before each write, because of the property below.
  lastLevel = 0;
  lastObj: LogFields = NOTHING;
  lastMsg = "";
  lastTime = "";

  constructor(parts: ChannelParts) {
    const { name, clock, traces } = parts;
    const { err } = pino.stdSerializers;
    this.#name = name;
    this.#traces = traces;
    Object.defineProperty(this, symbols.needsMetadataGsym, { value: true });
    this.#pino = pino(
      {
        base: { name },
        level: "silent",
        timestamp: () => `,"time":${clock.nowMs()}`,
        serializers: { error: err, cause: err, err },
        mixin: (fields, level) => this.#stackref(fields, level),
        mixinMergeStrategy: (fields, mixed) => (mixed === NOTHING ? fields : { ...fields, ...mixed }),
      },
      this,
    );
    this.logger = new BoundLogger(this.#pino, undefined);
  }

  /** Whether an event of pino's level would be made. */
  takes(level: number): boolean {
    return level >= levelValue(this.#pino.level as LogLevel);
  }

  /** Sends later events elsewhere. */
  route(level: LogLevel, appenders: readonly Appender[]): void {
    this.#appenders = appenders;
    this.#pino.level = level; // children made without a level of their own follow
  }

  /** Logs a stack trace at pino's level; for the stacktrace log alone. */
  putTrace(level: number, stackref: string, error: Error): void {
    const fields = { stackref, error };
    if (level >= levelValue("error")) this.#pino.error(fields, "");
    else if (level >= levelValue("warn")) this.#pino.warn(fields, "");
    else if (level >= levelValue("info")) this.#pino.info(fields, "");
    else this.#pino.debug(fields, "");
  }

  /** Called by pino with each event's JSON line. */
  write(json: string): void {
    const { lastLevel: level, lastObj: fields } = this;
    this.lastObj = NOTHING;
    const error = errorOf(fields);
    const ownTrace = this.#traces === undefined && error !== undefined;
    const { stackref: reference } = fields;
    const stackref = typeof reference === "string" ? reference : "";
    const entry = {
      timeMs: Number(this.lastTime),
      level,
      name: this.#name,
      text: ownTrace ? this.lastMsg : messageText(fields, this.lastMsg, boundRemote(json)),
      stackref,
      json,
      trace: ownTrace ? traceText(error) : "",
    };
    for (const appender of this.#appenders) appender.append(entry);
    if (stackref !== "" && error !== undefined) this.#traces?.put(level, stackref, error);
  }

  #stackref(fields: object, level: number): Readonly<Record<string, unknown>> {
    if (this.#traces === undefined || errorOf(fields as LogFields) === undefined) return NOTHING;
    const stackref = this.#traces.next(level);
    return stackref === undefined ? NOTHING : { stackref };
  }
}
