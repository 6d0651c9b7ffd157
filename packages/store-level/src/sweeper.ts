import type { Logger } from "@tsapollo/domain";
import { bodyIdAt, ENTRIES_AT, entriesEnd, nextEntryAt, offsetAt, readBundleHead } from "./bundle-record.ts";
import type { CommitLine } from "./commit-line.ts";
import type { Compactor } from "./compactor.ts";
import { reasonOf } from "./failures.ts";
import { bundleOf } from "./find-bundle.ts";
import { isMissing } from "./gone-record.ts";
import type { SwapRemoval } from "./group.ts";
import { entryKey, idKey, KIND, sequenceOf } from "./keys.ts";
import type { KnownBundle } from "./known-bundles.ts";
import { asBuffer, type Shelf } from "./shelf.ts";
import type { StoreState } from "./store-state.ts";

const SLICE_ENTRIES = 500;
const SLICE_BYTES = 256 * 1024;
const COMPACTED_BYTES = 1024 * 1024;

interface Found {
  readonly bundle: KnownBundle;
  /** Bodies that the entries that are left refer to, each time. */
  readonly bodyIds: readonly number[];
}

interface Slice {
  readonly found: readonly Found[];
  /** Sequences of entries with a redelivery counter. */
  readonly counters: readonly number[];
  readonly bytes: number;
}

/** Removes the entries of removed queues in slices, so that other work goes on in between. */
export class Sweeper {
  readonly #state: StoreState;
  readonly #line: CommitLine;
  readonly #compactor: Compactor;
  readonly #logger: Logger;
  readonly #queueIds: number[] = [];
  #running: Promise<void> | undefined = undefined;
  #stopping = false;

  constructor(state: StoreState, line: CommitLine, compactor: Compactor, logger: Logger) {
    this.#state = state;
    this.#line = line;
    this.#compactor = compactor;
    this.#logger = logger;
  }

  /** A queue was removed. */
  add(queueId: number): void {
    this.#queueIds.push(queueId);
    if (!this.#stopping) this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      const queueId = this.#stopping ? undefined : this.#queueIds.shift();
      if (queueId === undefined) break;
      try {
        await this.#sweep(queueId);
      } catch (error) {
        // It is tried again when the store is opened next.
        this.#logger.warn(
          { queueId, reason: reasonOf(error) },
          "What a removed queue left cannot be removed yet",
        );
      }
    }
    this.#running = undefined;
  }

  async #sweep(queueId: number): Promise<void> {
    let bytes = 0;
    for (;;) {
      const { shelf } = this.#state;
      const slice = await sliceOf(shelf, queueId);
      if (this.#stopping) return;
      bytes += slice.bytes;
      const last = slice.found.length === 0;
      await this.#line.writeBetween((batch) => {
        if (this.#state.shelf !== shelf) return; // everything was purged meanwhile
        for (const { bundle, bodyIds } of slice.found) {
          batch.removeBundle(queueId, bundle.last, bundle.isMarked);
          for (const bodyId of bodyIds) batch.unreference(bodyId);
        }
        for (const sequence of slice.counters) batch.removeCounter(queueId, sequence);
        if (last) batch.del(idKey(KIND.removed, queueId));
      });
      if (last) break;
    }
    this.#state.unswept.delete(queueId);
    await this.#sweepSwap(queueId);
    if (bytes < COMPACTED_BYTES) return;
    this.#compactor.range(
      entryKey(KIND.entry, queueId, 0),
      entryKey(KIND.entry, queueId, Number.MAX_SAFE_INTEGER),
    );
  }

  async #sweepSwap(queueId: number): Promise<void> {
    const { swap } = this.#state;
    let isEmpty = false;
    let failure: unknown;
    while (!isEmpty && swap.shelf !== undefined && !this.#stopping) {
      // What is gone already must not be counted out twice: nobody else writes between looking and taking out.
      await this.#line.alone(async () => {
        try {
          isEmpty = swap.shelf === undefined || !(await this.#forgetSlice(await swap.open(), queueId));
        } catch (error) {
          failure = error; // nothing of those who wait behind
          return;
        }
        if (!isEmpty) await swap.writeGone();
      });
      if (failure !== undefined) throw failure;
    }
  }

  /** @returns whether something was there */
  async #forgetSlice(shelf: Shelf, queueId: number): Promise<boolean> {
    const { found } = await sliceOf(shelf, queueId);
    this.#state.swap.forget(found.map((each) => removalOf(queueId, each)));
    return found.length > 0;
  }

  /** Begins no further slice. */
  stop(): void {
    this.#stopping = true;
  }

  /** Waits until the slice under way is done. */
  async stopped(): Promise<void> {
    await this.#running;
  }
}

/** In the swap space a bundle has one entry. */
function removalOf(queueId: number, { bundle, bodyIds }: Found): SwapRemoval {
  const place = { sequence: bundle.last, messageId: bodyIds[0] ?? 0, sizeBytes: 0, transient: true };
  return { queueId, place };
}

/** Some bundles of a queue, one at least if there is one. Nobody else changes them: their queue is removed. */
async function sliceOf({ database }: Shelf, queueId: number): Promise<Slice> {
  const gte = entryKey(KIND.entry, queueId, 0);
  const lte = entryKey(KIND.entry, queueId, Number.MAX_SAFE_INTEGER);
  const values = database.values({ gte, lte, highWaterMarkBytes: SLICE_BYTES });
  try {
    const found: Found[] = [];
    const counters: number[] = [];
    let bytes = 0;
    let entries = 0;
    for (const value of await values.nextv(SLICE_ENTRIES)) {
      if (entries >= SLICE_ENTRIES) break;
      const record = asBuffer(value);
      const head = readBundleHead(queueId, record);
      const gone = await database.get(entryKey(KIND.gone, queueId, head.last));
      const bundle = bundleOf(queueId, head, record, gone === undefined ? undefined : asBuffer(gone));
      found.push({ bundle, bodyIds: bodyIdsOf(bundle, record) });
      counters.push(...(await countersOf(database, queueId, bundle)));
      entries += bundle.count;
      bytes += record.length;
    }
    return { found, counters, bytes };
  } finally {
    await values.close();
  }
}

function bodyIdsOf({ missing }: KnownBundle, record: Buffer): number[] {
  const bodyIds: number[] = [];
  for (let at = ENTRIES_AT; at < entriesEnd(record); at = nextEntryAt(record, at)) {
    const bodyId = bodyIdAt(record, at);
    if (bodyId === 0) continue;
    if (missing === undefined || !isMissing(missing, offsetAt(record, at))) bodyIds.push(bodyId);
  }
  return bodyIds;
}

async function countersOf(
  database: Shelf["database"],
  queueId: number,
  { first, last }: KnownBundle,
): Promise<number[]> {
  const gte = entryKey(KIND.counter, queueId, first);
  const lte = entryKey(KIND.counter, queueId, last);
  const keys = await database.keys({ gte, lte }).all();
  return keys.map((key) => sequenceOf(asBuffer(key)));
}
