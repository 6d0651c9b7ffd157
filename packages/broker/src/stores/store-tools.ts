import { join } from "node:path";
import {
  formatMessage,
  loadConfig,
  systemProperties,
  type VirtualHostConfig,
  validationFailures,
} from "@tsapollo/config";
import { BrokerError, type MessageStore, SILENT_LOGGER } from "@tsapollo/domain";
import { type ArchiveProgress, exportStore, importStore } from "@tsapollo/store-level";
import { storedCodecs } from "../adapters.ts";
import type { TextWriter } from "../instance.ts";
import { archiveCodecs } from "./archive-codecs.ts";
import { durableStore, storeDirectory } from "./make-store.ts";

/** Which store a tool is about. */
export interface StoreToolOptions {
  /** Folder of the instance. */
  readonly base: string;
  /** Folder of the installation. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of the configuration; the instance's own by default. */
  readonly conf?: string;
  /** Id of the virtual host; the first one by default. */
  readonly virtualHost?: string;
  /** Gets what Apollo's tools print. */
  readonly stdout: TextWriter;
  /** Gets how far it is. */
  readonly stderr: TextWriter;
}

const PROGRESS_ENTRIES = 100_000;

/**
 * Writes the store of a stopped broker into an archive. [instance 1.10]
 * @throws BrokerError
 */
export async function exportHostStore(options: StoreToolOptions, file: string): Promise<void> {
  await withStore(options, async (store) => {
    options.stdout.write("Exporting... (this might take a while)\n");
    const { queues, entries } = await exportStore(store, file, archiveCodecs(), progressTo(options.stderr));
    options.stderr.write(`${queues} queues with ${entries} entries\n`);
    options.stdout.write(`Done. Export located at: ${file}\n`);
  });
}

/**
 * Replaces the store of a stopped broker by what an archive has. [instance 1.10]
 * @throws BrokerError
 */
export async function importHostStore(options: StoreToolOptions, file: string): Promise<void> {
  const { stdout, stderr } = options;
  await withStore(options, async (store, directory) => {
    stdout.write(`Importing: ${file}\n`);
    const report = await importStore({
      store,
      file,
      codecs: storedCodecs(),
      archiveCodecs: archiveCodecs(),
      workFolder: join(directory, "import"),
      onProgress: progressTo(stderr),
    });
    const { queues, entries, skippedMessages, skippedStates, invalidEntries } = report;
    stderr.write(`${queues} queues with ${entries} entries\n`);
    for (const [codec, count] of skippedMessages) {
      stderr.write(`${count} messages were left out: this broker does not know '${codec}'\n`);
    }
    if (invalidEntries > 0) {
      stderr.write(`${invalidEntries} entries were left out: their message or queue is not in the archive\n`);
    }
    if (skippedStates > 0) {
      stderr.write(`${skippedStates} values of Apollo's, such as MQTT sessions, were left out\n`);
    }
    stdout.write("Done.\n");
  });
}

/**
 * Copies the store of a stopped broker into an empty or missing folder.
 * @throws BrokerError
 */
export async function backupHostStore(options: StoreToolOptions, folder: string): Promise<void> {
  await withStore(options, async (store) => store.backup(folder));
}

async function withStore(
  options: StoreToolOptions,
  work: (store: MessageStore, directory: string) => Promise<void>,
): Promise<void> {
  const host = hostOf(options);
  const services = { codecs: storedCodecs(), logger: SILENT_LOGGER };
  const store = durableStore(host.store, services, true);
  if (store === undefined) {
    const text = `The virtual host '${host.id}' does not have a store configured.`;
    throw new BrokerError("BAD_CONFIGURATION", text);
  }
  options.stdout.write(`Starting store: ${store.title}\n`);
  try {
    await store.open();
    await work(store, storeDirectory(host.store)!);
  } finally {
    await store.close();
  }
}

/** The virtual host a tool is about; what is wrong with the configuration is printed. */
function hostOf({ base, home, environment, conf, virtualHost, stdout }: StoreToolOptions): VirtualHostConfig {
  const file = conf ?? join(base, "etc", "apollo.xml");
  const properties = systemProperties({ base, home, environment });
  const { config, messages } = loadConfig({ file, environment, systemProperties: properties });
  for (const failure of validationFailures(messages)) stdout.write(`${formatMessage(failure)}\n`);
  const hosts = config.virtualHosts;
  const host = virtualHost === undefined ? hosts[0] : hosts.find(({ id }) => id === virtualHost);
  if (host !== undefined) return host;
  const ids = hosts.map(({ id }) => `'${id}'`).join(", ");
  throw new BrokerError("HOST_UNKNOWN", `'${file}' has no virtual host '${virtualHost}'; it has ${ids}`);
}

function progressTo(stderr: TextWriter): (progress: ArchiveProgress) => void {
  let next = PROGRESS_ENTRIES;
  return ({ entries }) => {
    if (entries < next) return;
    next = entries - (entries % PROGRESS_ENTRIES) + PROGRESS_ENTRIES;
    stderr.write(`${entries} entries\n`);
  };
}
