/** The logs of a broker instance. [instance 7.11, 16] */
import type { Clock, Logger } from "@tsapollo/domain";
import { type Appender, type OpenAppenders, openAppenders, type TextSink } from "./appenders.ts";
import { Channel, type StackTraces } from "./channel.ts";
import { BROKER_LOGGER, type Log4jConfig, STACKTRACE_LOGGER } from "./log4j-config.ts";
import { routeOf } from "./routes.ts";

/** Logger names of the channels, as `<log_category>` gives them. [instance 7.11] */
export interface LogCategories {
  readonly console: string;
  readonly connection: string;
  readonly security: string;
  readonly audit: string;
}

/** The names without a `<log_category>`. [instance 7.11] */
export const DEFAULT_CATEGORIES: LogCategories = Object.freeze({
  console: "org.apache.activemq.apollo.log.console",
  connection: "org.apache.activemq.apollo.log.connection",
  security: "org.apache.activemq.apollo.log.security",
  audit: "org.apache.activemq.apollo.log.audit",
});

/** Where an instance's logs are and how they look. */
export interface LogParts {
  /** The instance folder; relative file names are meant from here. */
  readonly base: string;
  readonly config: Log4jConfig;
  readonly stdout: TextSink;
  /** {@link DEFAULT_CATEGORIES} when absent. */
  readonly categories?: LogCategories;
  /** The machine's time when absent. */
  readonly clock?: Clock;
}

/** The open logs of an instance. No call throws, whatever the disk does. */
export interface LogChannels {
  /** Start and stop, connectors, stores, reload. */
  readonly console: Logger;
  /** Connections and their errors. */
  readonly connection: Logger;
  /** Refused logins. */
  readonly security: Logger;
  /** Who did what. */
  readonly audit: Logger;
  /** Everything else; its name is `org.apache.activemq.apollo`. */
  readonly broker: Logger;
  /** The logger of a name, the same one each time: a virtual host's own categories, or a part of the broker. */
  named(name: string): Logger;
  /** Writes what waits. */
  flush(): void;
  /** Opens the files anew, after somebody moved them away. [instance 21.5] */
  reopen(): void;
  /** Another configuration for all loggers there are, children included. [instance 18] */
  reconfigure(config: Log4jConfig): void;
  /** Writes what waits and closes the files; what is logged later is forgotten. */
  close(): void;
}

/**
 * Opens the logs. Folders and files come into being as needed; a file that cannot be written is told of on stdout
 * and tried again. What waits is also written when the process exits.
 */
export function openLogs(parts: LogParts): LogChannels {
  return new Logs(parts);
}

class Logs implements LogChannels {
  readonly console: Logger;
  readonly connection: Logger;
  readonly security: Logger;
  readonly audit: Logger;
  readonly broker: Logger;
  readonly #parts: LogParts & { readonly clock: Clock };
  readonly #channels = new Map<string, Channel>();
  readonly #stacks: Channel;
  readonly #traces: StackTraces;
  readonly #onExit = (): void => this.flush();
  #config: Log4jConfig;
  #open: OpenAppenders;
  #closed = false;

  constructor(parts: LogParts) {
    const clock = parts.clock ?? MACHINE_CLOCK;
    this.#parts = { ...parts, clock };
    this.#config = parts.config;
    this.#open = openAppenders(parts.config, this.#parts);
    this.#stacks = new Channel({ name: STACKTRACE_LOGGER, clock, traces: undefined });
    this.#traces = stackTraces(this.#stacks, clock);
    this.#route(STACKTRACE_LOGGER, this.#stacks);
    this.#channels.set(STACKTRACE_LOGGER, this.#stacks);
    const { console, connection, security, audit } = parts.categories ?? DEFAULT_CATEGORIES;
    this.console = this.named(console);
    this.connection = this.named(connection);
    this.security = this.named(security);
    this.audit = this.named(audit);
    this.broker = this.named(BROKER_LOGGER);
    process.on("exit", this.#onExit);
  }

  named(name: string): Logger {
    const known = this.#channels.get(name);
    if (known !== undefined) return known.logger;
    const channel = new Channel({ name, clock: this.#parts.clock, traces: this.#traces });
    this.#channels.set(name, channel);
    this.#route(name, channel);
    return channel.logger;
  }

  flush(): void {
    for (const file of this.#open.files) file.flush();
  }

  reopen(): void {
    for (const file of this.#open.files) file.reopen();
  }

  reconfigure(config: Log4jConfig): void {
    if (this.#closed) return;
    for (const file of this.#open.files) file.close();
    this.#config = config;
    this.#open = openAppenders(config, this.#parts);
    for (const [name, channel] of this.#channels) this.#route(name, channel);
  }

  close(): void {
    this.#closed = true;
    process.off("exit", this.#onExit);
    for (const channel of this.#channels.values()) channel.route("silent", []);
    for (const file of this.#open.files) file.close();
  }

  #route(name: string, channel: Channel): void {
    if (this.#closed) return;
    const route = routeOf(this.#config, name);
    const appenders: Appender[] = [];
    for (const one of route.appenders) {
      const appender = this.#open.byName.get(one);
      if (appender !== undefined) appenders.push(appender);
    }
    channel.route(route.level, appenders);
  }
}

/** References count up from the time of the start, so that those of one log file differ over restarts. */
function stackTraces(stacks: Channel, clock: Clock): StackTraces {
  let last = clock.nowMs();
  return {
    next: (level) => {
      if (!stacks.takes(level)) return undefined;
      last += 1;
      return last.toString(16);
    },
    put: (level, stackref, error) => stacks.putTrace(level, stackref, error),
  };
}

const MACHINE_CLOCK: Clock = Object.freeze({
  nowMs: () => Date.now(),
  after: (delayMs: number, callback: () => void) => {
    const timer = setTimeout(callback, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  },
});
