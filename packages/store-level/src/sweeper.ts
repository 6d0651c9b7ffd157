import type { Logger } from "@tsapollo/domain";
import type { CommitLine } from "./commit-line.ts";
import type { Compactor } from "./compactor.ts";
import { readEntryRecord } from "./entry-record.ts";
import { reasonOf } from "./failures.ts";
import { entryKey, idKey, KIND } from "./keys.ts";
import { asBuffer, type Shelf } from "./shelf.ts";
import type { StoreState } from "./store-state.ts";

const SLICE_ENTRIES = 500;
const SLICE_BYTES = 1024 * 1024;

interface Found {
  readonly sequence: number;
  readonly bodyId: number;
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
      const slice = await entriesOf(shelf, queueId, false);
      if (this.#stopping) return;
      bytes += slice.bytes;
      const last = slice.found.length === 0;
      await this.#line.writeBetween((batch) => {
        for (const { sequence, bodyId } of slice.found) {
          batch.removeEntry(queueId, { sequence, messageId: bodyId, sizeBytes: 0, transient: false }, true);
        }
        if (last) batch.del(idKey(KIND.removed, queueId));
      });
      if (last) break;
    }
    this.#state.unswept.delete(queueId);
    await this.#sweepSwap(queueId);
    if (bytes < SLICE_BYTES) return;
    this.#compactor.range(
      entryKey(KIND.entry, queueId, 0),
      entryKey(KIND.entry, queueId, Number.MAX_SAFE_INTEGER),
    );
  }

  async #sweepSwap(queueId: number): Promise<void> {
    const { swap } = this.#state;
    for (;;) {
      if (swap.shelf === undefined || this.#stopping) return;
      const { found } = await entriesOf(swap.shelf, queueId, true);
      if (found.length === 0) return;
      await this.#line.alone(async () => {
        swap.forget(
          found.map(({ sequence, bodyId }) => {
            return { queueId, place: { sequence, messageId: bodyId, sizeBytes: 0, transient: true } };
          }),
        );
        await swap.writeGone();
      });
    }
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

async function entriesOf(
  { database }: Shelf,
  queueId: number,
  transient: boolean,
): Promise<{ readonly found: Found[]; readonly bytes: number }> {
  const values = database.values({
    gte: entryKey(KIND.entry, queueId, 0),
    lte: entryKey(KIND.entry, queueId, Number.MAX_SAFE_INTEGER),
    highWaterMarkBytes: SLICE_BYTES,
  });
  try {
    const found: Found[] = [];
    let bytes = 0;
    for (const value of await values.nextv(SLICE_ENTRIES)) {
      const { entry, bodyId } = readEntryRecord(queueId, asBuffer(value), transient);
      found.push({ sequence: entry.sequence, bodyId });
      bytes += value.length;
    }
    return { found, bytes };
  } finally {
    await values.close();
  }
}
