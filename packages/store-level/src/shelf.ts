import { Batch, type Database, Scratch } from "./batch.ts";
import { codeOf } from "./failures.ts";
import { idKey, KIND } from "./keys.ts";
import { SharedBodies } from "./shared-bodies.ts";

/** An open database with what is remembered of it. */
export class Shelf {
  readonly database: Database;
  readonly bodies: SharedBodies;
  readonly #scratch: Scratch = new Scratch();

  /** @param lastMessageId highest id of a message it may hold */
  constructor(database: Database, lastMessageId: number) {
    this.database = database;
    this.bodies = new SharedBodies(lastMessageId, (bodyId) => {
      const record = valueAt(database, idKey(KIND.references, bodyId));
      return record === undefined ? undefined : asBuffer(record);
    });
  }

  /** Starts a batch. Only one at a time. */
  batch(): Batch {
    return new Batch(this.database, this.bodies, this.#scratch);
  }
}

/** Undefined also where LevelDB cannot read what is there. */
function valueAt(database: Database, key: Uint8Array): Uint8Array | undefined {
  try {
    return database.getSync(key);
  } catch (error) {
    if (codeOf(error) === "LEVEL_CORRUPTION") return undefined;
    throw error;
  }
}

/** The same bytes as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
