import type { LogFields, Logger } from "@tsapollo/domain";
import type { Logger as PinoLogger } from "pino";

/**
 * A logger with bound fields. pino's child, half a kilobyte, is made for each event anew: most loggers are those of
 * connections, and most connections never have anything to say.
 */
export class BoundLogger implements Logger {
  readonly #pino: PinoLogger;
  readonly #fields: LogFields | undefined;

  /** @param fields undefined: none */
  constructor(pino: PinoLogger, fields: LogFields | undefined) {
    this.#pino = pino;
    this.#fields = fields;
  }

  child(fields: LogFields): Logger {
    return new BoundLogger(this.#pino, { ...this.#fields, ...fields });
  }

  debug(fields: LogFields, event: string): void {
    if (this.#pino.isLevelEnabled("debug")) this.#bound().debug(fields, event);
  }

  info(fields: LogFields, event: string): void {
    if (this.#pino.isLevelEnabled("info")) this.#bound().info(fields, event);
  }

  warn(fields: LogFields, event: string): void {
    if (this.#pino.isLevelEnabled("warn")) this.#bound().warn(fields, event);
  }

  error(fields: LogFields, event: string): void {
    if (this.#pino.isLevelEnabled("error")) this.#bound().error(fields, event);
  }

  #bound(): PinoLogger {
    return this.#fields === undefined ? this.#pino : this.#pino.child(this.#fields);
  }
}
