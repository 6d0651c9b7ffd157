import { rmSync } from "node:fs";
import type { Batch } from "./batch.ts";
import { type DatabaseOptions, newDatabase } from "./database.ts";
import { reasonOf, storeFailed } from "./failures.ts";
import type { SwapRemoval } from "./group.ts";
import { Shelf } from "./shelf.ts";

/**
 * Where transient entries lie: a database that is begun anew each time, and only when it is needed. Nothing in it
 * has to survive, so nothing waits for the disk.
 */
export class SwapSpace {
  readonly #options: DatabaseOptions;
  #shelf: Shelf | undefined = undefined;
  /** Entries that are gone for the store, by queue, and may still be in the database. */
  readonly #gone: Map<number, Map<number, SwapRemoval>> = new Map();

  constructor(options: DatabaseOptions) {
    this.#options = options;
    rmSync(options.directory, { recursive: true, force: true });
  }

  /** What was opened; undefined when nothing was swapped yet. */
  get shelf(): Shelf | undefined {
    return this.#shelf;
  }

  /**
   * Opens it when it is needed for the first time.
   * @throws BrokerError STORE_FAILED
   */
  async open(): Promise<Shelf> {
    if (this.#shelf?.database.status === "open") return this.#shelf;
    const database = this.#shelf?.database ?? newDatabase(this.#options);
    try {
      await database.open();
    } catch (error) {
      throw storeFailed(
        `The swap space in '${this.#options.directory}' cannot be opened: ${reasonOf(error)}`,
        error,
      );
    }
    this.#shelf ??= new Shelf(database, 0);
    return this.#shelf;
  }

  /** Makes it readable again after a failure, if that works; nothing when it was not needed yet. */
  async openAgain(): Promise<void> {
    if (this.#shelf !== undefined) await this.open().catch(() => undefined); // who reads finds out
  }

  /** Remembers entries that are to go with the next batch. */
  forget(removals: readonly SwapRemoval[]): void {
    for (const removal of removals) {
      const { queueId, place } = removal;
      let gone = this.#gone.get(queueId);
      if (gone === undefined) {
        gone = new Map();
        this.#gone.set(queueId, gone);
      }
      gone.set(place.sequence, removal);
    }
  }

  /** Entries of a queue that are gone and may still be in the database, as of now. */
  goneOf(queueId: number): ReadonlySet<number> {
    return new Set(this.#gone.get(queueId)?.keys());
  }

  /** Whether entries wait to be removed. */
  get hasGone(): boolean {
    return this.#gone.size > 0;
  }

  /** Takes out what is gone, with a batch that {@link write} gets. */
  removeGone(batch: Batch): void {
    for (const gone of this.#gone.values()) {
      for (const { queueId, place } of gone.values()) {
        batch.removeBundle(queueId, place.sequence, false);
        batch.removeCounter(queueId, place.sequence);
        batch.unreference(place.messageId);
      }
    }
  }

  /** Takes out what is gone, by itself. */
  async writeGone(): Promise<void> {
    const batch = (await this.open()).batch();
    this.removeGone(batch);
    await this.write(batch);
  }

  /**
   * Writes a batch in which what is gone is taken out. After a failure LevelDB takes no further one until it is opened
   * again.
   * @throws BrokerError STORE_FAILED
   */
  async write(batch: Batch): Promise<void> {
    try {
      await batch.write(false);
    } catch (error) {
      await this.#shelf?.database.close().catch(() => undefined);
      throw storeFailed(`The swap space cannot be written: ${reasonOf(error)}`, error);
    }
    batch.succeeded();
    this.#gone.clear();
  }

  /** Closes and deletes it. */
  async close(): Promise<void> {
    await this.#shelf?.database.close().catch(() => undefined);
    this.#shelf = undefined;
    this.#gone.clear();
    rmSync(this.#options.directory, { recursive: true, force: true });
  }
}
