import type { CodecLookup, LoadedEntry, PageBounds } from "@tsapollo/domain";
import { storeFailed } from "./failures.ts";
import { type PageSource, readPage } from "./page-reader.ts";
import type { QueueTotals } from "./queue-state.ts";
import type { Shelf } from "./shelf.ts";
import type { StoreState } from "./store-state.ts";

/** The swap space marks nothing as gone, and may have counters anywhere. */
const SWAP_RANGES = { counterLow: 1, counterHigh: Number.MAX_SAFE_INTEGER, goneLow: 0, goneHigh: 0 };

/**
 * A page of a queue out of both databases, as they are when it is called.
 * @throws BrokerError STORE_FAILED
 */
export async function pageOf(
  state: StoreState,
  queueId: number,
  bounds: PageBounds,
  codecs: CodecLookup,
): Promise<readonly LoadedEntry[]> {
  const totals = state.totals.get(queueId);
  if (totals === undefined) return [];
  const { entryCount, firstSequence, visibleLast, lastSequence } = totals;
  const { shelf } = state; // or it is not open
  const reading = state.known.beginReading(totals);
  let swap: PageSource | undefined;
  let durable: PageSource | undefined;
  try {
    swap = swapSource(state, totals);
    if (entryCount > 0) durable = durableSource(shelf, totals, (bundle) => reading.bundles.push(bundle));
    const swapped = swap === undefined ? [] : await readPage(swap, queueId, bounds, codecs);
    if (durable === undefined) return swapped;
    const from = Math.max(bounds.from, firstSequence);
    const entries = await readPage(durable, queueId, { ...bounds, from }, codecs);
    if (bounds.from <= firstSequence) {
      const found = entries[0];
      if (found !== undefined) state.firstFound(queueId, firstSequence, found.sequence);
      else if (bounds.to >= visibleLast && lastSequence === visibleLast && totals.entryCount === entryCount) {
        throw storeFailed(
          `Queue '${totals.queue.key}' should have ${entryCount} stored entries, but none is there`,
        );
      }
    }
    return swap === undefined ? entries : merged([...swapped, ...entries], bounds);
  } finally {
    state.known.endReading(reading);
    await swap?.snapshot.close();
    await durable?.snapshot.close();
  }
}

function durableSource(
  shelf: Shelf,
  { visibleLast, counterLow, counterHigh, goneLow, goneHigh }: QueueTotals,
  found: PageSource["found"],
): PageSource {
  return {
    shelf,
    snapshot: shelf.database.snapshot(),
    transient: false,
    isVisible: (sequence) => sequence <= visibleLast,
    counterLow,
    counterHigh,
    goneLow,
    goneHigh,
    found,
  };
}

function swapSource({ swap }: StoreState, totals: QueueTotals): PageSource | undefined {
  const { swapCount, swapLast } = totals;
  const shelf = swapCount > 0 ? swap.shelf : undefined;
  if (shelf === undefined) return undefined;
  const gone = swap.goneOf(totals.queue.queueId);
  return {
    shelf,
    snapshot: shelf.database.snapshot(),
    transient: true,
    isVisible: (sequence) => sequence <= swapLast && !gone.has(sequence),
    ...SWAP_RANGES,
    found: () => undefined,
  };
}

function merged(all: LoadedEntry[], { maxEntries, maxBytes }: PageBounds): LoadedEntry[] {
  all.sort((a, b) => a.sequence - b.sequence);
  const page: LoadedEntry[] = [];
  let bytes = 0;
  for (const entry of all) {
    if (page.length >= maxEntries || (page.length > 0 && bytes >= maxBytes)) break;
    bytes += entry.sizeBytes;
    page.push(entry);
  }
  return page;
}
