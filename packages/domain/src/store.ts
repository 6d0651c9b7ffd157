import type { Message } from "./message.ts";

/** A queue or durable subscription as the store knows it. */
export interface StoredQueue {
  /** Unique in the store, from 1 upward, never used again. */
  readonly queueId: number;
  /** The address's canonical text: `queue:a.b`, `dsub:client1`. */
  readonly key: string;
  /** What the engine needs to restore it: topics of a durable subscription and so on, as JSON. */
  readonly description: string;
}

/** A queue as the store finds it when it is opened: enough to go on without reading its entries. */
export interface QueueState {
  readonly queue: StoredQueue;
  /** Highest sequence it ever had; 0 for none. */
  readonly lastSequence: number;
  readonly entryCount: number;
  /** Sizes of its entries' messages. */
  readonly bytes: number;
  /** No entry expires before; 0 when none does. */
  readonly earliestExpiryMs: number;
}

/** One message in one queue as the store knows it. */
export interface StoredEntry {
  readonly sequence: number;
  readonly sizeBytes: number;
  readonly expiresAtMs: number;
  readonly redeliveryCount: number;
  /** Canonical text of the address it came through, when it is not the queue itself. */
  readonly via: string | undefined;
  readonly retained: boolean;
  /** Written for want of memory only: gone when the store is opened again. */
  readonly transient: boolean;
}

/** What is needed to take an entry out again. */
export interface StoredPlace {
  readonly sequence: number;
  /** As {@link UnitOfWork.storeMessage} returned it, or as it was loaded. */
  readonly messageId: number;
  readonly sizeBytes: number;
  readonly transient: boolean;
}

/** An entry that was read back, with its message. */
export interface LoadedEntry extends StoredEntry, StoredPlace {
  readonly message: Message;
}

/**
 * Operations that become durable together, or not at all: one record. It is built in one turn, committed and then
 * forgotten; nothing durable is written any other way. [architecture 5]
 */
export interface UnitOfWork {
  /**
   * Adds a message's body; returns a number that stands for it until the next message is stored, and after that as
   * long as an entry of the unit refers to it. The message must own its bytes.
   */
  storeMessage(message: Message): number;
  /** Puts a stored message into a queue. Sequences of a queue only grow. */
  enqueue(queueId: number, messageId: number, entry: StoredEntry): void;
  /** Takes an entry out; a message without entries is gone. Cancels an enqueue of the same unit. */
  dequeue(queueId: number, place: StoredPlace): void;
  /** Sets how often an entry was sent before. Nothing for one that is taken out in the same unit. */
  redelivered(queueId: number, place: StoredPlace, redeliveryCount: number): void;
  /** Adds or replaces a queue. */
  putQueue(queue: StoredQueue): void;
  /** Removes a queue with all its entries, those of this unit included. */
  removeQueue(queueId: number): void;
  /** Sets a named value (sessions, retained messages, counters). */
  putState(key: string, value: Uint8Array): void;
  /** Removes a named value; nothing when it is missing. */
  removeState(key: string): void;
  /** Whether nothing is left to write. */
  readonly isEmpty: boolean;
  /** How many entries it would add. */
  readonly entryCount: number;
  /** About how many bytes it holds in memory. */
  readonly pendingBytes: number;
  /**
   * Writes it. `onDurable` is called exactly once, never before `commit` returns, in order of commits. After an
   * error nothing of it is written; more may be taken out of it, and it may be committed again.
   */
  commit(onDurable: (error?: Error) => void): void;
}

/** Bounds of one {@link MessageStore.page}. */
export interface PageBounds {
  /** First and last sequence wanted. */
  readonly from: number;
  readonly to: number;
  /** Most entries, and about the most bytes; at least one entry is returned if there is one. */
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Where messages, queues and named state survive. One per virtual host. */
export interface MessageStore {
  /** For people: `memory store`, `leveldb store at <directory>`. */
  readonly title: string;
  /** Whether what it keeps survives the process. */
  readonly durable: boolean;
  /** Highest queue id it ever saw; 0 for none. Known when it is open. */
  readonly lastQueueId: number;
  /**
   * Makes it ready.
   * @throws BrokerError STORE_FAILED with what is wrong and what to do
   */
  open(): Promise<void>;
  /**
   * Starts a unit of work. With `isScattered` its entries may come in any order, also behind one another's back in several
   * such units; only for queues that were made for it.
   */
  begin(isScattered?: boolean): UnitOfWork;
  /** The queues, by id. */
  queues(): Promise<readonly QueueState[]>;
  /** Entries of a queue with their messages, in sequence order: those whose commit was done when it was called. */
  page(queueId: number, bounds: PageBounds): Promise<readonly LoadedEntry[]>;
  /** Every named value, by name. */
  states(): Promise<ReadonlyMap<string, Uint8Array>>;
  /**
   * Writes a consistent copy of what is durable now into an empty or missing directory, while work goes on.
   * @throws BrokerError STORE_FAILED, also for a store that cannot be copied
   */
  backup(directory: string): Promise<void>;
  /** Empties it. */
  purge(): Promise<void>;
  /** Waits for commits under way, then lets go of everything. */
  close(): Promise<void>;
}
