import { crc32 } from "node:zlib";
import { BATCH_AT, ENTRIES_AT } from "./bundle-record.ts";
import { storeFailed } from "./failures.ts";
import { KIND, nameKey } from "./keys.ts";
import { Varints } from "./varints.ts";

/** Key of the record that every batch begins with, unless it begins with a bundle. */
export const HEAD_KEY: Buffer = nameKey(KIND.store, "head");
const HEAD_BYTES = 28;

/** What a store knows of itself. */
export interface StoreHead {
  /** How many batches there were. */
  readonly batches: number;
  readonly lastMessageId: number;
  readonly lastQueueId: number;
}

/** Writes what {@link readHead} reads. */
export function writeHead({ batches, lastMessageId, lastQueueId }: StoreHead): Buffer {
  const record = Buffer.allocUnsafe(HEAD_BYTES);
  record.writeDoubleBE(batches, 4);
  record.writeDoubleBE(lastMessageId, 12);
  record.writeDoubleBE(lastQueueId, 20);
  record.writeUInt32BE(crc32(record.subarray(4)), 0);
  return record;
}

/**
 * Reads a head.
 * @throws BrokerError STORE_FAILED when it is damaged
 */
export function readHead(record: Buffer | undefined): StoreHead {
  if (record === undefined) return { batches: 0, lastMessageId: 0, lastQueueId: 0 };
  if (record.length !== HEAD_BYTES || crc32(record.subarray(4)) !== record.readUInt32BE(0)) {
    throw storeFailed("The store's head record is damaged");
  }
  return {
    batches: record.readDoubleBE(4),
    lastMessageId: record.readDoubleBE(12),
    lastQueueId: record.readDoubleBE(20),
  };
}

/** How much of a log record {@link batchNumberOf} needs. */
export const BATCH_HEAD_BYTES = 64;

const OPERATIONS_AT = 12;
const PUT = 1;

/**
 * Number of a batch from the beginning of its record in LevelDB's log: sequence (8), count (4), then operations: tag,
 * length and bytes of key and value. The first one sets our head or a bundle. Undefined for other records.
 */
export function batchNumberOf(record: Buffer): number | undefined {
  if (record.length <= OPERATIONS_AT || record[OPERATIONS_AT] !== PUT) return undefined;
  const reader = new Varints(record.subarray(OPERATIONS_AT + 1));
  const keyAt = OPERATIONS_AT + 2; // keys of both kinds are shorter than 128 bytes
  const key = record.subarray(keyAt, keyAt + reader.next());
  reader.at += key.length;
  reader.next();
  const value = record.subarray(OPERATIONS_AT + 1 + reader.at);
  if (key.equals(HEAD_KEY))
    return value.length < HEAD_BYTES ? undefined : readHead(value.subarray(0, HEAD_BYTES)).batches;
  return key[0] === KIND.entry && value.length >= ENTRIES_AT ? value.readDoubleBE(BATCH_AT) : undefined;
}
