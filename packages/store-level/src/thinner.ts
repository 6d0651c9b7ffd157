import type { Logger } from "@tsapollo/domain";
import { BundleWriter, ENTRIES_AT, entriesEnd, nextEntryAt, offsetAt } from "./bundle-record.ts";
import type { CommitLine } from "./commit-line.ts";
import type { Compactor } from "./compactor.ts";
import { reasonOf } from "./failures.ts";
import { type FoundBundle, findBundle } from "./find-bundle.ts";
import { holesOf, isMissing } from "./gone-record.ts";
import { entryKey, KIND } from "./keys.ts";
import { entriesLeft, type KnownBundle } from "./known-bundles.ts";
import type { StoreState } from "./store-state.ts";

/** A bundle with at most one entry left of so many is thin, when so many bytes would be freed. */
const THIN_PARTS = 4;
const FREED_BYTES = 8 * 1024;

/** How many thin bundles are left alone: most of them are about to go as a whole. */
export const THIN_BUNDLES = 64;

interface Thin {
  readonly queueId: number;
  readonly last: number;
}

/**
 * Writes bundles anew of which little is left, so that a few messages that stay do not hold many times their size on the
 * disk. The last ones that became thin wait: a queue that is drained makes all its bundles thin for a moment.
 */
export class Thinner {
  readonly #state: StoreState;
  readonly #line: CommitLine;
  readonly #compactor: Compactor;
  readonly #logger: Logger;
  readonly #waitingMax: number;
  readonly #writer: BundleWriter = new BundleWriter();
  readonly #waiting: Map<string, Thin> = new Map();
  #running: Promise<void> | undefined = undefined;
  #stopping = false;

  constructor(
    state: StoreState,
    line: CommitLine,
    compactor: Compactor,
    logger: Logger,
    waitingMax: number = THIN_BUNDLES,
  ) {
    this.#state = state;
    this.#line = line;
    this.#compactor = compactor;
    this.#logger = logger;
    this.#waitingMax = waitingMax;
  }

  /** Something was taken out of a bundle; `left` entries are still there. */
  consider(queueId: number, bundle: KnownBundle, left: number): void {
    if (left === 0) {
      if (this.#waiting.size > 0) this.#waiting.delete(`${queueId}:${bundle.last}`);
      return;
    }
    if (!isThin(bundle, left)) return;
    const { last } = bundle;
    this.#waiting.set(`${queueId}:${last}`, { queueId, last });
    if (this.#waiting.size > this.#waitingMax && !this.#stopping) this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > this.#waitingMax && !this.#stopping) {
      const [key, thin] = this.#waiting.entries().next().value!;
      this.#waiting.delete(key);
      try {
        await this.#line.alone(() => this.#thin(thin));
      } catch {
        // it stays as it is; whoever writes next finds out what is wrong
      }
    }
    this.#running = undefined;
  }

  /** Runs alone: nobody else changes a bundle meanwhile. */
  async #thin({ queueId, last }: Thin): Promise<void> {
    const { totals, shelf, known } = this.#state;
    const queue = totals.get(queueId);
    const found = queue === undefined ? undefined : await this.#find(queueId, last);
    if (queue === undefined || found?.bundle.last !== last) return;
    if (!isThin(found.bundle, entriesLeft(found.bundle))) return;
    const record = this.#rewritten(queueId, found);
    await this.#line.writeInside((batch) => {
      batch.put(entryKey(KIND.entry, queueId, last), record);
      batch.del(entryKey(KIND.gone, queueId, last));
    }, shelf);
    const { first, bytes } = found.bundle;
    const head = { first, last, count: this.#writer.count };
    known.set(queue, {
      ...head,
      bytes: record.length,
      missing: holesOf(head, record),
      isMarked: false,
    });
    queue.freed(last, bytes - record.length);
    this.#compactor.consider(queue);
  }

  async #find(queueId: number, last: number): Promise<FoundBundle | undefined> {
    try {
      return await findBundle(this.#state.shelf, queueId, last);
    } catch (error) {
      this.#logger.error({ queueId, reason: reasonOf(error) }, "A stored bundle of messages cannot be read");
      return undefined;
    }
  }

  #rewritten(queueId: number, { bundle, record }: FoundBundle): Buffer {
    const writer = this.#writer;
    const { first, last, missing } = bundle;
    writer.begin(first);
    for (let at = ENTRIES_AT; at < entriesEnd(record); ) {
      const next = nextEntryAt(record, at);
      const offset = offsetAt(record, at);
      if (missing === undefined || !isMissing(missing, offset)) {
        writer.copy(first + offset, record.subarray(at, next));
      }
      at = next;
    }
    // totals that it carried are older than what took its entries out
    return writer.finish(queueId, { batch: this.#state.batches + 1, last });
  }

  /** Begins no further bundle. */
  stop(): void {
    this.#stopping = true;
  }

  /** Waits until the bundle under way is done. */
  async stopped(): Promise<void> {
    await this.#running;
  }
}

function isThin({ count, bytes }: KnownBundle, left: number): boolean {
  return left * THIN_PARTS <= count && bytes - (bytes * left) / count >= FREED_BYTES;
}
