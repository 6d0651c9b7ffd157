import { crc32 } from "node:zlib";
import { invariant, type StoredPlace } from "@tsapollo/domain";
import { type Batch, isInline, type Scratch } from "./batch.ts";
import { entrySize } from "./bundle-record.ts";
import { BundleWork } from "./bundle-work.ts";
import { holesOf } from "./gone-record.ts";
import { KIND, nameKey } from "./keys.ts";
import type { KnownBundle, KnownBundles } from "./known-bundles.ts";
import type { LevelUnit } from "./level-unit.ts";
import { QueueTotals, TOTALS_BYTES, writeQueue, writeTotals } from "./queue-state.ts";
import type { PendingMessage, QueueWork } from "./queue-work.ts";
import type { Thinner } from "./thinner.ts";

/** A transient entry that was taken out. */
export interface SwapRemoval {
  readonly queueId: number;
  readonly place: StoredPlace;
}

/** What a group works with. */
export interface GroupParts {
  readonly durable: Batch;
  /** Starts the batch of the swap space, once; only called for units with transient entries. */
  readonly swap: () => Batch;
  readonly totals: Map<number, QueueTotals>;
  readonly known: KnownBundles;
  readonly scratch: Scratch;
  /** Not that of any other group, and not 0. */
  readonly number: number;
  /** Number of the durable batch. */
  readonly batchNumber: number;
  /** Whether it adds bundles to long queues and does nothing else: they carry the totals. */
  readonly isPlain: boolean;
  /** Queues of so many bytes are long. */
  readonly longBytes: number;
}

/** An entry that is to be taken out of a bundle that is not known. */
export interface UnknownPlace {
  readonly work: BundleWork;
  readonly sequence: number;
}

/**
 * Units that are written together. What they take out is looked up first ({@link Group.prepare}), then they are added,
 * then the group is finished. Totals change while it is built; {@link Group.undo} takes that back when the write fails.
 * What is known of bundles changes when it was written ({@link Group.settle}).
 */
export class Group {
  readonly #parts: GroupParts;
  readonly #works: Map<number, BundleWork> = new Map();
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

  constructor(parts: GroupParts) {
    this.#parts = parts;
  }

  /** Queues whose totals it changed. */
  get touched(): readonly QueueTotals[] {
    return this.#touched;
  }

  /** Looks for the bundles that a unit takes entries out of. @returns what must be read first */
  prepare(unit: LevelUnit, unknown: UnknownPlace[]): void {
    const { totals, known } = this.#parts;
    for (const { queueId, dequeues } of unit.queues) {
      const queue = dequeues === undefined ? undefined : totals.get(queueId);
      if (dequeues === undefined || queue === undefined) continue;
      const work = this.#workOf(queue);
      for (const { transient, sequence } of dequeues) {
        if (transient || sequence > work.lastBefore) continue;
        if (work.changeAt(sequence, known) === undefined) unknown.push({ work, sequence });
      }
    }
  }

  /** Adds what a unit does. */
  add(unit: LevelUnit): void {
    const { durable } = this.#parts;
    for (const work of unit.queues) {
      if (work.put !== undefined) this.#putQueue(work);
      if (work.size > 0) {
        if (unit.hasTransient) this.#enterSome(work, unit.isScattered);
        else this.#enter(work, unit.isScattered);
      }
      if (work.dequeues !== undefined) this.#takeOut(work.queueId, work.dequeues);
      if (work.counters !== undefined) {
        for (const { place, count } of work.counters.values()) this.#count(work.queueId, place, count);
      }
      if (work.removed) this.#removeQueue(work.queueId);
    }
    for (const [key, value] of unit.states) {
      this.isDurable = true;
      if (value === undefined) durable.del(nameKey(KIND.state, key));
      else durable.put(nameKey(KIND.state, key), stateRecord(value));
    }
  }

  #enter({ queueId, entries, messages }: QueueWork, isScattered: boolean): void {
    const totals = this.#touch(queueId);
    invariant(totals !== undefined, "a queue is stored before its entries");
    const work = this.#workOf(totals);
    if (isScattered) work.isScattered = true;
    for (let at = 0; at < entries.length; at++) {
      const message = messages[at];
      if (message === undefined) continue;
      message.left = message.durableReferences;
      totals.add(entries[at]!);
    }
    work.addAll(entries, messages);
  }

  /** The same for entries some of which may be transient. */
  #enterSome({ queueId, entries, messages }: QueueWork, isScattered: boolean): void {
    let work: BundleWork | undefined;
    for (let at = 0; at < entries.length; at++) {
      const message = messages[at];
      if (message === undefined) continue;
      const entry = entries[at]!;
      if (entry.transient) {
        this.#swapOut(queueId, entry, message);
        continue;
      }
      if (work === undefined) {
        const totals = this.#touch(queueId);
        invariant(totals !== undefined, "a queue is stored before its entries");
        work = this.#workOf(totals);
        if (isScattered) work.isScattered = true;
      }
      message.left = message.durableReferences;
      work.totals.add(entry);
      work.add(entry, message);
    }
  }

  /** Transient entries are bundles of one: they are taken out without looking. */
  #swapOut(queueId: number, entry: QueueWork["entries"][number], message: PendingMessage): void {
    const { number } = this.#parts;
    const { messageId, swapReferences } = message;
    const swap = this.#parts.swap();
    const inline = isInline(message, swapReferences) ? message.message : undefined;
    if (inline === undefined && message.swapGroup !== number) {
      message.swapGroup = number;
      swap.addBody(message, swapReferences);
    }
    const { sequence, sizeBytes } = entry;
    swap.bundles.begin(sequence);
    swap.bundles.add(entry, inline, messageId, entrySize(entry, inline));
    swap.addBundle(queueId, { batch: 0 });
    this.swapAdded.push({ queueId, place: { sequence, messageId, sizeBytes, transient: true } });
  }

  #takeOut(queueId: number, dequeues: readonly StoredPlace[]): void {
    const { durable, known, totals: all } = this.#parts;
    let work: BundleWork | undefined;
    for (const place of dequeues) {
      if (place.transient) {
        if (all.has(queueId)) this.swapRemoved.push({ queueId, place });
        continue;
      }
      if (work === undefined) {
        const totals = this.#touch(queueId);
        if (totals === undefined) continue; // its queue was removed before: it is swept
        work = this.#workOf(totals);
      }
      const { totals } = work;
      const { sequence, messageId, sizeBytes } = place;
      const hasCounter = totals.mayHaveCounter(sequence);
      const cancelled = work.cancel(sequence);
      if (cancelled !== undefined) totals.cancel(sequence, cancelled.sizeBytes);
      else if (work.changeAt(sequence, known)?.take(sequence) === true) {
        totals.remove(sequence, sizeBytes);
        durable.unreference(messageId);
      } else continue; // it is not there: a second time changes nothing
      if (hasCounter) durable.removeCounter(queueId, sequence);
    }
  }

  #count(queueId: number, place: StoredPlace, count: number): void {
    if (place.transient) {
      this.#parts.swap().setCounter(queueId, place.sequence, count);
      return;
    }
    const totals = this.#touch(queueId);
    if (totals === undefined) return;
    totals.addCounter(place.sequence);
    this.#parts.durable.setCounter(queueId, place.sequence, count);
  }

  #putQueue({ queueId, put }: QueueWork): void {
    const { durable, scratch, totals, number } = this.#parts;
    this.isDurable = true;
    durable.put(scratch.keys.id(KIND.queue, queueId), writeQueue(put!));
    const known = this.#touch(queueId);
    if (known !== undefined) known.queue = put!;
    else {
      const fresh = new QueueTotals(put!);
      fresh.savedIn = number;
      totals.set(queueId, fresh);
      this.#touched.push(fresh);
      this.#undo.push(() => totals.delete(queueId));
    }
  }

  #removeQueue(queueId: number): void {
    const totals = this.#touch(queueId);
    if (totals === undefined) return;
    const { durable, scratch, totals: all } = this.#parts;
    durable.del(scratch.keys.id(KIND.queue, queueId));
    durable.put(scratch.keys.id(KIND.removed, queueId), Buffer.alloc(0));
    all.delete(queueId);
    this.#undo.push(() => all.set(queueId, totals));
    this.removedQueues.push(queueId);
  }

  #workOf(totals: QueueTotals): BundleWork {
    const { queueId } = totals.queue;
    let work = this.#works.get(queueId);
    if (work === undefined) {
      work = new BundleWork(totals);
      this.#works.set(queueId, work);
    }
    return work;
  }

  /** The totals of a queue that is about to change; undefined for a queue that is gone. */
  #touch(queueId: number): QueueTotals | undefined {
    const { totals: all, number } = this.#parts;
    const totals = all.get(queueId);
    if (totals === undefined || totals.savedIn === number) return totals;
    const copy = totals.copy();
    totals.savedIn = number;
    this.#touched.push(totals);
    this.#undo.push(() => totals.restore(copy));
    this.isDurable = true;
    return totals;
  }

  /** Adds what the units amount to. Nothing can be added afterwards. */
  finish(): void {
    const { durable, scratch, totals: all, isPlain, longBytes } = this.#parts;
    for (const work of this.#works.values()) {
      if (work.entries.length > 0) this.#writeBundles(work);
      if (work.changes.length > 0) this.#writeChanges(work);
    }
    if (isPlain) return;
    for (const totals of this.#touched) {
      const { queueId } = totals.queue;
      const key = scratch.keys.id(KIND.summary, queueId);
      totals.mayBeCarried = totals.bytes >= longBytes;
      if (all.get(queueId) === totals) durable.put(key, this.#totalsOf(totals));
      else durable.del(key);
    }
  }

  #totalsOf(totals: QueueTotals): Buffer {
    return writeTotals(totals, this.#parts.batchNumber, this.#totalsRecord);
  }

  #writeBundles(work: BundleWork): void {
    const { durable, number } = this.#parts;
    const { entries, messages, isScattered } = work;
    const writer = durable.bundles;
    let isOpen = false;
    for (let at = 0; at < entries.length; at++) {
      const message = messages[at];
      if (message === undefined) continue;
      const entry = entries[at]!;
      const inline = isInline(message, message.left) ? message.message : undefined;
      if (inline === undefined && message.group !== number) {
        message.group = number;
        durable.addBody(message, message.left);
      }
      const { sequence } = entry;
      const size = entrySize(entry, inline);
      if (isOpen && (!writer.hasRoom(sequence, size) || (isScattered && sequence !== writer.last + 1))) {
        this.#writeBundle(work, false);
        isOpen = false;
      }
      if (!isOpen) writer.begin(sequence);
      isOpen = true;
      writer.add(entry, inline, message.messageId, size);
    }
    if (isOpen) this.#writeBundle(work, this.#parts.isPlain);
  }

  #writeBundle(work: BundleWork, carriesTotals: boolean): void {
    const { durable, batchNumber: batch } = this.#parts;
    const { first, last, count } = durable.bundles;
    const totals = carriesTotals ? this.#totalsOf(work.totals) : undefined;
    const record = durable.addBundle(work.totals.queue.queueId, { batch, totals });
    const missing = count === last - first + 1 ? undefined : holesOf({ first, last, count }, record);
    work.wrote({ first, last, count, bytes: record.length, missing, isMarked: false });
  }

  #writeChanges({ changes, totals }: BundleWork): void {
    const { durable } = this.#parts;
    const { queueId } = totals.queue;
    for (const { bundle, left, missing, isChanged } of changes) {
      if (!isChanged) continue;
      if (left === 0) durable.removeBundle(queueId, bundle.last, bundle.isMarked);
      else {
        durable.setGone(queueId, bundle.last, missing);
        totals.addGone(bundle.last);
      }
    }
  }

  /** Nothing of it was written. */
  undo(): void {
    for (const step of this.#undo.reverse()) step();
  }

  /** It was written: bundles are as it left them. */
  settle(thinner: Thinner): void {
    const { known, totals: all } = this.#parts;
    if (this.removedQueues.length > 0) {
      for (const totals of this.#touched) {
        if (all.get(totals.queue.queueId) !== totals) known.forget(totals);
      }
    }
    for (const { totals, written, changes } of this.#works.values()) {
      const { queueId } = totals.queue;
      if (all.get(queueId) !== totals) continue;
      if (Array.isArray(written)) for (const bundle of written) known.set(totals, bundle);
      else if (written !== undefined) known.set(totals, written);
      for (const { bundle, left, missing, isChanged } of changes) {
        if (!isChanged) continue;
        if (left === 0) known.remove(totals, bundle.last);
        else known.set(totals, changed(bundle, missing));
        thinner.consider(queueId, bundle, left);
      }
    }
  }
}

function changed({ first, last, count, bytes }: KnownBundle, missing: Uint8Array): KnownBundle {
  return { first, last, count, bytes, missing, isMarked: true };
}

/** A named value with its checksum. */
function stateRecord(value: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(4 + value.length);
  record.writeUInt32BE(crc32(value), 0);
  record.set(value, 4);
  return record;
}
