import { mkdirSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Database } from "./batch.ts";
import { type DatabaseOptions, FORMAT_KEY, newDatabase } from "./database.ts";
import { reasonOf, storeFailed } from "./failures.ts";

const CHUNK_BYTES = 1024 * 1024;
const CHUNK_ENTRIES = 1_000;

/**
 * Copies a database as it is now into an empty or missing directory, while it goes on being written. The format is
 * written last: a copy that was cut short is no store.
 * @throws BrokerError STORE_FAILED
 */
export async function backup(database: Database, options: DatabaseOptions, directory: string): Promise<void> {
  const target = resolve(directory);
  const snapshot = database.snapshot();
  try {
    prepare(target);
    const copy = newDatabase({ ...options, directory: target });
    await copy.open();
    try {
      await copyAll(database, snapshot, copy);
    } finally {
      await copy.close();
    }
  } catch (error) {
    throw storeFailed(`The store cannot be copied to '${target}': ${reasonOf(error)}`, error);
  } finally {
    await snapshot.close();
  }
}

function prepare(target: string): void {
  mkdirSync(target, { recursive: true, mode: 0o700 });
  if (readdirSync(target).length > 0) throw new Error("the directory is not empty");
}

async function copyAll(
  database: Database,
  snapshot: ReturnType<Database["snapshot"]>,
  copy: Database,
): Promise<void> {
  const iterator = database.iterator({ snapshot, highWaterMarkBytes: CHUNK_BYTES });
  let format: Uint8Array | undefined;
  try {
    for (;;) {
      const chunk = await iterator.nextv(CHUNK_ENTRIES);
      if (chunk.length === 0) break;
      const batch = copy.batch();
      for (const [key, value] of chunk) {
        if (FORMAT_KEY.equals(key)) format = value;
        else batch.put(key, value);
      }
      await batch.write();
    }
  } finally {
    await iterator.close();
  }
  await copy.put(FORMAT_KEY, format!, { sync: true });
}
