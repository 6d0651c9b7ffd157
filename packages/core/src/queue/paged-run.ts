import type { Place, QueueEntry } from "./entry.ts";
import type { Positioned } from "./position.ts";

/** A run of neighbouring entries that are ready and only in the store: their memory is one such object. */
export class PagedRun {
  /** No entry of it has a lower sequence. */
  sequence: number;
  /** No entry of it has a higher sequence. */
  lastSequence: number;
  /** No entry of it expires before; 0 when none does. */
  earliestExpiryMs: number;
  /** What left from between its entries is out of the store when this batch is durable. */
  batch = 0;
  previous: Place | undefined = undefined;
  next: Place | undefined = undefined;
  /** Who waits for its first entry. */
  watchers: Positioned[] | undefined = undefined;
  /** Counts for all the runs that one was split into: how much is in each only the store knows. */
  #counter: PagedRun = this;
  #count: number;
  #bytes: number;
  #parts = 1;

  constructor(first: {
    readonly sequence: number;
    readonly lastSequence: number;
    readonly count: number;
    readonly bytes: number;
    readonly earliestExpiryMs: number;
  }) {
    this.sequence = first.sequence;
    this.lastSequence = first.lastSequence;
    this.#count = first.count;
    this.#bytes = first.bytes;
    this.earliestExpiryMs = first.earliestExpiryMs;
  }

  /** Tells it from an entry. */
  get state(): "paged" {
    return "paged";
  }

  /** Entries in it and in other parts of what it was split from, and their bytes. */
  get count(): number {
    return this.#counter.#count;
  }

  get bytes(): number {
    return this.#counter.#bytes;
  }

  /** So many more entries, or with negative numbers fewer, are in it. */
  add(count: number, bytes: number): void {
    this.#counter.#count += count;
    this.#counter.#bytes += bytes;
  }

  /** The part from a sequence on becomes a run of its own, which the caller puts behind this one. */
  split(sequence: number): PagedRun {
    const { lastSequence, earliestExpiryMs } = this;
    const rest = new PagedRun({ sequence, lastSequence, count: 0, bytes: 0, earliestExpiryMs });
    rest.batch = this.batch;
    rest.#counter = this.#counter;
    this.#counter.#parts += 1;
    this.lastSequence = sequence - 1;
    return rest;
  }

  /** Nothing is left of it. `true`: nor of what it was split from, so that nothing should be counted any more. */
  end(): boolean {
    this.#counter.#parts -= 1;
    return this.#counter.#parts === 0;
  }

  /**
   * One more entry at either end.
   * @param batch the one that is open now
   */
  take({ sequence, message, redeliveryCount }: QueueEntry, batch: number): void {
    const isNext = sequence >= this.sequence - 1 && sequence <= this.lastSequence + 1;
    if (!isNext || redeliveryCount > 0) this.batch = batch;
    this.sequence = Math.min(this.sequence, sequence);
    this.lastSequence = Math.max(this.lastSequence, sequence);
    this.add(1, message.sizeBytes);
    this.earliestExpiryMs = earlierExpiry(this.earliestExpiryMs, message.expiresAtMs);
  }

  /** Whether the two can be counted as one. */
  canTakeAll(other: PagedRun): boolean {
    return other.#counter === this.#counter || other.#counter.#parts === 1;
  }

  /** Everything of the run that follows. */
  takeAll(other: PagedRun, batch: number): void {
    this.batch = other.sequence === this.lastSequence + 1 ? Math.max(this.batch, other.batch) : batch;
    this.lastSequence = other.lastSequence;
    if (other.#counter === this.#counter) this.#counter.#parts -= 1;
    else this.add(other.count, other.bytes);
    this.earliestExpiryMs = earlierExpiry(this.earliestExpiryMs, other.earliestExpiryMs);
  }
}

/** Entries of a run came back into memory: they stand before what is left of it. */
export interface PageIn {
  readonly run: PagedRun;
  /** The first place from there on: the first entry, the run, or what follows a run that is used up. */
  readonly next: Place | undefined;
  readonly entries: readonly QueueEntry[];
  /** Who stood at the run and stands at `next` now. */
  readonly moved: readonly Positioned[];
}

/** The earlier of two times of which 0 means never. */
export function earlierExpiry(one: number, other: number): number {
  if (one === 0 || other === 0) return one + other;
  return Math.min(one, other);
}
