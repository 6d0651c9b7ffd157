import { type BundleHead, readBundleHead, SPAN_MAX } from "./bundle-record.ts";
import { holesOf, readGone } from "./gone-record.ts";
import { entryKey, KIND } from "./keys.ts";
import type { KnownBundle } from "./known-bundles.ts";
import { asBuffer, type Shelf } from "./shelf.ts";

/** A bundle as it lies in the store. */
export interface FoundBundle {
  readonly bundle: KnownBundle;
  readonly record: Buffer;
}

/**
 * Reads the first bundle that ends at a sequence or not far behind it, as it is now.
 * @throws BrokerError STORE_FAILED when it is damaged
 */
export async function findBundle(
  { database }: Shelf,
  queueId: number,
  sequence: number,
): Promise<FoundBundle | undefined> {
  const [value] = await database
    .values({
      gte: entryKey(KIND.entry, queueId, sequence),
      lte: entryKey(KIND.entry, queueId, sequence + SPAN_MAX),
      limit: 1,
    })
    .all();
  if (value === undefined) return undefined;
  const record = asBuffer(value);
  const head = readBundleHead(queueId, record);
  const gone = await database.get(entryKey(KIND.gone, queueId, head.last));
  return { bundle: bundleOf(queueId, head, record, gone === undefined ? undefined : asBuffer(gone)), record };
}

/**
 * What is to be known of a bundle, out of its record, which was checked, and the one that says what is gone of it.
 * @throws BrokerError STORE_FAILED when that one is damaged
 */
export function bundleOf(
  queueId: number,
  head: BundleHead,
  record: Buffer,
  gone: Buffer | undefined,
): KnownBundle {
  const missing = gone === undefined ? holesOf(head, record) : readGone(queueId, head, gone);
  const { first, last, count } = head;
  return { first, last, count, bytes: record.length, missing, isMarked: gone !== undefined };
}
