import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  BrokerError,
  type CodecLookup,
  type LoadedEntry,
  type Logger,
  type MessageStore,
  type PageBounds,
  type QueueState,
  SILENT_LOGGER,
  type UnitOfWork,
} from "@tsapollo/domain";
import { CommitLine } from "./commit-line.ts";
import { codeOf, reasonOf, storeFailed } from "./failures.ts";
import { BUNDLE_LIMITS, type BundleLimits } from "./known-bundles.ts";
import { LevelUnit, type UnitHome } from "./level-unit.ts";
import { pageOf } from "./page.ts";
import { LONG_BYTES } from "./queue-state.ts";
import { StoreState } from "./store-state.ts";
import { THIN_BUNDLES } from "./thinner.ts";

const MIB = 1024 * 1024;

/** What a LevelDB store is made of. */
export interface LevelStoreParts {
  /** Where it is; created when missing. */
  readonly directory: string;
  /** The encodings of this broker. */
  readonly codecs: CodecLookup;
  /** Wait for the disk before a unit counts as durable. */
  readonly sync?: boolean;
  /** Fail at once when another process has it open, instead of trying again each second. */
  readonly failIfLocked?: boolean;
  readonly compression?: boolean;
  /** Bytes gathered in memory and in one log, twice at most; they are read again when the store is opened. */
  readonly writeBufferBytes?: number;
  /** Read everything when it is opened, and refuse to open when something is damaged. */
  readonly paranoid?: boolean;
  /** How many bundles of entries are remembered. */
  readonly bundleLimits?: BundleLimits;
  /** How many bundles of which little is left are not written anew yet. */
  readonly thinBundles?: number;
  /** Bytes from which on the totals of a queue may lie in its last bundle. */
  readonly longBytes?: number;
  readonly logger?: Logger;
  /** Waits; replaced by tests. */
  readonly pause?: (ms: number) => Promise<void>;
}

/** The parts with their defaults. */
export interface LevelStoreSettings extends Required<LevelStoreParts> {
  readonly swapDirectory: string;
}

/**
 * The message store port on LevelDB. One unit of work, or several that waited together, is one batch; one batch is
 * written at a time. Transient entries lie in a second database below the first, which is emptied at the start.
 */
export class LevelStore implements MessageStore, UnitHome {
  readonly title: string;
  readonly durable = true;
  readonly #settings: LevelStoreSettings;
  readonly #state: StoreState;
  readonly #line: CommitLine;

  constructor(parts: LevelStoreParts) {
    const directory = resolve(parts.directory);
    this.title = `leveldb store at ${directory}`;
    this.#settings = {
      sync: true,
      failIfLocked: false,
      compression: true,
      writeBufferBytes: 32 * MIB,
      paranoid: false,
      bundleLimits: BUNDLE_LIMITS,
      thinBundles: THIN_BUNDLES,
      longBytes: LONG_BYTES,
      logger: SILENT_LOGGER,
      pause: async (ms) => sleep(ms),
      ...parts,
      directory,
      swapDirectory: join(directory, "swap"),
    };
    this.#state = new StoreState(this.#settings);
    this.#line = new CommitLine(this.#state, this.#settings);
  }

  get lastQueueId(): number {
    return this.#state.lastQueueId;
  }

  async open(): Promise<void> {
    await this.#state.open();
    this.#line.sweepRest();
  }

  begin(isScattered = false): UnitOfWork {
    return new LevelUnit(this, isScattered);
  }

  nextMessageId(): number {
    return this.#state.nextMessageId();
  }

  commit(unit: LevelUnit, onDurable: (error?: Error) => void): void {
    this.#line.commit(unit, onDurable);
  }

  async queues(): Promise<readonly QueueState[]> {
    const states = Array.from(this.#state.totals.values(), (totals) => totals.state());
    return states.sort((a, b) => a.queue.queueId - b.queue.queueId);
  }

  async page(queueId: number, bounds: PageBounds): Promise<readonly LoadedEntry[]> {
    const { codecs } = this.#settings;
    try {
      return await pageOf(this.#state, queueId, bounds, codecs);
    } catch (error) {
      if (this.#state.isOpen && !isClosing(error)) throw explained(error, this.title);
    }
    try {
      await this.#line.alone(() => this.#state.swap.openAgain()); // after a failure one of the two is not open
      return await pageOf(this.#state, queueId, bounds, codecs);
    } catch (error) {
      throw explained(error, this.title);
    }
  }

  async states(): Promise<ReadonlyMap<string, Uint8Array>> {
    try {
      return await this.#state.readStates();
    } catch (error) {
      throw explained(error, this.title);
    }
  }

  async backup(directory: string): Promise<void> {
    await this.#state.backup(directory);
  }

  async purge(): Promise<void> {
    await this.#line.alone(() => this.#state.purge());
  }

  async close(): Promise<void> {
    await this.#line.close();
    await this.#state.close();
  }
}

function isClosing(error: unknown): boolean {
  return /_NOT_OPEN$/.test(codeOf(error) ?? "");
}

function explained(error: unknown, title: string): Error {
  if (error instanceof BrokerError) return error;
  return storeFailed(`The ${title} cannot be read: ${reasonOf(error)}`, error);
}
