import { crc32 } from "node:zlib";
import { type BundleHead, ENTRIES_AT, entriesEnd, nextEntryAt, offsetAt } from "./bundle-record.ts";
import { storeFailed } from "./failures.ts";

const HIGH = 2 ** 32;

/*
 * A bit for each sequence of a bundle, from its first one on: set when no entry of that sequence is there, because it
 * was taken out or never was. On disk a checksum stands before it. Setting a bit twice changes nothing.
 */

/** A map of a bundle in which everything is there. */
export function nothingMissing({ first, last }: BundleHead): Uint8Array {
  return new Uint8Array(((last - first) >> 3) + 1);
}

/** Whether the entry so far above the first sequence is missing. */
export function isMissing(missing: Uint8Array, offset: number): boolean {
  return (missing[offset >> 3]! & (1 << (offset & 7))) !== 0;
}

/** Marks an entry as missing; `false`: it was. */
export function setMissing(missing: Uint8Array, offset: number): boolean {
  if (isMissing(missing, offset)) return false;
  missing[offset >> 3]! |= 1 << (offset & 7);
  return true;
}

/** How many are missing. */
export function missingCount(missing: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < missing.length; at++) {
    for (let byte = missing[at]!; byte !== 0; byte &= byte - 1) count += 1;
  }
  return count;
}

/** What is missing in a bundle as it was written; undefined for nothing. */
export function holesOf(head: BundleHead, bytes: Buffer): Uint8Array | undefined {
  const { first, last, count } = head;
  if (count === last - first + 1) return undefined;
  const missing = nothingMissing(head);
  let expected = 0;
  for (let at = ENTRIES_AT; at < entriesEnd(bytes); at = nextEntryAt(bytes, at)) {
    for (const found = offsetAt(bytes, at); expected < found; expected++) setMissing(missing, expected);
    expected += 1;
  }
  for (; expected <= last - first; expected++) setMissing(missing, expected);
  return missing;
}

/** Writes what {@link readGone} reads. */
export function goneRecord(queueId: number, last: number, missing: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(4 + missing.length);
  record.set(missing, 4);
  record.writeUInt32BE(crc32(missing, seedOf(queueId, last)), 0);
  return record;
}

/**
 * Reads what is missing in a bundle.
 * @throws BrokerError STORE_FAILED when the record is damaged or does not fit the bundle
 */
export function readGone(queueId: number, { first, last }: BundleHead, record: Buffer): Uint8Array {
  const span = last - first + 1;
  const missing = record.subarray(4);
  const isWhole = record.length === 4 + ((span - 1) >> 3) + 1;
  if (!isWhole || crc32(missing, seedOf(queueId, last)) !== record.readUInt32BE(0)) {
    throw storeFailed(
      `What is gone of the entries ${first} to ${last} of queue ${queueId} is damaged: its checksum is wrong`,
    );
  }
  return missing;
}

/** One that is found under another key counts as damaged, too. */
function seedOf(queueId: number, last: number): number {
  return (queueId * 31 + last) % HIGH;
}
