import type { CodecLookup } from "@tsapollo/domain";
import type { Database } from "./batch.ts";
import { readBody } from "./body-record.ts";
import { BundleCheck } from "./bundle-check.ts";
import { storeFailed } from "./failures.ts";
import { bodyKey, entryKey, idOf, KIND, kindRange, sequenceOf } from "./keys.ts";
import type { QueueTotals } from "./queue-state.ts";
import { asBuffer } from "./shelf.ts";

const CHUNK_BYTES = 1024 * 1024;
const CHUNK_ENTRIES = 1_000;

/**
 * Reads everything: every checksum must be right, and every queue must have what its totals say.
 * @throws BrokerError STORE_FAILED at the first thing that is wrong
 */
export async function checkEverything(
  database: Database,
  totals: ReadonlyMap<number, QueueTotals>,
  codecs: CodecLookup,
): Promise<void> {
  for (const known of totals.values()) await checkQueue(database, known);
  const keys = database.keys(kindRange(KIND.body));
  try {
    for (;;) {
      const chunk = await keys.nextv(CHUNK_ENTRIES);
      if (chunk.length === 0) return;
      for (const key of chunk) {
        const bodyId = idOf(asBuffer(key));
        if (asBuffer(key).readUInt32BE(7) === 0) await checkBody(database, bodyId, codecs);
      }
    }
  } finally {
    await keys.close();
  }
}

async function checkQueue(database: Database, { queue, entryCount, bytes }: QueueTotals): Promise<void> {
  const { queueId, key } = queue;
  const iterator = database.iterator({
    gte: entryKey(KIND.entry, queueId, 0),
    lte: entryKey(KIND.entry, queueId, Number.MAX_SAFE_INTEGER),
    highWaterMarkBytes: CHUNK_BYTES,
  });
  const check = new BundleCheck(queue);
  try {
    for (;;) {
      const chunk = await iterator.nextv(CHUNK_ENTRIES);
      const to = chunk.length === 0 ? Number.MAX_SAFE_INTEGER : sequenceOf(asBuffer(chunk.at(-1)![0]));
      const gone = await database
        .iterator({
          gte: entryKey(KIND.gone, queueId, check.last + 1),
          lte: entryKey(KIND.gone, queueId, to),
        })
        .all();
      check.add(chunk, gone);
      if (chunk.length === 0) break;
    }
  } finally {
    await iterator.close();
  }
  if (check.count === entryCount && check.bytes === bytes) return;
  throw storeFailed(
    `Queue '${key}' should have ${entryCount} entries of ${bytes} bytes, but ${check.count} of ${check.bytes} bytes are stored. Restore a backup, or open the store without paranoid_checks`,
  );
}

async function checkBody(database: Database, bodyId: number, codecs: CodecLookup): Promise<void> {
  const first = await database.get(bodyKey(bodyId, 0));
  const part = (number: number): Promise<Uint8Array | undefined> => database.get(bodyKey(bodyId, number));
  await readBody(bodyId, first === undefined ? undefined : asBuffer(first), part, codecs);
}
