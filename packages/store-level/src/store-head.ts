import { crc32 } from "node:zlib";
import { storeFailed } from "./failures.ts";
import { KIND, nameKey } from "./keys.ts";

/** Key of the record that every batch begins with. */
export const HEAD_KEY: Buffer = nameKey(KIND.store, "head");
const HEAD_BYTES = 28;

/** What a store knows of itself; written first in every batch. */
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
export const BATCH_HEAD_BYTES: number = 12 + 3 + HEAD_KEY.length + HEAD_BYTES;

/**
 * Number of a batch from the beginning of its record in LevelDB's log: sequence (8), count (4), then operations,
 * the first of which is our head: tag 1, length and bytes of key and value. Undefined for other records.
 */
export function batchNumberOf(record: Buffer): number | undefined {
  const keyAt = 14;
  const valueAt = keyAt + HEAD_KEY.length + 1;
  if (record.length < valueAt + HEAD_BYTES || record[12] !== 1) return undefined;
  if (!record.subarray(keyAt, keyAt + HEAD_KEY.length).equals(HEAD_KEY)) return undefined;
  return readHead(record.subarray(valueAt, valueAt + HEAD_BYTES)).batches;
}
