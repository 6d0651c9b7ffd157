import type { ClassicLevel } from "classic-level";
import { firstPart, laterPart, PART_BYTES, partsOf } from "./body-record.ts";
import { type BundleEnd, BundleWriter } from "./bundle-record.ts";
import { goneRecord } from "./gone-record.ts";
import { KeyScratch, KIND } from "./keys.ts";
import type { PendingMessage } from "./queue-work.ts";
import { type BodyUse, type SharedBodies, useRecord } from "./shared-bodies.ts";

/** A LevelDB database with binary keys and values. */
export type Database = ClassicLevel<Uint8Array, Uint8Array>;

/** The buffers in which records are put together; one set per database, used again for every record. */
export class Scratch {
  readonly keys: KeyScratch = new KeyScratch();
  readonly small: Buffer = Buffer.allocUnsafe(64);
  readonly bundles: BundleWriter = new BundleWriter();
}

/**
 * One batch for one database: bundles, counters and shared bodies. `write` makes it durable as a whole; what it
 * means for the memory of shared bodies takes effect with {@link Batch.succeeded}.
 */
export class Batch {
  readonly #bodies: SharedBodies;
  readonly #scratch: Scratch;
  readonly #batch: ReturnType<Database["batch"]>;
  readonly #uses: Map<number, BodyUse> = new Map();
  /** Entries that were taken out of messages that have no valid count of them. */
  uncounted = 0;

  constructor(database: Database, bodies: SharedBodies, scratch: Scratch) {
    this.#bodies = bodies;
    this.#scratch = scratch;
    this.#batch = database.batch();
  }

  /** Where bundles are put together before they are added. */
  get bundles(): BundleWriter {
    return this.#scratch.bundles;
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

  /** Adds the bundle that lies in {@link bundles}. @returns the record, until the next one begins */
  addBundle(queueId: number, end: BundleEnd): Buffer {
    const { keys, bundles } = this.#scratch;
    const record = bundles.finish(queueId, end);
    this.put(keys.entry(KIND.entry, queueId, bundles.last), record);
    return record;
  }

  /** Sets what is missing in a bundle. */
  setGone(queueId: number, last: number, missing: Uint8Array): void {
    this.put(this.#scratch.keys.entry(KIND.gone, queueId, last), goneRecord(queueId, last, missing));
  }

  /** Takes a whole bundle out. */
  removeBundle(queueId: number, last: number, isMarked: boolean): void {
    const { keys } = this.#scratch;
    this.del(keys.entry(KIND.entry, queueId, last));
    if (isMarked) this.del(keys.entry(KIND.gone, queueId, last));
  }

  /**
   * One entry less refers to a message. Nothing for one that lies in its entry. A message whose count is lost stays
   * where it is, or whoever takes its entries out would stand still.
   */
  unreference(messageId: number): void {
    let use = this.#uses.get(messageId);
    if (use === undefined) {
      if (!this.#bodies.isShared(messageId)) return;
      use = this.#bodies.use(messageId);
      if (use === undefined) {
        this.uncounted += 1;
        return;
      }
    }
    this.#uses.set(messageId, { references: Math.max(0, use.references - 1), parts: use.parts });
  }

  /** Sets the redelivery counter of an entry. */
  setCounter(queueId: number, sequence: number, count: number): void {
    const value = this.#scratch.small.subarray(0, 4);
    value.writeUInt32BE(count, 0);
    this.put(this.#scratch.keys.entry(KIND.counter, queueId, sequence), value);
  }

  /** Removes the redelivery counter of an entry. */
  removeCounter(queueId: number, sequence: number): void {
    this.del(this.#scratch.keys.entry(KIND.counter, queueId, sequence));
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

  /** It is not needed, or not any more. */
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
