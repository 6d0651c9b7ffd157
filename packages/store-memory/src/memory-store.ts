import {
  invariant,
  type Message,
  type MessageStore,
  type StoredEntry,
  type StoredQueue,
  type UnitOfWork,
} from "@tsapollo/domain";
import { MemoryUnit, type Operation } from "./memory-unit.ts";

interface StoredMessage {
  readonly message: Message;
  /** Entries that refer to it; at 0 it is gone. */
  references: number;
}

interface QueueContent {
  queue: StoredQueue;
  readonly entries: Map<number, StoredEntry>;
}

/**
 * The message store port in memory: everything is forgotten with the process. It does what a durable store
 * does, in the same order, and never synchronously, so that whoever works with it works with the others.
 */
export class MemoryStore implements MessageStore {
  readonly title = "memory store";
  readonly durable = false;
  readonly #queues: Map<number, QueueContent> = new Map();
  readonly #messages: Map<number, StoredMessage> = new Map();
  readonly #state: Map<string, Uint8Array> = new Map();
  #nextMessageId = 1;
  #commitsUnderWay = 0;
  #closers: (() => void)[] = [];

  async open(): Promise<void> {}

  begin(): UnitOfWork {
    return new MemoryUnit(
      () => this.#nextMessageId++,
      (operations, onDurable) => this.#commit(operations, onDurable),
    );
  }

  #commit(operations: readonly Operation[], onDurable: (error?: Error) => void): void {
    for (const operation of operations) this.#apply(operation);
    this.#commitsUnderWay += 1;
    queueMicrotask(() => {
      this.#commitsUnderWay -= 1;
      onDurable();
      if (this.#commitsUnderWay === 0) for (const close of this.#closers.splice(0)) close();
    });
  }

  #apply(operation: Operation): void {
    switch (operation.what) {
      case "message":
        this.#messages.set(operation.messageId, { message: operation.message, references: 0 });
        return;
      case "enqueue":
        return this.#enqueue(operation.queueId, operation.entry);
      case "dequeue":
        return this.#dequeue(operation.queueId, operation.sequence);
      case "queue":
        return this.#putQueue(operation.queue);
      case "no queue":
        return this.#removeQueue(operation.queueId);
      case "state":
        this.#state.set(operation.key, operation.value);
        return;
      case "no state":
        this.#state.delete(operation.key);
        return;
      default:
        operation satisfies never;
    }
  }

  #putQueue(queue: StoredQueue): void {
    const content = this.#queues.get(queue.queueId);
    if (content === undefined) this.#queues.set(queue.queueId, { queue, entries: new Map() });
    else content.queue = queue;
  }

  #enqueue(queueId: number, entry: StoredEntry): void {
    const content = this.#queues.get(queueId);
    const stored = this.#messages.get(entry.messageId);
    invariant(content !== undefined && stored !== undefined, "queue and message are stored before the entry");
    content.entries.set(entry.sequence, entry);
    stored.references += 1;
  }

  #dequeue(queueId: number, sequence: number): void {
    const entries = this.#queues.get(queueId)?.entries;
    const entry = entries?.get(sequence);
    if (entries === undefined || entry === undefined) return;
    entries.delete(sequence);
    this.#unreference(entry.messageId);
  }

  #unreference(messageId: number): void {
    const stored = this.#messages.get(messageId)!;
    stored.references -= 1;
    if (stored.references === 0) this.#messages.delete(messageId);
  }

  #removeQueue(queueId: number): void {
    const content = this.#queues.get(queueId);
    if (content === undefined) return;
    this.#queues.delete(queueId);
    for (const entry of content.entries.values()) this.#unreference(entry.messageId);
  }

  async queues(): Promise<readonly StoredQueue[]> {
    return [...this.#queues.values()].map(({ queue }) => queue).sort((a, b) => a.queueId - b.queueId);
  }

  async entries(queueId: number, fromSequence: number, limit: number): Promise<readonly StoredEntry[]> {
    const entries = [...(this.#queues.get(queueId)?.entries.values() ?? [])];
    const from = entries.filter(({ sequence }) => sequence >= fromSequence);
    return from.sort((a, b) => a.sequence - b.sequence).slice(0, limit);
  }

  async load(messageId: number): Promise<Message | undefined> {
    return this.#messages.get(messageId)?.message;
  }

  async state(key: string): Promise<Uint8Array | undefined> {
    return this.#state.get(key);
  }

  async stateKeys(prefix: string): Promise<readonly string[]> {
    return [...this.#state.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async purge(): Promise<void> {
    this.#queues.clear();
    this.#messages.clear();
    this.#state.clear();
  }

  async close(): Promise<void> {
    if (this.#commitsUnderWay > 0) await new Promise<void>((resolve) => this.#closers.push(resolve));
  }
}
