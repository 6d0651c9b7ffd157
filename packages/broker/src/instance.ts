import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BrokerConfig,
  formatMessage,
  loadConfig,
  parseProperties,
  systemProperties,
  validationFailures,
} from "@tsapollo/config";
import type { Logger } from "@tsapollo/domain";
import { usesDefaultPassword } from "@tsapollo/security";
import { BANNER } from "./banner.ts";
import { Broker } from "./broker.ts";
import { controlCommands } from "./control/commands.ts";
import { controlPath } from "./control/control-path.ts";
import { ControlServer } from "./control/control-server.ts";
import { type LogChannels, openInstanceLogs } from "./instance-logs.ts";
import { openFileLimit, operatingSystem } from "./machine.ts";
import { PidFile } from "./pid-file.ts";
import { StopSignals } from "./stop-signals.ts";
import { SystemClock } from "./system-clock.ts";
import { softwareVersion } from "./version.ts";

/** Where text for the operator goes; a Node stream is one. */
export interface TextWriter {
  write(text: string): unknown;
}

/** What an instance needs to know to run. */
export interface InstanceOptions {
  /** The instance folder: the one that holds `etc/apollo.xml`. */
  readonly base: string;
  /** The installation folder: `${apollo.home}`. */
  readonly home: string;
  readonly stdout: TextWriter;
  readonly stderr: TextWriter;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs the broker of an instance until a signal stops it. [instance 17]
 * @returns the exit code of the process: 0 after a clean stop, 1 when strict validation refuses the configuration
 * @throws BrokerError when it cannot start, with one line that says why
 */
export async function runInstance(options: InstanceOptions): Promise<number> {
  const { base, home, stdout, environment } = options;
  const file = join(base, "etc", "apollo.xml");
  const properties = systemProperties({ base, home, environment });
  const version = softwareVersion();
  mkdirSync(join(base, "tmp"), { recursive: true });
  stdout.write(`${BANNER}  tsapollo (${version})\n\n`);
  stdout.write(`Loading configuration file '${file}'.\n`);
  const { config, messages } = loadConfig({ file, environment, systemProperties: properties });
  const logs = openInstanceLogs({
    base,
    stdout,
    categories: config.virtualHosts[0]?.logCategory ?? config.logCategory,
  });
  const clock = new SystemClock();
  try {
    if (!reportValidation(config, messages, logs.console)) return 1;
    const pidFile = new PidFile(join(base, "data", "apollo.pid"));
    try {
      reportMachine(logs.console, home, version, config);
      warnAboutDefaultPassword(base, config, logs.console);
      const loginConfigFile = join(base, "etc", "login.config");
      const parts = {
        config,
        clock,
        logs,
        loginConfigFile,
        version,
        systemProperties: properties,
        environment,
      };
      await serve(new Broker(parts), logs, controlPath(base));
      return 0;
    } finally {
      pidFile.remove();
    }
  } finally {
    clock.stop();
    logs.close();
  }
}

async function serve(broker: Broker, logs: LogChannels, path: string): Promise<void> {
  const signals = new StopSignals();
  const control = new ControlServer(path, controlCommands(broker), logs.console);
  const onHangUp = (): void => logs.reopen(); // what log rotation sends
  process.on("SIGHUP", onHangUp);
  // the last resort: what nothing else caught costs a log line, not everybody's broker [instance 17]
  const onBug = (error: unknown): void => logs.broker.error({ error }, "uncaught exception");
  process.on("uncaughtException", onBug);
  process.on("unhandledRejection", onBug);
  try {
    const starting = broker.start();
    const interrupted = await Promise.race([starting.then(() => undefined), signals.first]);
    if (interrupted !== undefined) {
      logs.console.info({}, `Stopping, on ${interrupted}, before the start was done`);
      await Promise.allSettled([broker.stop(), starting]);
      return;
    }
    await control.start().catch((error: Error) => {
      logs.console.warn({}, `Commands such as store-backup cannot reach this broker: ${error.message}`);
    });
    const signal = await signals.first;
    logs.console.info({}, `Stopping, on ${signal}. A second signal stops at once.`);
    await control.stop();
    await broker.stop();
  } finally {
    signals.dispose();
    process.off("SIGHUP", onHangUp);
    process.off("uncaughtException", onBug);
    process.off("unhandledRejection", onBug);
  }
}

/** @returns whether the broker may start [instance 5.4] */
function reportValidation(
  config: BrokerConfig,
  messages: Parameters<typeof validationFailures>[0],
  operator: Logger,
): boolean {
  for (const message of messages) if (message.severity === "info") operator.info({}, formatMessage(message));
  const failures = validationFailures(messages);
  if (failures.length === 0 || config.validation === "hide") return true;
  operator.warn({}, "");
  operator.warn({}, "Broker configuration file failed the following validations:");
  for (const failure of failures) {
    operator.warn({}, "");
    operator.warn({}, `  ${formatMessage(failure)}`);
  }
  operator.warn({}, "");
  if (config.validation !== "strict") return true;
  operator.error({}, "Strict validation was configured, shutting down");
  return false;
}

function reportMachine(operator: Logger, home: string, version: string, config: BrokerConfig): void {
  operator.info({}, `OS     : ${operatingSystem()}`);
  operator.info({}, `Node   : ${process.version}`);
  operator.info({}, `Apollo : ${version} (at: ${home})`);
  const limit = openFileLimit();
  if (limit === undefined) return;
  operator.info({}, `OS is restricting the open file limit to: ${limit}`);
  const needed = config.connectors.reduce(
    (sum, { connectionLimit }) => sum + (connectionLimit ?? 10_000),
    500,
  );
  if (limit >= needed) return;
  operator.warn(
    {},
    `Please increase the process file limit using 'ulimit -n ${needed}' or configure lower connection limits on the broker connectors.`,
  );
}

function warnAboutDefaultPassword(base: string, config: BrokerConfig, operator: Logger): void {
  const file = join(base, "etc", "users.properties");
  if (!config.authentication.enabled || !existsSync(file)) return;
  if (!usesDefaultPassword(readFileSync(file, "utf8"), parseProperties)) return;
  operator.warn({}, `The account 'admin' still has the default password: change it in '${file}'`);
}
