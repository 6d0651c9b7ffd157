import { crc32 } from "node:zlib";
import { BrokerError, type QueueState, type StoredEntry, type StoredQueue } from "@tsapollo/domain";
import type { KnownBundle } from "./known-bundles.ts";

const NUMBERS = 11;
/** About what an entry takes besides the message. */
const RECORD_OVERHEAD = 50;

/** A queue of so many bytes is long: it is worth a look at its last bundle when the store is opened. */
export const LONG_BYTES: number = 1024 * 1024;

/** What the entries of a queue amount to. Kept in memory for every queue, written with every unit that changes it. */
export class QueueTotals {
  queue: StoredQueue;
  lastSequence = 0;
  /** No durable entry has a lower one: where to start reading, past what LevelDB has not cleared away yet. */
  firstSequence = 1;
  entryCount = 0;
  bytes = 0;
  earliestExpiryMs = 0;
  /** Entries with a redelivery counter lie between; both 0 for none. */
  counterLow = 0;
  counterHigh = 0;
  /** Last sequences of bundles of which something is gone lie between; both 0 for none. */
  goneLow = 0;
  goneHigh = 0;
  /** Whether later totals may lie in its last bundle than in the record of its own. */
  mayBeCarried = false;
  /** What is known of its bundles; only for who keeps that. Not written. */
  bundles: KnownBundle | KnownBundle[] | undefined = undefined;
  /** Highest sequence whose commit is done. Not written. */
  visibleLast = 0;
  /** What it has in the swap space besides. Not written. */
  swapCount = 0;
  swapBytes = 0;
  swapLast = 0;
  /** What was taken out since LevelDB was last asked to clear up. Not written. */
  removedBytes = 0;
  removedLow = 0;
  removedHigh = 0;
  /** Number of the batch that saved a copy of it last, see the batch writer. */
  savedIn = 0;

  constructor(queue: StoredQueue) {
    this.queue = queue;
  }

  /** Counts an entry in. */
  add({ sequence, sizeBytes, expiresAtMs }: StoredEntry): void {
    if (sequence > this.lastSequence) this.lastSequence = sequence;
    if (sequence < this.firstSequence || this.entryCount === 0) this.firstSequence = sequence;
    this.entryCount += 1;
    this.bytes += sizeBytes;
    if (expiresAtMs !== 0 && (this.earliestExpiryMs === 0 || expiresAtMs < this.earliestExpiryMs)) {
      this.earliestExpiryMs = expiresAtMs;
    }
  }

  /** Counts an entry out. */
  remove(sequence: number, sizeBytes: number): void {
    this.freed(sequence, sizeBytes + RECORD_OVERHEAD);
    this.cancel(sequence, sizeBytes);
  }

  /** LevelDB can give bytes back. */
  freed(sequence: number, bytes: number): void {
    if (this.removedBytes === 0 || sequence < this.removedLow) this.removedLow = sequence;
    if (sequence > this.removedHigh) this.removedHigh = sequence;
    this.removedBytes += bytes;
  }

  /** Counts an entry out that was never written. */
  cancel(sequence: number, sizeBytes: number): void {
    this.entryCount -= 1;
    this.bytes -= sizeBytes;
    if (sequence === this.firstSequence) this.firstSequence += 1;
    if (this.entryCount > 0) return;
    this.entryCount = 0;
    this.bytes = 0;
    this.earliestExpiryMs = 0;
    this.counterLow = 0;
    this.counterHigh = 0;
    this.goneLow = 0;
    this.goneHigh = 0;
    this.firstSequence = this.lastSequence + 1;
  }

  /** Whether an entry may have a redelivery counter. */
  mayHaveCounter(sequence: number): boolean {
    return sequence >= this.counterLow && sequence <= this.counterHigh;
  }

  /** An entry has got a redelivery counter. */
  addCounter(sequence: number): void {
    if (this.counterLow === 0 || sequence < this.counterLow) this.counterLow = sequence;
    if (sequence > this.counterHigh) this.counterHigh = sequence;
  }

  /** Something is gone of a bundle. */
  addGone(last: number): void {
    if (this.goneLow === 0 || last < this.goneLow) this.goneLow = last;
    if (last > this.goneHigh) this.goneHigh = last;
  }

  /** What callers of the store see. */
  state(): QueueState {
    return {
      queue: this.queue,
      lastSequence: Math.max(this.lastSequence, this.swapLast),
      entryCount: this.entryCount + this.swapCount,
      bytes: this.bytes + this.swapBytes,
      earliestExpiryMs: this.earliestExpiryMs,
    };
  }

  /** A copy to go back to. */
  copy(): QueueTotals {
    const copy = new QueueTotals(this.queue);
    copy.restore(this);
    return copy;
  }

  /** Becomes what a copy was. What is known of its bundles stays: it is of no copy. */
  restore(copy: QueueTotals): void {
    this.queue = copy.queue;
    this.lastSequence = copy.lastSequence;
    this.firstSequence = copy.firstSequence;
    this.entryCount = copy.entryCount;
    this.bytes = copy.bytes;
    this.earliestExpiryMs = copy.earliestExpiryMs;
    this.counterLow = copy.counterLow;
    this.counterHigh = copy.counterHigh;
    this.goneLow = copy.goneLow;
    this.goneHigh = copy.goneHigh;
    this.mayBeCarried = copy.mayBeCarried;
    this.visibleLast = copy.visibleLast;
    this.swapCount = copy.swapCount;
    this.swapBytes = copy.swapBytes;
    this.swapLast = copy.swapLast;
    this.removedBytes = copy.removedBytes;
    this.removedLow = copy.removedLow;
    this.removedHigh = copy.removedHigh;
    this.savedIn = copy.savedIn;
  }
}

/** Writes what {@link readTotals} reads, as of a batch. */
export function writeTotals(totals: QueueTotals, batch: number, into: Buffer): Buffer {
  const numbers = [
    totals.lastSequence,
    totals.firstSequence,
    totals.entryCount,
    totals.bytes,
    totals.earliestExpiryMs,
    totals.counterLow,
    totals.counterHigh,
    totals.goneLow,
    totals.goneHigh,
    totals.mayBeCarried ? 1 : 0,
    batch,
  ];
  for (let at = 0; at < NUMBERS; at++) into.writeDoubleBE(numbers[at]!, 4 + at * 8);
  into.writeUInt32BE(crc32(into.subarray(4, TOTALS_BYTES)), 0);
  return into;
}

/** How many bytes {@link writeTotals} writes. */
export const TOTALS_BYTES: number = 4 + NUMBERS * 8;

/**
 * Reads the totals of a queue.
 * @throws BrokerError STORE_FAILED when the record is damaged
 */
export function readTotals(queue: StoredQueue, bytes: Buffer): QueueTotals {
  if (bytes.length !== TOTALS_BYTES || crc32(bytes.subarray(4)) !== bytes.readUInt32BE(0)) {
    throw new BrokerError("STORE_FAILED", `The totals of queue ${queue.queueId} (${queue.key}) are damaged`);
  }
  const totals = new QueueTotals(queue);
  totals.lastSequence = bytes.readDoubleBE(4);
  totals.firstSequence = bytes.readDoubleBE(12);
  totals.entryCount = bytes.readDoubleBE(20);
  totals.bytes = bytes.readDoubleBE(28);
  totals.earliestExpiryMs = bytes.readDoubleBE(36);
  totals.counterLow = bytes.readDoubleBE(44);
  totals.counterHigh = bytes.readDoubleBE(52);
  totals.goneLow = bytes.readDoubleBE(60);
  totals.goneHigh = bytes.readDoubleBE(68);
  totals.mayBeCarried = bytes.readDoubleBE(76) === 1;
  return totals;
}

/** The batch that totals were written with. */
export function batchOfTotals(bytes: Buffer): number {
  return bytes.readDoubleBE(84);
}

/** A queue's own record: checksum, length of its key, key, description. */
export function writeQueue({ key, description }: StoredQueue): Buffer {
  const keyBytes = Buffer.from(key);
  const fixed = Buffer.allocUnsafe(8);
  fixed.writeUInt32BE(keyBytes.length, 4);
  const record = Buffer.concat([fixed, keyBytes, Buffer.from(description)]);
  record.writeUInt32BE(crc32(record.subarray(4)), 0);
  return record;
}

/**
 * Reads what {@link writeQueue} wrote.
 * @throws BrokerError STORE_FAILED when the record is damaged
 */
export function readQueue(queueId: number, bytes: Buffer): StoredQueue {
  if (bytes.length < 8 || crc32(bytes.subarray(4)) !== bytes.readUInt32BE(0)) {
    throw new BrokerError("STORE_FAILED", `The record of queue ${queueId} is damaged`);
  }
  const end = 8 + bytes.readUInt32BE(4);
  return { queueId, key: bytes.toString("utf8", 8, end), description: bytes.toString("utf8", end) };
}
