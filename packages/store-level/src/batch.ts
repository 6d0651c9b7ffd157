import type { StoredPlace } from "@tsapollo/domain";
import type { ClassicLevel } from "classic-level";
import { firstPart, laterPart, PART_BYTES, partsOf } from "./body-record.ts";
import { entryRecordSize, writeEntryRecord } from "./entry-record.ts";
import { KeyScratch, KIND } from "./keys.ts";
import type { PendingEntry, PendingMessage } from "./level-unit.ts";
import { type BodyUse, type SharedBodies, useRecord } from "./shared-bodies.ts";

/** A LevelDB database with binary keys and values. */
export type Database = ClassicLevel<Uint8Array, Uint8Array>;

/** The buffers in which records are put together; one set per database, used again for every record. */
export class Scratch {
  readonly keys: KeyScratch = new KeyScratch();
  readonly small: Buffer = Buffer.allocUnsafe(64);
  #record: Buffer = Buffer.allocUnsafe(64 * 1024);

  /** A buffer of at least this size. */
  record(size: number): Buffer {
    if (this.#record.length < size) this.#record = Buffer.allocUnsafe(size + (size >> 1));
    return this.#record;
  }
}

/**
 * One batch for one database: entries, counters and shared bodies. `write` makes it durable as a whole; what it
 * means for the memory of shared bodies takes effect with {@link Batch.succeeded}.
 */
export class Batch {
  readonly #bodies: SharedBodies;
  readonly #scratch: Scratch;
  readonly #batch: ReturnType<Database["batch"]>;
  readonly #uses: Map<number, BodyUse> = new Map();

  constructor(database: Database, bodies: SharedBodies, scratch: Scratch) {
    this.#bodies = bodies;
    this.#scratch = scratch;
    this.#batch = database.batch();
  }

  /** How many operations it has. */
  get length(): number {
    return this.#batch.length + this.#uses.size;
  }

  /** Sets a record. The bytes are copied before it returns. */
  put(key: Uint8Array, value: Uint8Array): void {
    this.#batch.put(key, value);
  }

  /** Removes a record. */
  del(key: Uint8Array): void {
    this.#batch.del(key);
  }

  /** Adds a message that several entries share, or that is too large to lie in one. Not for others. */
  addBody({ messageId, message }: PendingMessage, references: number): void {
    const parts = partsOf(message);
    const { keys } = this.#scratch;
    this.put(keys.body(messageId, 0), firstPart(messageId, message));
    for (let part = 1; part < parts; part++) this.put(keys.body(messageId, part), laterPart(message, part));
    this.#uses.set(messageId, { references, parts });
  }

  /** Adds an entry. */
  addEntry(queueId: number, pending: PendingEntry, references: number): void {
    const { entry, message, redeliveryCount } = pending;
    const inline = isInline(message, references) ? message.message : undefined;
    const record = this.#scratch.record(entryRecordSize(entry, inline));
    const size = writeEntryRecord(queueId, entry, redeliveryCount, inline, message.messageId, record);
    this.put(this.#scratch.keys.entry(KIND.entry, queueId, entry.sequence), record.subarray(0, size));
  }

  /** Takes an entry out, and with the last one its message. */
  removeEntry(queueId: number, { sequence, messageId }: StoredPlace, hasCounter: boolean): void {
    this.del(this.#scratch.keys.entry(KIND.entry, queueId, sequence));
    if (hasCounter) this.del(this.#scratch.keys.entry(KIND.counter, queueId, sequence));
    this.unreference(messageId);
  }

  /** One entry less refers to a message. Nothing for one that lies in its entry. */
  unreference(messageId: number): void {
    let use = this.#uses.get(messageId);
    if (use === undefined) {
      if (!this.#bodies.isShared(messageId)) return;
      use = this.#bodies.use(messageId);
    }
    this.#uses.set(messageId, { references: Math.max(0, use.references - 1), parts: use.parts });
  }

  /** Sets the redelivery counter of an entry. */
  setCounter(queueId: number, sequence: number, count: number): void {
    const value = this.#scratch.small.subarray(0, 4);
    value.writeUInt32BE(count, 0);
    this.put(this.#scratch.keys.entry(KIND.counter, queueId, sequence), value);
  }

  /** Writes it; in vain when it rejects. */
  async write(sync: boolean): Promise<void> {
    const { keys, small } = this.#scratch;
    for (const [bodyId, use] of this.#uses) {
      if (use.references > 0)
        this.put(keys.id(KIND.references, bodyId), useRecord(use, small.subarray(0, 8)));
      else {
        this.del(keys.id(KIND.references, bodyId));
        for (let part = 0; part < use.parts; part++) this.del(keys.body(bodyId, part));
      }
    }
    await this.#batch.write({ sync });
  }

  /** It is not needed. */
  async discard(): Promise<void> {
    await this.#batch.close();
  }

  /** It was written. */
  succeeded(): void {
    for (const [bodyId, use] of this.#uses) this.#bodies.written(bodyId, use);
  }
}

/** Whether a message lies in its only entry, which is read with it in one step. */
export function isInline({ message }: PendingMessage, references: number): boolean {
  return references === 1 && message.sizeBytes <= PART_BYTES;
}
