import { statfsSync, statSync } from "node:fs";
import { crc32 } from "node:zlib";
import { backup } from "./backup.ts";
import type { Database } from "./batch.ts";
import { batchInBundle, type DamageReport, newestTotals } from "./carried-totals.ts";
import { type DatabaseOptions, explained, openDatabase } from "./database.ts";
import { reasonOf, storeFailed } from "./failures.ts";
import { idOf, KIND, kindRange, nameKey, nameOf } from "./keys.ts";
import { KnownBundles } from "./known-bundles.ts";
import type { LevelStoreSettings } from "./level-store.ts";
import { logFiles, truncateLogs } from "./log-file.ts";
import { checkEverything } from "./paranoid.ts";
import { QueueTotals, readQueue } from "./queue-state.ts";
import { asBuffer, Shelf } from "./shelf.ts";
import {
  BATCH_HEAD_BYTES,
  batchNumberOf,
  HEAD_KEY,
  readHead,
  type StoreHead,
  writeHead,
} from "./store-head.ts";
import { SwapSpace } from "./swap-space.ts";

const MIB = 1024 * 1024;
const CHUNK_ENTRIES = 10_000;
/** What opening takes besides the log. */
const ROOM_BYTES = 256 * 1024;
const PURGING_KEY: Buffer = nameKey(KIND.store, "purging");

/** What is open, and what is known without reading: totals of every queue, the highest ids. */
export class StoreState {
  readonly #settings: LevelStoreSettings;
  readonly totals: Map<number, QueueTotals> = new Map();
  readonly known: KnownBundles;
  #shelf: Shelf | undefined = undefined;
  #swap: SwapSpace | undefined = undefined;
  #lastMessageId = 0;
  #closed = false;
  /** Removed queues whose entries are still there. */
  readonly unswept: Set<number> = new Set();
  lastQueueId = 0;
  /** Batches that are durable. */
  batches = 0;

  constructor(settings: LevelStoreSettings) {
    this.#settings = settings;
    this.known = new KnownBundles(this.totals, settings.bundleLimits);
  }

  nextMessageId(): number {
    this.#lastMessageId += 1;
    return this.#lastMessageId;
  }

  /**
   * The durable database.
   * @throws BrokerError STORE_FAILED while it is not open
   */
  get shelf(): Shelf {
    if (this.#shelf?.database.status === "open") return this.#shelf;
    throw storeFailed(`The store in '${this.#settings.directory}' is not open`);
  }

  /** Whether the durable database takes reads and writes. */
  get isOpen(): boolean {
    return this.#shelf?.database.status === "open";
  }

  /** @throws BrokerError STORE_FAILED before it was opened */
  get swap(): SwapSpace {
    if (this.#swap === undefined) throw storeFailed(`The store in '${this.#settings.directory}' is not open`);
    return this.#swap;
  }

  get #options(): DatabaseOptions {
    const { directory, failIfLocked, compression, writeBufferBytes, paranoid } = this.#settings;
    const sizes = { writeBufferBytes, cacheBytes: 16 * MIB, fileBytes: 8 * MIB };
    return { directory, failIfLocked, compression, paranoid, ...sizes };
  }

  /** @throws BrokerError STORE_FAILED with what is wrong and what to do */
  async open(): Promise<void> {
    const { directory, logger, pause, paranoid, swapDirectory, codecs } = this.#settings;
    const self = this;
    const database = await openDatabase(this.#options, {
      locked: () =>
        logger.warn({ directory }, "Another process has the store open; waiting until it lets go"),
      pause,
      get cancelled() {
        return self.#closed;
      },
    });
    try {
      await this.#finishPurge(database);
      await this.#load(database);
      if (paranoid) await checkEverything(database, this.totals, codecs);
    } catch (error) {
      await database.close();
      throw explained(error, directory);
    }
    this.#shelf = new Shelf(database, this.#lastMessageId);
    this.#swap = new SwapSpace({ ...this.#options, directory: swapDirectory, cacheBytes: 8 * MIB });
  }

  async #load(database: Database): Promise<void> {
    this.known.forgetAll();
    this.totals.clear();
    this.unswept.clear();
    this.#readHead(await database.get(HEAD_KEY));
    for await (const chunk of chunksOf(database, KIND.queue)) {
      for (const [key, value] of chunk) {
        const queue = readQueue(idOf(asBuffer(key)), asBuffer(value));
        this.totals.set(queue.queueId, new QueueTotals(queue));
        this.lastQueueId = Math.max(this.lastQueueId, queue.queueId);
      }
    }
    const { directory, logger } = this.#settings;
    const damaged: DamageReport = (queueId, error) => {
      const reason = reasonOf(error);
      logger.error({ directory, queueId, reason }, "The last messages of a queue are damaged");
    };
    for await (const chunk of chunksOf(database, KIND.summary)) {
      for (const [key, value] of chunk) {
        const queueId = idOf(asBuffer(key));
        const known = this.totals.get(queueId);
        if (known === undefined)
          throw storeFailed(`The store has totals of queue ${queueId}, but no such queue`);
        this.totals.set(queueId, await newestTotals(database, known.queue, asBuffer(value), damaged));
      }
    }
    this.batches = await this.#batchesIn(database);
    for await (const chunk of chunksOf(database, KIND.removed)) {
      for (const [key] of chunk) this.unswept.add(idOf(asBuffer(key)));
    }
  }

  #readHead(record: Uint8Array | undefined): void {
    const head = readHead(record === undefined ? undefined : asBuffer(record));
    this.batches = head.batches;
    this.#lastMessageId = Math.max(this.#lastMessageId, head.lastMessageId);
    this.lastQueueId = Math.max(this.lastQueueId, head.lastQueueId);
  }

  /** How many batches a database has: the last one began with its head, or left its number in bundles. */
  async #batchesIn(database: Database): Promise<number> {
    const record = await database.get(HEAD_KEY);
    let { batches } = readHead(record === undefined ? undefined : asBuffer(record));
    for (const totals of this.totals.values()) {
      batches = Math.max(batches, await batchInBundle(database, totals));
    }
    return batches;
  }

  /** The head of the next batch. */
  head(): Buffer {
    const head: StoreHead = {
      batches: this.batches + 1,
      lastMessageId: this.#lastMessageId,
      lastQueueId: this.lastQueueId,
    };
    return writeHead(head);
  }

  /**
   * After a failed write: closes the database, takes what was not confirmed off its log, and opens it again.
   * LevelDB takes no writes any more after some failures, and would lose later ones after others. While there is no
   * room for that it stays open, so that it can be read.
   * @throws BrokerError STORE_FAILED when that does not work (yet)
   */
  async reopen(): Promise<void> {
    const { directory } = this.#settings;
    const shelf = this.#shelf;
    if (shelf === undefined) throw storeFailed(`The store in '${directory}' is not open`);
    needRoom(directory);
    await shelf.database.close().catch(() => undefined);
    try {
      truncateLogs(directory, BATCH_HEAD_BYTES, (head) => (batchNumberOf(head) ?? 0) > this.batches);
      await shelf.database.open();
      const batches = await this.#batchesIn(shelf.database);
      if (batches === this.batches) return await this.#finishPurge(shelf.database);
      await shelf.database.close();
      throw storeFailed(`it has ${batches} batches, not the ${this.batches} that were confirmed`);
    } catch (error) {
      throw storeFailed(`The store in '${directory}' cannot be opened again: ${reasonOf(error)}`, error);
    }
  }

  /** Every named value, by name. */
  async readStates(): Promise<ReadonlyMap<string, Uint8Array>> {
    const states = new Map<string, Uint8Array>();
    for await (const chunk of chunksOf(this.shelf.database, KIND.state)) {
      for (const [key, value] of chunk) {
        const record = asBuffer(value);
        const name = nameOf(asBuffer(key));
        if (record.length < 4 || crc32(record.subarray(4)) !== record.readUInt32BE(0)) {
          throw storeFailed(`The stored value '${name}' is damaged: its checksum is wrong`);
        }
        states.set(name, record.subarray(4));
      }
    }
    return states;
  }

  /** Copies what is durable; see {@link backup}. */
  async backup(directory: string): Promise<void> {
    await backup(this.shelf.database, this.#options, directory);
  }

  /**
   * Removes everything but the format and the highest ids. A crash in between is made up for at the next start, a
   * failure before the next write.
   */
  async purge(): Promise<void> {
    const { database } = this.shelf;
    const batch = database.batch().put(HEAD_KEY, this.head()).put(PURGING_KEY, new Uint8Array(0));
    for (const kind of [KIND.state, KIND.queue, KIND.summary, KIND.removed]) {
      for await (const key of database.keys(kindRange(kind))) batch.del(key);
    }
    await batch.write({ sync: true });
    this.batches += 1;
    this.known.forgetAll();
    this.totals.clear();
    this.unswept.clear();
    this.#shelf = new Shelf(database, this.#lastMessageId);
    await this.swap.close();
    await this.#clearEntries(database);
  }

  async #finishPurge(database: Database): Promise<void> {
    if ((await database.get(PURGING_KEY)) !== undefined) await this.#clearEntries(database);
  }

  async #clearEntries(database: Database): Promise<void> {
    await database.clear({ gte: Buffer.of(KIND.entry) });
    await database.del(PURGING_KEY, { sync: true });
    await database.compactRange(Buffer.of(KIND.entry), Buffer.of(KIND.gone + 1));
  }

  /** A page began with this entry: earlier ones are gone. */
  firstFound(queueId: number, before: number, first: number): void {
    const totals = this.totals.get(queueId);
    if (totals?.firstSequence === before) totals.firstSequence = first;
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#shelf?.database.close();
    await this.#swap?.close();
  }
}

/** LevelDB makes a sorted file of its log when it is opened. */
function needRoom(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const logs = logFiles(directory).reduce((sum, path) => sum + statSync(path).size, 0);
  const needed = logs + ROOM_BYTES;
  if (free >= needed) return;
  const [wanted, found] = [needed, free].map((bytes) => (bytes / MIB).toFixed(1));
  throw storeFailed(
    `The store in '${directory}' waits for room on its disk: it needs ${wanted} MiB, ${found} MiB are free`,
  );
}

async function* chunksOf(database: Database, kind: number): AsyncGenerator<[Uint8Array, Uint8Array][]> {
  const iterator = database.iterator({ ...kindRange(kind), highWaterMarkBytes: MIB });
  try {
    for (;;) {
      const chunk = await iterator.nextv(CHUNK_ENTRIES);
      if (chunk.length === 0) return;
      yield chunk;
    }
  } finally {
    await iterator.close();
  }
}
