import { BrokerError } from "@tsapollo/domain";
import { type Batch, Scratch } from "./batch.ts";
import { Compactor } from "./compactor.ts";
import { reasonOf, storeFailed } from "./failures.ts";
import { findBundle } from "./find-bundle.ts";
import { Group, type UnknownPlace } from "./group.ts";
import type { LevelStoreSettings } from "./level-store.ts";
import type { LevelUnit } from "./level-unit.ts";
import type { QueueTotals } from "./queue-state.ts";
import type { Shelf } from "./shelf.ts";
import { HEAD_KEY } from "./store-head.ts";
import type { StoreState } from "./store-state.ts";
import { Sweeper } from "./sweeper.ts";
import { Thinner } from "./thinner.ts";

const GROUP_BYTES = 8 * 1024 * 1024;
const REOPEN_MS = 1_000;

interface Waiting {
  /** Undefined for work that needs the store for itself. */
  readonly unit: LevelUnit | undefined;
  readonly work: (() => Promise<void>) | undefined;
  readonly done: (error?: Error) => void;
}

/**
 * Writes units in the order in which they were committed, one batch at a time; what arrives meanwhile leaves
 * together in the next one. After a failure everything that waits fails, too, so that order is kept.
 */
export class CommitLine {
  readonly #state: StoreState;
  readonly #settings: LevelStoreSettings;
  readonly #sweeper: Sweeper;
  readonly #compactor: Compactor;
  readonly #thinner: Thinner;
  readonly #scratch: Scratch = new Scratch();
  #waiting: Waiting[] = [];
  #running = false;
  #broken = false;
  #lastReopenMs = -REOPEN_MS;
  #groups = 0;
  #idle: (() => void)[] = [];

  constructor(state: StoreState, settings: LevelStoreSettings) {
    this.#state = state;
    this.#settings = settings;
    this.#compactor = new Compactor(state, (build) => this.writeBetween(build));
    this.#sweeper = new Sweeper(state, this, this.#compactor, settings.logger);
    this.#thinner = new Thinner(state, this, this.#compactor, settings.logger, settings.thinBundles);
  }

  /** Goes on with removing the entries of queues that were removed before. */
  sweepRest(): void {
    for (const queueId of this.#state.unswept) this.#sweeper.add(queueId);
  }

  /** Adds a unit to the line. */
  commit(unit: LevelUnit, done: (error?: Error) => void): void {
    this.#add({ unit, work: undefined, done });
  }

  /** Does something between batches. */
  async alone(work: () => Promise<void>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#add({
        unit: undefined,
        work,
        done: (error) => (error === undefined ? resolve() : reject(error)),
      });
    });
  }

  #add(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (!this.#running) void this.#run(); // it never rejects
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const members = this.#nextMembers();
      let error: Error | undefined;
      try {
        await this.#reopenIfBroken();
        const work = members[0]!.work;
        // One turn at least lies between commit and what it calls back.
        if (work === undefined) await this.#write(members);
        else await work();
      } catch (cause) {
        error = cause instanceof Error ? cause : new Error(String(cause));
        this.#state.known.forgetAll();
        // What LevelDB itself says may leave its log torn. Our own errors come before it writes, or have told so.
        if (!(error instanceof BrokerError)) this.#broken = true;
        members.push(...this.#waiting.splice(0));
      }
      for (const { done } of members) done(error);
    }
    this.#running = false;
    for (const idle of this.#idle.splice(0)) idle();
  }

  #nextMembers(): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { unit } of this.#waiting) {
      if (count > 0 && (unit === undefined || bytes + unit.pendingBytes > GROUP_BYTES)) break;
      bytes += unit?.pendingBytes ?? 0;
      count += 1;
      if (unit === undefined) break;
    }
    return this.#waiting.splice(0, count);
  }

  async #reopenIfBroken(): Promise<void> {
    if (!this.#broken) return;
    const wait = this.#lastReopenMs + REOPEN_MS - performance.now();
    if (wait > 0) await this.#settings.pause(wait);
    this.#lastReopenMs = performance.now();
    await this.#state.reopen();
    this.#state.known.forgetAll(); // pages may have seen what is not there any more
    this.#broken = false;
    this.#settings.logger.info({ directory: this.#settings.directory }, "The store takes messages again");
  }

  async #write(members: readonly Waiting[]): Promise<void> {
    const state = this.#state;
    const units = members.map(({ unit }) => unit!);
    const needed = state.swap.hasGone || units.some((unit) => unit.hasTransient);
    const swapShelf = needed ? await state.swap.open() : undefined;
    let swapBatch: Batch | undefined;
    const durable = state.shelf.batch();
    const startSwap = (): Batch => {
      if (swapBatch === undefined) {
        swapBatch = swapShelf!.batch();
        state.swap.removeGone(swapBatch);
      }
      return swapBatch;
    };
    this.#groups += 1;
    const { totals, known } = state;
    const isPlain = units.every((unit) => isPlainFor(unit, totals));
    const group = new Group({
      durable,
      swap: startSwap,
      totals,
      known,
      scratch: this.#scratch,
      number: this.#groups,
      batchNumber: state.batches + 1,
      isPlain,
      longBytes: this.#settings.longBytes,
    });
    const lastQueueId = state.lastQueueId;
    try {
      for (const unit of units) {
        for (const { put } of unit.queues) {
          if (put !== undefined && put.queueId > state.lastQueueId) state.lastQueueId = put.queueId;
        }
      }
      const unknown: UnknownPlace[] = [];
      for (const unit of units) group.prepare(unit, unknown);
      if (unknown.length > 0) await this.#find(unknown);
      if (!isPlain) durable.put(HEAD_KEY, state.head());
      if (state.swap.hasGone) startSwap();
      for (const unit of units) group.add(unit);
      group.finish();
      if (swapBatch !== undefined) await state.swap.write(swapBatch);
      if (group.isDurable) await this.#writeDurable(durable, this.#settings.sync);
      else await durable.discard();
    } catch (error) {
      group.undo();
      state.lastQueueId = lastQueueId;
      if (swapBatch !== undefined) state.swap.forget(group.swapAdded);
      await durable.discard(); // its database keeps it otherwise
      await swapBatch?.discard();
      throw error;
    }
    this.#settle(group);
  }

  /**
   * Reads the bundles that entries are to be taken out of. One that is damaged stays as it is, or the store would stand
   * still: whoever reads its messages is told.
   */
  async #find(unknown: readonly UnknownPlace[]): Promise<void> {
    const { known, shelf } = this.#state;
    for (const { work, sequence } of unknown) {
      if (work.changeAt(sequence, known) !== undefined) continue;
      const { queueId } = work.totals.queue;
      try {
        const found = await findBundle(shelf, queueId, sequence);
        if (found !== undefined) work.learn(found.bundle);
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error;
        const { directory, logger } = this.#settings;
        const reason = reasonOf(error);
        logger.error({ directory, queueId, sequence, reason }, "A stored entry cannot be taken out");
      }
    }
  }

  /** Writes a batch of the store's own, between others. */
  async writeBetween(build: (batch: Batch) => void): Promise<void> {
    await this.alone(() => this.writeInside(build));
  }

  /** The same within {@link alone}. */
  async writeInside(build: (batch: Batch) => void, shelf: Shelf = this.#state.shelf): Promise<void> {
    const batch = shelf.batch();
    try {
      batch.put(HEAD_KEY, this.#state.head());
      build(batch);
      await this.#writeDurable(batch, false);
    } finally {
      await batch.discard();
    }
  }

  async #writeDurable(batch: Batch, sync: boolean): Promise<void> {
    try {
      await batch.write(sync);
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      this.#broken = true;
      const { directory, logger } = this.#settings;
      logger.error({ directory, reason: reasonOf(error) }, "The store cannot be written");
      throw storeFailed(`The store in '${directory}' cannot be written: ${reasonOf(error)}`, error);
    }
    this.#state.batches += 1;
    batch.succeeded();
    if (batch.uncounted === 0) return;
    const { directory, logger } = this.#settings;
    const text = "Stored messages whose count of entries is damaged stay on the disk";
    logger.error({ directory, entries: batch.uncounted }, text);
  }

  /** What follows from a group that was written. */
  #settle(group: Group): void {
    const { totals, swap } = this.#state;
    for (const { queueId, place } of group.swapAdded) {
      const queue = totals.get(queueId);
      if (queue === undefined) continue;
      queue.swapCount += 1;
      queue.swapBytes += place.sizeBytes;
      if (place.sequence > queue.swapLast) queue.swapLast = place.sequence;
    }
    for (const { queueId, place } of group.swapRemoved) {
      const queue = totals.get(queueId);
      if (queue === undefined) continue;
      queue.swapCount -= 1;
      queue.swapBytes -= place.sizeBytes;
    }
    swap.forget(group.swapRemoved);
    group.settle(this.#thinner);
    for (const queueId of group.removedQueues) this.#sweeper.add(queueId);
    for (const queue of group.touched) {
      queue.visibleLast = queue.lastSequence;
      this.#compactor.consider(queue);
    }
  }

  /** Waits for everything that is in the line, and for what goes on behind it. */
  async close(): Promise<void> {
    this.#sweeper.stop();
    this.#thinner.stop();
    if (this.#running) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#sweeper.stopped();
    await this.#thinner.stopped();
    await this.#compactor.stop();
  }
}

/**
 * Whether a unit just adds to queues that are long already. It is written without a key that lies elsewhere: so LevelDB's
 * files of such units follow each other, and it need not merge them.
 */
function isPlainFor(unit: LevelUnit, totals: ReadonlyMap<number, QueueTotals>): boolean {
  if (unit.hasTransient || unit.hasBodies || unit.isScattered || unit.hasStates) return false;
  for (const { queueId, entries, put, removed, dequeues, counters } of unit.queues) {
    if (put !== undefined || removed || dequeues !== undefined || counters !== undefined) return false;
    const queue = totals.get(queueId);
    if (queue?.mayBeCarried !== true) return false;
    // a unit that failed may come again after later ones: then its bundle is not the last
    if (entries.length > 0 && entries[0]!.sequence <= queue.lastSequence) return false;
  }
  return true;
}
