import { ClassicLevel } from "classic-level";
import type { Database } from "./batch.ts";
import { checkDirectory } from "./directory-check.ts";
import { codeOf, reasonOf, storeFailed } from "./failures.ts";
import { KIND, nameKey } from "./keys.ts";
import { checkLogs } from "./log-file.ts";
import { checkTables } from "./table-file.ts";

const FORMAT = "tsapollo 2";
/** Key of the record that says which format a store has. */
export const FORMAT_KEY: Buffer = nameKey(KIND.store, "format");
const RETRY_MS = 1_000;

/** How a database is opened. */
export interface DatabaseOptions {
  readonly directory: string;
  /** Give up at once when another process has it open. */
  readonly failIfLocked: boolean;
  readonly compression: boolean;
  /** Bytes that are gathered in memory, and in one log, before they are sorted into files. */
  readonly writeBufferBytes: number;
  readonly cacheBytes: number;
  /** Bytes of one sorted file. */
  readonly fileBytes: number;
  /** Check every file before it is opened, not just the newest. */
  readonly paranoid?: boolean;
}

/** A LevelDB database that was not opened yet. */
export function newDatabase(options: DatabaseOptions): Database {
  return new ClassicLevel<Uint8Array, Uint8Array>(options.directory, {
    keyEncoding: "view",
    valueEncoding: "view",
    compression: options.compression,
    writeBufferSize: options.writeBufferBytes,
    cacheSize: options.cacheBytes,
    maxFileSize: options.fileBytes,
  });
}

/** What happens while a database is being opened. */
export interface OpeningHooks {
  /** Another process has it open; called once. */
  locked(): void;
  /** Waits. */
  pause(ms: number): Promise<void>;
  /** Whether nobody wants it any more. */
  readonly cancelled: boolean;
}

/**
 * Opens the durable database.
 * @throws BrokerError STORE_FAILED with what is wrong and what to do
 */
export async function openDatabase(options: DatabaseOptions, hooks: OpeningHooks): Promise<Database> {
  const { directory } = options;
  checkDirectory(directory);
  checkLogs(directory);
  checkTables(directory, options.paranoid === true);
  for (let attempt = 0; ; attempt++) {
    const database = newDatabase(options);
    try {
      await database.open();
      await checkFormat(database, directory);
      return database;
    } catch (error) {
      await database.close().catch(() => undefined);
      if (codeOf(error) !== "LEVEL_LOCKED") throw explained(error, directory);
      if (options.failIfLocked || hooks.cancelled) throw locked(directory);
      if (attempt === 0) hooks.locked();
      await hooks.pause(RETRY_MS);
      if (hooks.cancelled) throw locked(directory);
    }
  }
}

function locked(directory: string): Error {
  return storeFailed(
    `The store in '${directory}' is in use by another process, a running broker perhaps. Stop it, or use another directory`,
  );
}

/** What an operator reads when a store cannot be opened. */
export function explained(error: unknown, directory: string): unknown {
  const code = codeOf(error);
  if (code === "STORE_FAILED") return error;
  const text =
    code === "LEVEL_CORRUPTION"
      ? `The store in '${directory}' is damaged (${reasonOf(error)}). Restore a backup, or move the directory away to begin with an empty store`
      : `The store in '${directory}' cannot be opened: ${reasonOf(error)}`;
  return storeFailed(text, error);
}

async function checkFormat(database: Database, directory: string): Promise<void> {
  const format = await database.get(FORMAT_KEY);
  if (format !== undefined) {
    const found = Buffer.from(format).toString();
    if (found === FORMAT) return;
    throw storeFailed(
      `The store in '${directory}' has the format '${found}'; this version knows '${FORMAT}'. Export it with the version that wrote it ('broker store-export <file>') and import the file with this one`,
    );
  }
  const [any] = await database.keys({ limit: 1 }).all();
  if (any !== undefined) {
    throw storeFailed(
      `'${directory}' holds a LevelDB database that is no message store. Use another directory, or move this one away`,
    );
  }
  await database.put(FORMAT_KEY, Buffer.from(FORMAT), { sync: true });
}
