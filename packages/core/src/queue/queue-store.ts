import type { Address, Clock, LoadedEntry, Logger, MessageStore } from "@tsapollo/domain";
import type { Committer, Written } from "../host/committer.ts";
import { Company } from "./company.ts";
import type { Contents } from "./contents.ts";
import { QueueEntry } from "./entry.ts";
import type { Queue } from "./queue.ts";

/** What all stored queues of a host share. */
export interface StorageParts {
  readonly committer: Committer;
  readonly store: MessageStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The address of a canonical text. */
  readonly addressOf: (key: string) => Address;
}

/** Loaded entries belong to this batch: it is durable before the first unit of work. */
const LOADED_BATCH = 0;

/** The side of a queue that the store sees: writes its entries down and makes entries of what was written. */
export class QueueStore implements Written {
  readonly storeId: number;
  lastBatch = -1;
  readonly #parts: StorageParts;
  readonly #queue: Queue;
  readonly #contents: Contents;
  /** Undefined until it is needed: there may be many queues with one message each. */
  #company: Company | undefined = undefined;
  /** Up to this sequence no message keeps a block alive in which others lay. */
  #partedSequence = 0;

  constructor(parts: StorageParts, queue: Queue, contents: Contents, storeId: number) {
    this.#parts = parts;
    this.#queue = queue;
    this.#contents = contents;
    this.storeId = storeId;
  }

  /** Writes an entry; `transient` ones only until the broker starts again. */
  put(entry: QueueEntry, transient: boolean): void {
    const { committer } = this.#parts;
    const { message, address } = entry;
    const isNew = message.borrowed;
    if (isNew) {
      this.#company ??= new Company();
      this.#company.takeIn(message, committer.batch);
    }
    entry.messageId = committer.storeMessage(message);
    if (!isNew && Company.has(message)) {
      this.#company ??= new Company();
      this.#company.joined(message);
    }
    entry.batch = committer.batch;
    entry.transient = transient;
    entry.bound = committer.binding > 0;
    committer.enqueue(this, entry.messageId, {
      sequence: entry.sequence,
      sizeBytes: message.sizeBytes,
      expiresAtMs: message.expiresAtMs,
      redeliveryCount: entry.redeliveryCount,
      via: address === this.#queue.address ? undefined : address.key,
      retained: entry.retained,
      transient,
    });
  }

  /** An entry leaves the queue. */
  remove(entry: QueueEntry): void {
    if (entry.stored) this.#parts.committer.dequeue(this, entry);
  }

  /** An entry that only the store has leaves the queue. */
  removeLoaded(loaded: LoadedEntry): void {
    this.#parts.committer.unit().dequeue(this.storeId, loaded);
  }

  /** An entry was sent and came back. */
  redelivered(entry: QueueEntry): void {
    if (!entry.stored) return;
    this.#parts.committer.lazyUnit().redelivered(this.storeId, entry, entry.redeliveryCount);
  }

  /** Whether an entry can be read back. */
  isDurable(entry: QueueEntry): boolean {
    return entry.stored && this.#parts.committer.isDurable(entry);
  }

  /** An entry as it was written. */
  toEntry(loaded: LoadedEntry): QueueEntry {
    const queue = this.#queue;
    const address = loaded.via === undefined ? queue.address : this.#parts.addressOf(loaded.via);
    const entry = new QueueEntry(queue, loaded.message, address, loaded.sequence, loaded.retained);
    entry.messageId = loaded.messageId;
    entry.batch = LOADED_BATCH;
    entry.transient = loaded.transient;
    entry.redeliveryCount = loaded.redeliveryCount;
    return entry;
  }

  batchDurable(): void {
    this.#company?.over();
    this.#contents.pageOut();
    if (this.#company?.isOld) this.#part();
  }

  /** What is still here goes on alone: those it came with may have left. */
  #part(): void {
    this.#company?.parted();
    let newest = this.#partedSequence;
    for (
      let place = this.#contents.entries.last;
      place !== undefined && place.sequence > this.#partedSequence;
      place = place.previous
    ) {
      if (place.state === "paged" || !this.#parts.committer.isDurable(place)) continue;
      place.message.ownAlone();
      newest = Math.max(newest, place.sequence);
    }
    this.#partedSequence = newest;
  }

  batchFailed(batch: number): void {
    this.#company?.over();
    const { committer } = this.#parts;
    for (let place = this.#contents.entries.last; place !== undefined && place.state !== "paged"; ) {
      const { previous } = place;
      if (place.stored && place.batch < batch) return;
      if (place.batch === batch && !place.bound) {
        committer.withdraw(this, place);
        place.batch = -1;
        if (place.state === "ready") this.#queue.withdraw(place); // else a consumer has it: it goes on from memory
      }
      place = previous;
    }
  }
}
