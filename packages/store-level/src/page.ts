import type { CodecLookup, LoadedEntry, PageBounds } from "@tsapollo/domain";
import { storeFailed } from "./failures.ts";
import { type PageSource, readPage } from "./page-reader.ts";
import type { StoreState } from "./store-state.ts";

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
  const { swap } = state;
  const { entryCount, firstSequence, visibleLast, counterLow, counterHigh, swapCount, swapLast } = totals;
  const sources: PageSource[] = [];
  const { shelf } = state;
  const swapShelf = swapCount > 0 ? swap.shelf : undefined;
  if (entryCount > 0) {
    const isVisible = (sequence: number): boolean => sequence <= visibleLast;
    const snapshot = shelf.database.snapshot();
    sources.push({ shelf, snapshot, transient: false, isVisible, counterLow, counterHigh });
  }
  if (swapShelf !== undefined) {
    const gone = swap.goneOf(queueId);
    const isVisible = (sequence: number): boolean => sequence <= swapLast && !gone.has(sequence);
    const snapshot = swapShelf.database.snapshot();
    const counterRange = { counterLow: 1, counterHigh: Number.MAX_SAFE_INTEGER };
    sources.push({ shelf: swapShelf, snapshot, transient: true, isVisible, ...counterRange });
  }
  try {
    const parts: LoadedEntry[][] = [];
    for (const source of sources) {
      const from = source.transient ? bounds.from : Math.max(bounds.from, firstSequence);
      parts.push(await readPage(source, queueId, { ...bounds, from }, codecs));
    }
    if (sources[0]?.transient === false && bounds.from <= firstSequence) {
      const found = parts[0]![0];
      if (found !== undefined) state.firstFound(queueId, firstSequence, found.sequence);
      else if (entryCount > 0 && bounds.to >= visibleLast && totals.entryCount === entryCount) {
        throw storeFailed(
          `Queue '${totals.queue.key}' should have ${entryCount} stored entries, but none is there`,
        );
      }
    }
    return parts.length === 1 ? parts[0]! : merged(parts, bounds);
  } finally {
    for (const { snapshot } of sources) await snapshot.close();
  }
}

function merged(parts: readonly LoadedEntry[][], { maxEntries, maxBytes }: PageBounds): LoadedEntry[] {
  const all = parts.flat().sort((a, b) => a.sequence - b.sequence);
  const page: LoadedEntry[] = [];
  let bytes = 0;
  for (const entry of all) {
    if (page.length >= maxEntries || (page.length > 0 && bytes >= maxBytes)) break;
    bytes += entry.sizeBytes;
    page.push(entry);
  }
  return page;
}
