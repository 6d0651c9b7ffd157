/** What belongs to a log event besides its name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where events go. Context is bound once with `child`; nothing logs per message above `debug`. */
export interface Logger {
  child(fields: LogFields): Logger;
  debug(fields: LogFields, event: string): void;
  info(fields: LogFields, event: string): void;
  warn(fields: LogFields, event: string): void;
  error(fields: LogFields, event: string): void;
}

/** A logger that forgets everything. */
export const SILENT_LOGGER: Logger = Object.freeze({
  child: () => SILENT_LOGGER,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
});
