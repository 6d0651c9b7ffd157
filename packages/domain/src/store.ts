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

/** One message in one queue as the store knows it. */
export interface StoredEntry {
  readonly sequence: number;
  readonly messageId: number;
  readonly sizeBytes: number;
  readonly expiresAtMs: number;
  readonly redeliveryCount: number;
  /** Canonical text of the address it came through, when it is not the queue itself. */
  readonly via: string | undefined;
  readonly retained: boolean;
}

/**
 * Operations that become durable together, or not at all: one record. It is built in one turn, committed once
 * and then forgotten; nothing durable is written any other way. [architecture 5]
 */
export interface UnitOfWork {
  /** Adds a message's body; returns its id, unique in the store. The message must own its bytes. */
  storeMessage(message: Message): number;
  /** Puts a stored message into a queue. Sequences of a queue only grow. */
  enqueue(queueId: number, entry: StoredEntry): void;
  /** Takes an entry out; a message without entries is gone. Cancels an enqueue of the same unit. */
  dequeue(queueId: number, sequence: number): void;
  /** Adds or replaces a queue. */
  putQueue(queue: StoredQueue): void;
  /** Removes a queue with all its entries. */
  removeQueue(queueId: number): void;
  /** Sets a named value (sessions, retained messages, counters). */
  putState(key: string, value: Uint8Array): void;
  /** Removes a named value; nothing when it is missing. */
  removeState(key: string): void;
  /** Whether nothing is left to write. */
  readonly isEmpty: boolean;
  /** Writes it. `onDurable` is called exactly once, never before `commit` returns, in order of commits. */
  commit(onDurable: (error?: Error) => void): void;
}

/** Where messages, queues and named state survive. One per virtual host. */
export interface MessageStore {
  /** For people: `memory store`, `leveldb store at <directory>`. */
  readonly title: string;
  /** Whether what it keeps survives the process. */
  readonly durable: boolean;
  /**
   * Makes it ready.
   * @throws BrokerError STORE_FAILED with what is wrong and what to do
   */
  open(): Promise<void>;
  /** Starts a unit of work. */
  begin(): UnitOfWork;
  /** The queues, by id. */
  queues(): Promise<readonly StoredQueue[]>;
  /** Entries of a queue in sequence order, from a sequence on, at most `limit`. */
  entries(queueId: number, fromSequence: number, limit: number): Promise<readonly StoredEntry[]>;
  /** A stored message, or undefined when it is gone. */
  load(messageId: number): Promise<Message | undefined>;
  /** A named value. */
  state(key: string): Promise<Uint8Array | undefined>;
  /** Names of values with a prefix, sorted. */
  stateKeys(prefix: string): Promise<readonly string[]>;
  /** Empties it. */
  purge(): Promise<void>;
  /** Waits for commits under way, then lets go of everything. */
  close(): Promise<void>;
}
