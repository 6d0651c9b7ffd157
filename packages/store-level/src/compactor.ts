import type { Batch } from "./batch.ts";
import { entryKey, KIND, keyBehind } from "./keys.ts";
import type { QueueTotals } from "./queue-state.ts";
import type { StoreState } from "./store-state.ts";

/** What has been taken out of a queue before LevelDB is asked to clear up there. */
const RANGE_BYTES = 64 * 1024 * 1024;
const DRAINED_BYTES = 8 * 1024 * 1024;
const LEFT_BYTES = 1024 * 1024;

interface Range {
  readonly start: Buffer;
  readonly end: Buffer;
}

/**
 * Asks LevelDB to give back what drained queues took, in the background and one range at a time. Without it the
 * marks of what was removed would slow down readers and keep the disk.
 */
export class Compactor {
  readonly #state: StoreState;
  readonly #write: (build: (batch: Batch) => void) => Promise<void>;
  readonly #ranges: Range[] = [];
  #removedBytes = 0;
  #running: Promise<void> | undefined = undefined;
  #stopped = false;

  /** @param write writes a batch between others */
  constructor(state: StoreState, write: (build: (batch: Batch) => void) => Promise<void>) {
    this.#state = state;
    this.#write = write;
  }

  /** Looks at a queue that has changed. */
  consider(totals: QueueTotals): void {
    const limit = totals.entryCount === 0 ? DRAINED_BYTES : RANGE_BYTES;
    if (totals.removedBytes < limit) return;
    const { queueId } = totals.queue;
    this.#removedBytes += totals.removedBytes;
    const end = totals.removedHigh;
    this.range(entryKey(KIND.entry, queueId, totals.removedLow), entryKey(KIND.entry, queueId, end));
    totals.removedBytes = 0;
    totals.removedLow = 0;
    totals.removedHigh = 0;
  }

  /** Clears up between two keys, soon. */
  range(start: Buffer, end: Buffer): void {
    if (this.#stopped) return;
    this.#ranges.push({ start, end });
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      const next = this.#stopped ? undefined : this.#ranges.shift();
      if (next === undefined) break;
      try {
        await this.#clear(next);
        await this.#clearBodies();
      } catch {
        // closed, or failed: whoever writes next finds out, and LevelDB clears up by itself in time
      }
    }
    this.#running = undefined;
  }

  async #clear({ start, end }: Range): Promise<void> {
    const { database } = this.#state.shelf;
    await database.compactRange(start, end);
    if (this.#stopped || (await database.approximateSize(start, end)) < LEFT_BYTES) return;
    // LevelDB does not touch what lies on its lowest level alone: something above must be merged into it. Both
    // keys are of nothing that ever is there.
    await this.#write((batch) => {
      batch.del(keyBehind(start));
      batch.del(keyBehind(end));
    });
    await database.compactRange(start, end);
  }

  /** Bodies lie by age, not by queue: they are looked after when much is gone altogether. */
  async #clearBodies(): Promise<void> {
    if (this.#removedBytes < RANGE_BYTES && !this.#isEmpty()) return;
    this.#removedBytes = 0;
    await this.#clear({ start: Buffer.of(KIND.counter), end: Buffer.of(KIND.gone + 1) });
  }

  #isEmpty(): boolean {
    for (const { entryCount } of this.#state.totals.values()) if (entryCount > 0) return false;
    return true;
  }

  /** Waits for the range that is being cleared, and begins no other. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }
}
