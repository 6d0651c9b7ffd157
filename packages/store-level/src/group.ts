import { crc32 } from "node:zlib";
import { invariant, type StoredPlace } from "@tsapollo/domain";
import { type Batch, isInline, type Scratch } from "./batch.ts";
import { KIND, nameKey } from "./keys.ts";
import type { LevelUnit, QueueWork } from "./level-unit.ts";
import { QueueTotals, TOTALS_BYTES, writeQueue, writeTotals } from "./queue-state.ts";

/** A transient entry that was taken out. */
export interface SwapRemoval {
  readonly queueId: number;
  readonly place: StoredPlace;
}

/**
 * Units that are written together. Totals change while it is built; {@link Group.undo} takes that back when the
 * write fails.
 */
export class Group {
  readonly #durable: Batch;
  readonly #swap: (() => Batch) | undefined;
  readonly #totals: Map<number, QueueTotals>;
  readonly #scratch: Scratch;
  readonly #number: number;
  readonly #touched: QueueTotals[] = [];
  readonly #undo: (() => void)[] = [];
  readonly #totalsRecord: Buffer = Buffer.allocUnsafe(TOTALS_BYTES);
  /** Whether something besides swapping was done. */
  isDurable = false;
  /** Transient entries that it adds, and that it takes out. */
  readonly swapAdded: SwapRemoval[] = [];
  readonly swapRemoved: SwapRemoval[] = [];
  /** Queues that it removes: their entries are to be swept. */
  readonly removedQueues: number[] = [];

  constructor(
    durable: Batch,
    swap: (() => Batch) | undefined,
    totals: Map<number, QueueTotals>,
    scratch: Scratch,
    number: number,
  ) {
    this.#durable = durable;
    this.#swap = swap;
    this.#totals = totals;
    this.#scratch = scratch;
    this.#number = number;
  }

  /** Queues whose totals it changed. */
  get touched(): readonly QueueTotals[] {
    return this.#touched;
  }

  /** Adds what a unit does. */
  add(unit: LevelUnit): void {
    const durable = this.#durable;
    for (const message of unit.messages) {
      const { durableReferences, swapReferences } = message;
      if (durableReferences > 0 && !isInline(message, durableReferences)) {
        durable.addBody(message, durableReferences);
      }
      if (swapReferences > 0 && !isInline(message, swapReferences)) {
        this.#swap!().addBody(message, swapReferences);
      }
    }
    for (const work of unit.queues) this.#addWork(work);
    for (const [key, value] of unit.states) {
      this.isDurable = true;
      if (value === undefined) durable.del(nameKey(KIND.state, key));
      else durable.put(nameKey(KIND.state, key), stateRecord(value));
    }
  }

  #addWork(work: QueueWork): void {
    const { queueId } = work;
    if (work.put !== undefined) this.#putQueue(work);
    for (const pending of work.enqueues.values()) {
      const { entry, message } = pending;
      if (entry.transient) {
        this.#swap!().addEntry(queueId, pending, message.swapReferences);
        const { sequence, sizeBytes } = entry;
        const place = { sequence, messageId: message.messageId, sizeBytes, transient: true };
        this.swapAdded.push({ queueId, place });
      } else {
        const totals = this.#touch(queueId);
        invariant(totals !== undefined, "a queue is stored before its entries");
        totals.add(entry);
        this.#durable.addEntry(queueId, pending, message.durableReferences);
      }
    }
    for (const place of work.dequeues) this.#remove(queueId, place);
    for (const { place, count } of work.counters.values()) this.#count(queueId, place, count);
    if (work.removed) this.#removeQueue(queueId);
  }

  #remove(queueId: number, place: StoredPlace): void {
    if (place.transient) {
      this.swapRemoved.push({ queueId, place });
      return;
    }
    const totals = this.#touch(queueId);
    if (totals === undefined) return; // its queue was removed before: it is swept
    this.#durable.removeEntry(queueId, place, totals.mayHaveCounter(place.sequence));
    totals.remove(place.sequence, place.sizeBytes);
  }

  #count(queueId: number, place: StoredPlace, count: number): void {
    if (place.transient) {
      this.#swap!().setCounter(queueId, place.sequence, count);
      return;
    }
    const totals = this.#touch(queueId);
    if (totals === undefined) return;
    totals.addCounter(place.sequence);
    this.#durable.setCounter(queueId, place.sequence, count);
  }

  #putQueue({ queueId, put }: QueueWork): void {
    this.isDurable = true;
    this.#durable.put(this.#scratch.keys.id(KIND.queue, queueId), writeQueue(put!));
    const known = this.#touch(queueId);
    if (known !== undefined) known.queue = put!;
    else {
      const totals = new QueueTotals(put!);
      totals.savedIn = this.#number;
      this.#totals.set(queueId, totals);
      this.#touched.push(totals);
      this.#undo.push(() => this.#totals.delete(queueId));
    }
  }

  #removeQueue(queueId: number): void {
    const totals = this.#touch(queueId);
    if (totals === undefined) return;
    const { keys } = this.#scratch;
    this.#durable.del(keys.id(KIND.queue, queueId));
    this.#durable.put(keys.id(KIND.removed, queueId), Buffer.alloc(0));
    this.#totals.delete(queueId);
    this.#undo.push(() => this.#totals.set(queueId, totals));
    this.removedQueues.push(queueId);
  }

  /** The totals of a queue that is about to change; undefined for a queue that is gone. */
  #touch(queueId: number): QueueTotals | undefined {
    const totals = this.#totals.get(queueId);
    if (totals === undefined || totals.savedIn === this.#number) return totals;
    const copy = totals.copy();
    totals.savedIn = this.#number;
    this.#touched.push(totals);
    this.#undo.push(() => totals.restore(copy));
    this.isDurable = true;
    return totals;
  }

  /** Adds what the units amount to. Nothing can be added afterwards. */
  finish(): void {
    const { keys } = this.#scratch;
    for (const totals of this.#touched) {
      const { queueId } = totals.queue;
      if (this.#totals.get(queueId) === totals) {
        this.#durable.put(keys.id(KIND.summary, queueId), writeTotals(totals, this.#totalsRecord));
      } else this.#durable.del(keys.id(KIND.summary, queueId));
    }
  }

  /** Nothing of it was written. */
  undo(): void {
    for (const step of this.#undo.reverse()) step();
  }
}

/** A named value with its checksum. */
function stateRecord(value: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(4 + value.length);
  record.writeUInt32BE(crc32(value), 0);
  record.set(value, 4);
  return record;
}

/** Whether a unit has to do with transient entries. */
export function needsSwap(unit: LevelUnit): boolean {
  for (const { swapReferences } of unit.messages) if (swapReferences > 0) return true;
  for (const { dequeues, counters } of unit.queues) {
    if (dequeues.some((place) => place.transient)) return true;
    for (const { place } of counters.values()) if (place.transient) return true;
  }
  return false;
}
