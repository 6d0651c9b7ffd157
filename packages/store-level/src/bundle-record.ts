import { crc32 } from "node:zlib";
import { type Message, messageRecordSize, type StoredEntry, writeMessageRecord } from "@tsapollo/domain";
import { storeFailed } from "./failures.ts";
import { TOTALS_BYTES } from "./queue-state.ts";

/** Bytes of content at which a bundle ends; a single entry may be larger. */
const BUNDLE_BYTES = 64 * 1024;
/** Most entries of a bundle. */
const BUNDLE_ENTRIES = 512;
/** Most that the last sequence of a bundle is above its first: what is gone of it fits into 512 bytes. */
export const SPAN_MAX = 4_095;
/** Where the first entry of a bundle begins. */
export const ENTRIES_AT = 24;
/** Where the number of its batch is in a bundle. */
export const BATCH_AT = 16;
/** Bytes of an entry before what not every entry has. */
export const ENTRY_FIXED_BYTES = 11;

/** Bits of an entry's flags. */
export const FLAG = { via: 1, retained: 2, shared: 4, expires: 8, redelivered: 16 } as const;

const ID_BYTES = 6;
const HIGH = 2 ** 32;
/** Expiry and redelivery count. */
const OPTIONAL_BYTES = 12;

/*
 *  0 CRC-32 of what follows, begun with the queue's id   4 first sequence (7)   11 last - first (2)   13 entries (2)
 * 15 1: totals of the queue follow the entries   16 number of the batch it came with (float64)
 * 24 entry after entry, by sequence:
 *    0 bytes of it behind this number (4)   4 sequence - first (2)   6 flags   7 size of the message (4)
 *   11 [expiry (float64)] [redelivery count (4)] [length of via (2), via] · message record, or body id (6)
 */

/** What is written into a bundle when it is complete. */
export interface BundleEnd {
  /** Number of the batch it goes with. */
  readonly batch: number;
  /** Sequence of its key, which may be above its last entry; missing: that of its last entry. */
  readonly last?: number;
  /** The totals of its queue as of that batch, when they are written nowhere else. */
  readonly totals?: Uint8Array | undefined;
}

/** The beginning of a bundle. */
export interface BundleHead {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** Puts bundles together, one after the other, in a buffer that it uses again. */
export class BundleWriter {
  #buffer: Buffer = Buffer.allocUnsafe(2 * BUNDLE_BYTES);
  #end = ENTRIES_AT;
  first = 0;
  last = 0;
  count = 0;

  /** Begins a bundle. `first` may be below the first entry that is added: it is what the others are counted from. */
  begin(first: number): void {
    this.#end = ENTRIES_AT;
    this.first = first;
    this.last = first;
    this.count = 0;
  }

  /** Whether an entry of so many bytes at most can be added. */
  hasRoom(sequence: number, size: number): boolean {
    if (this.count === 0) return true;
    return (
      this.count < BUNDLE_ENTRIES && sequence - this.first <= SPAN_MAX && this.#end + size <= BUNDLE_BYTES
    );
  }

  /** Adds an entry of so many bytes at most with its message or, without one, the id of its body. */
  add(entry: StoredEntry, message: Message | undefined, bodyId: number, size: number): void {
    this.#grow(size);
    const { sequence, via, expiresAtMs, redeliveryCount } = entry;
    const target = this.#buffer;
    const at = this.#end;
    target.writeUInt16BE(sequence - this.first, at + 4);
    target[at + 6] =
      (via === undefined ? 0 : FLAG.via) |
      (entry.retained ? FLAG.retained : 0) |
      (message === undefined ? FLAG.shared : 0) |
      (expiresAtMs === 0 ? 0 : FLAG.expires) |
      (redeliveryCount === 0 ? 0 : FLAG.redelivered);
    target.writeUInt32BE(entry.sizeBytes, at + 7);
    let next = at + ENTRY_FIXED_BYTES;
    if (expiresAtMs !== 0) next = target.writeDoubleBE(expiresAtMs, next);
    if (redeliveryCount !== 0) next = target.writeUInt32BE(redeliveryCount, next);
    if (via !== undefined) {
      const length = target.write(via, next + 2);
      target.writeUInt16BE(length, next);
      next += 2 + length;
    }
    next =
      message === undefined
        ? target.writeUIntBE(bodyId, next, ID_BYTES)
        : writeMessageRecord(message, target, next);
    target.writeUInt32BE(next - at - 4, at);
    this.#added(sequence, next);
  }

  /** Adds an entry as another bundle with the same first sequence has it. */
  copy(sequence: number, bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#added(sequence, this.#end + bytes.length);
  }

  #added(sequence: number, end: number): void {
    this.last = sequence;
    this.count += 1;
    this.#end = end;
  }

  #grow(size: number): void {
    if (this.#buffer.length >= this.#end + size) return;
    const larger = Buffer.allocUnsafe(2 * (this.#end + size));
    larger.set(this.#buffer.subarray(0, this.#end));
    this.#buffer = larger;
  }

  /** The record, until the next bundle begins. */
  finish(queueId: number, { batch, last = this.last, totals }: BundleEnd): Buffer {
    let end = this.#end;
    if (totals !== undefined) {
      this.#grow(totals.length);
      this.#buffer.set(totals, end);
      end += totals.length;
    }
    const record = this.#buffer.subarray(0, end);
    record[15] = totals === undefined ? 0 : 1;
    record.writeDoubleBE(batch, BATCH_AT);
    record.writeUIntBE(Math.floor(this.first / HIGH), 4, 3);
    record.writeUInt32BE(this.first % HIGH, 7);
    record.writeUInt16BE(last - this.first, 11);
    record.writeUInt16BE(this.count, 13);
    record.writeUInt32BE(crc32(record.subarray(4), checksumSeed(queueId)), 0);
    return record;
  }
}

/** How many bytes an entry takes in a bundle at most. */
export function entrySize(entry: StoredEntry, message: Message | undefined): number {
  const via = entry.via === undefined ? 0 : 2 + entry.via.length * 3;
  const content = message === undefined ? ID_BYTES : messageRecordSize(message);
  return ENTRY_FIXED_BYTES + OPTIONAL_BYTES + via + content;
}

/**
 * Reads the beginning of a bundle and checks the whole of it.
 * @throws BrokerError STORE_FAILED when it is damaged
 */
export function readBundleHead(queueId: number, bytes: Buffer): BundleHead {
  if (
    bytes.length < ENTRIES_AT ||
    crc32(bytes.subarray(4), checksumSeed(queueId)) !== bytes.readUInt32BE(0)
  ) {
    throw storeFailed(`A bundle of entries of queue ${queueId} is damaged: its checksum is wrong`);
  }
  const first = bytes.readUIntBE(4, 3) * HIGH + bytes.readUInt32BE(7);
  return { first, last: first + bytes.readUInt16BE(11), count: bytes.readUInt16BE(13) };
}

/** Where the last entry of a bundle ends. */
export function entriesEnd(bytes: Buffer): number {
  return bytes[15] === 1 ? bytes.length - TOTALS_BYTES : bytes.length;
}

/** The totals that a bundle carries for its queue, if it does. */
export function carriedTotals(bytes: Buffer): Buffer | undefined {
  return bytes[15] === 1 ? bytes.subarray(entriesEnd(bytes)) : undefined;
}

/** Where the entry behind the one at `at` begins in a bundle. */
export function nextEntryAt(bytes: Buffer, at: number): number {
  return at + 4 + bytes.readUInt32BE(at);
}

/** How far the sequence of the entry at `at` is above the first one of its bundle. */
export function offsetAt(bytes: Buffer, at: number): number {
  return bytes.readUInt16BE(at + 4);
}

/** The body that the entry at `at` refers to; 0 when its message is in the bundle. */
export function bodyIdAt(bytes: Buffer, at: number): number {
  if ((bytes[at + 6]! & FLAG.shared) === 0) return 0;
  return bytes.readUIntBE(nextEntryAt(bytes, at) - ID_BYTES, ID_BYTES);
}

/** Size of the message of the entry at `at`. */
export function sizeAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at + 7);
}

/** A bundle found under another queue's key counts as damaged, too. */
function checksumSeed(queueId: number): number {
  return queueId % HIGH;
}
