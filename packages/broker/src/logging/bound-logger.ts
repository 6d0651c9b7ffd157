import type { LogFields, Logger } from "@tsapollo/domain";
import type { Logger as PinoLogger } from "pino";

/**
 * A logger with bound fields. pino's child, half a kilobyte, is made for each event anew: most loggers are those of
 * connections, and most connections never have anything to say.
 */
export class BoundLogger implements Logger {
  readonly #parent: BoundLogger | PinoLogger;
  readonly #fields: LogFields | undefined;

  /** @param fields undefined: none besides the parent's */
  constructor(parent: BoundLogger | PinoLogger, fields: LogFields | undefined) {
    this.#parent = parent;
    this.#fields = fields;
  }

  child(fields: LogFields): Logger {
    return new BoundLogger(this, fields);
  }

  debug(fields: LogFields, event: string): void {
    if (this.#root().isLevelEnabled("debug")) this.#bound().debug(fields, event);
  }

  info(fields: LogFields, event: string): void {
    if (this.#root().isLevelEnabled("info")) this.#bound().info(fields, event);
  }

  warn(fields: LogFields, event: string): void {
    if (this.#root().isLevelEnabled("warn")) this.#bound().warn(fields, event);
  }

  error(fields: LogFields, event: string): void {
    if (this.#root().isLevelEnabled("error")) this.#bound().error(fields, event);
  }

  #root(): PinoLogger {
    const parent = this.#parent;
    return parent instanceof BoundLogger ? parent.#root() : parent;
  }

  #bound(): PinoLogger {
    const parent = this.#parent;
    const bound = parent instanceof BoundLogger ? parent.#bound() : parent;
    return this.#fields === undefined ? bound : bound.child(this.#fields);
  }
}
