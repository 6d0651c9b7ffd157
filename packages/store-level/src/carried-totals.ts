import type { StoredQueue } from "@tsapollo/domain";
import type { Database } from "./batch.ts";
import { carriedTotals, readBundleHead } from "./bundle-record.ts";
import { entryKey, KIND, sequenceOf } from "./keys.ts";
import { batchOfTotals, type QueueTotals, readTotals } from "./queue-state.ts";
import { asBuffer } from "./shelf.ts";

/** Hears of a bundle that cannot be read. */
export type DamageReport = (queueId: number, error: unknown) => void;

interface LastBundle {
  /** The totals that it carries, if it does. */
  readonly totals: Buffer | undefined;
  /** Where the last bundle ends, be it readable or not. */
  readonly last: number;
}

/**
 * The totals of a queue, out of their record or out of its last bundle. When that one is damaged, the totals are those
 * from before it came: its entries cannot be read, and the others are still worth something.
 * @throws BrokerError STORE_FAILED when totals themselves are damaged
 */
export async function newestTotals(
  database: Database,
  queue: StoredQueue,
  record: Buffer,
  damaged: DamageReport,
): Promise<QueueTotals> {
  let totals = readTotals(queue, record);
  const found = totals.mayBeCarried ? await lastBundle(database, queue, damaged) : undefined;
  if (found?.totals !== undefined && batchOfTotals(found.totals) > batchOfTotals(record)) {
    totals = readTotals(queue, found.totals);
  }
  totals.lastSequence = Math.max(totals.lastSequence, found?.last ?? 0); // no sequence is given twice
  totals.visibleLast = totals.lastSequence;
  return totals;
}

/** The batch that the totals in the last bundle of a queue came with; 0 when there are none. */
export async function batchInBundle(
  database: Database,
  { mayBeCarried, queue }: QueueTotals,
): Promise<number> {
  const found = mayBeCarried ? await lastBundle(database, queue, () => undefined) : undefined;
  return found?.totals === undefined ? 0 : batchOfTotals(found.totals);
}

async function lastBundle(
  database: Database,
  { queueId }: StoredQueue,
  damaged: DamageReport,
): Promise<LastBundle | undefined> {
  const gte = entryKey(KIND.entry, queueId, 0);
  const lte = entryKey(KIND.entry, queueId, Number.MAX_SAFE_INTEGER);
  const bundles = database.iterator({ gte, lte, reverse: true, highWaterMarkBytes: 1 });
  let last: number | undefined;
  try {
    for (;;) {
      const [found] = await bundles.nextv(1);
      if (found === undefined) return last === undefined ? undefined : { totals: undefined, last };
      const [key, value] = found;
      last ??= sequenceOf(asBuffer(key));
      try {
        readBundleHead(queueId, asBuffer(value));
        return { totals: carriedTotals(asBuffer(value)), last };
      } catch (error) {
        damaged(queueId, error);
      }
    }
  } finally {
    await bundles.close();
  }
}
