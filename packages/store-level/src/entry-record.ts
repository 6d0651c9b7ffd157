import { crc32 } from "node:zlib";
import {
  BrokerError,
  type CodecLookup,
  type LoadedEntry,
  type Message,
  messageRecordSize,
  readMessageRecord,
  type StoredEntry,
  writeMessageRecord,
} from "@tsapollo/domain";

const HAS_VIA = 1;
const RETAINED = 2;
const SHARED = 4;
const EXPIRES = 8;
const REDELIVERED = 16;
const FIXED_BYTES = 16;
const ID_BYTES = 6;
const HIGH = 2 ** 32;

/*
 *  0 CRC-32 of what follows, begun with the queue's id   4 flags   5 sequence (7)   12 size of the message (4)
 * 16 [expiry (float64)] [redelivery count (4)] [length of via (2), via] · message record, or body id (6)
 */

/** An entry without its message, which is in the same record or is a shared body. */
export interface EntryRecord {
  readonly entry: StoredEntry;
  /** 0: the message is in `bytes` from `messageAt` on. */
  readonly bodyId: number;
  readonly bytes: Buffer;
  readonly messageAt: number;
}

/** How many bytes the record of an entry takes at most. */
export function entryRecordSize(entry: StoredEntry, message: Message | undefined): number {
  const via = entry.via === undefined ? 0 : 2 + entry.via.length * 3;
  const content = message === undefined ? ID_BYTES : messageRecordSize(message);
  return FIXED_BYTES + 12 + via + content;
}

/**
 * Writes an entry to the front of `target`, with its message or, without one, the id of its body.
 * @returns how many bytes it takes
 */
export function writeEntryRecord(
  queueId: number,
  entry: StoredEntry,
  redeliveryCount: number,
  message: Message | undefined,
  bodyId: number,
  target: Buffer,
): number {
  const { sequence, via, expiresAtMs } = entry;
  target[4] =
    (via === undefined ? 0 : HAS_VIA) |
    (entry.retained ? RETAINED : 0) |
    (message === undefined ? SHARED : 0) |
    (expiresAtMs === 0 ? 0 : EXPIRES) |
    (redeliveryCount === 0 ? 0 : REDELIVERED);
  target.writeUIntBE(Math.floor(sequence / HIGH), 5, 3);
  target.writeUInt32BE(sequence % HIGH, 8);
  target.writeUInt32BE(entry.sizeBytes, 12);
  let next = FIXED_BYTES;
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
  target.writeUInt32BE(crc32(target.subarray(4, next), checksumSeed(queueId)), 0);
  return next;
}

/**
 * Reads what {@link writeEntryRecord} wrote.
 * @throws BrokerError STORE_FAILED when it is damaged
 */
export function readEntryRecord(queueId: number, bytes: Buffer, transient: boolean): EntryRecord {
  if (
    bytes.length < FIXED_BYTES ||
    crc32(bytes.subarray(4), checksumSeed(queueId)) !== bytes.readUInt32BE(0)
  ) {
    throw new BrokerError("STORE_FAILED", `An entry of queue ${queueId} is damaged: its checksum is wrong`);
  }
  const flags = bytes[4]!;
  let next = FIXED_BYTES;
  let expiresAtMs = 0;
  let redeliveryCount = 0;
  let via: string | undefined;
  if ((flags & EXPIRES) !== 0) {
    expiresAtMs = bytes.readDoubleBE(next);
    next += 8;
  }
  if ((flags & REDELIVERED) !== 0) {
    redeliveryCount = bytes.readUInt32BE(next);
    next += 4;
  }
  if ((flags & HAS_VIA) !== 0) {
    const end = next + 2 + bytes.readUInt16BE(next);
    via = bytes.toString("utf8", next + 2, end);
    next = end;
  }
  const sequence = bytes.readUIntBE(5, 3) * HIGH + bytes.readUInt32BE(8);
  const retained = (flags & RETAINED) !== 0;
  const sizeBytes = bytes.readUInt32BE(12);
  const entry = { sequence, sizeBytes, expiresAtMs, redeliveryCount, via, retained, transient };
  const bodyId = (flags & SHARED) === 0 ? 0 : bytes.readUIntBE(next, ID_BYTES);
  return { entry, bodyId, bytes, messageAt: next };
}

/** Joins an entry with its message. */
export function loadedEntry(
  entry: StoredEntry,
  redeliveryCount: number,
  messageId: number,
  message: Message,
): LoadedEntry {
  const { sequence, sizeBytes, expiresAtMs, via, retained, transient } = entry;
  return { sequence, sizeBytes, expiresAtMs, redeliveryCount, via, retained, transient, messageId, message };
}

/**
 * The message of an entry that has it inline.
 * @throws BrokerError STORE_FAILED when it is damaged or of an unknown encoding
 */
export function inlineMessage({ bytes, messageAt }: EntryRecord, codecs: CodecLookup): Message {
  return readMessageRecord(bytes, messageAt, bytes.length, codecs);
}

/** An entry found under another queue's key counts as damaged, too. */
function checksumSeed(queueId: number): number {
  return queueId % HIGH;
}
