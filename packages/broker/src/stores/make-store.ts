import { resolve } from "node:path";
import type { StoreConfig, VirtualHostConfig } from "@tsapollo/config";
import { BrokerError, type CodecLookup, type Logger, type MessageStore } from "@tsapollo/domain";
import { LevelStore } from "@tsapollo/store-level";
import { MemoryStore } from "@tsapollo/store-memory";

/** More is not gathered in memory before it is sorted: a longer log makes the next start longer. */
const WRITE_BUFFER_MAX = 32 * 1024 * 1024;
const WRITE_BUFFER_MIN = 1024 * 1024;

/** What a store needs besides its configuration. */
export interface StoreServices {
  readonly codecs: CodecLookup;
  readonly logger: Logger;
}

/** The directory of a store that has one. */
export function storeDirectory(store: StoreConfig | undefined): string | undefined {
  return store === undefined || store.kind === "null" ? undefined : resolve(store.directory);
}

/**
 * The store of a virtual host, not opened yet; undefined for none. `<bdb_store>` is kept as `<leveldb_store>`.
 * [instance 9, 21.3]
 * @param failIfLocked instead of what the configuration says
 */
export function durableStore(
  config: StoreConfig | undefined,
  { codecs, logger }: StoreServices,
  failIfLocked?: boolean,
): MessageStore | undefined {
  if (config === undefined || config.kind === "null") return undefined;
  const { directory } = config;
  if (config.kind === "bdb") {
    return new LevelStore({ directory, codecs, logger, failIfLocked: failIfLocked ?? false });
  }
  return new LevelStore({
    directory,
    codecs,
    logger,
    sync: config.sync,
    failIfLocked: failIfLocked ?? config.failIfLocked,
    compression: config.logCompression === "snappy",
    writeBufferBytes: Math.max(WRITE_BUFFER_MIN, Math.min(config.logSizeBytes, WRITE_BUFFER_MAX)),
    paranoid: config.paranoidChecks,
  });
}

/**
 * The store of a virtual host of a running broker: without a configured one, messages stay in memory.
 */
export function hostStore(host: VirtualHostConfig, services: StoreServices): MessageStore {
  return durableStore(host.store, services) ?? new MemoryStore();
}

/**
 * Two hosts with one directory would wait for each other for ever.
 * @throws BrokerError BAD_CONFIGURATION
 */
export function refuseSharedDirectories(hosts: readonly VirtualHostConfig[]): void {
  const owners = new Map<string, string>();
  for (const { id, store } of hosts) {
    const directory = storeDirectory(store);
    if (directory === undefined) continue;
    const owner = owners.get(directory);
    if (owner !== undefined) {
      throw new BrokerError(
        "BAD_CONFIGURATION",
        `The virtual hosts '${owner}' and '${id}' both have '${directory}' as the directory of their store; each needs its own`,
      );
    }
    owners.set(directory, id);
  }
}
