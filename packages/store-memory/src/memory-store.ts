import {
  BrokerError,
  invariant,
  type LoadedEntry,
  type Message,
  type MessageStore,
  type PageBounds,
  type QueueState,
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

interface HeldEntry {
  readonly entry: StoredEntry;
  readonly messageId: number;
}

interface QueueContent {
  queue: StoredQueue;
  lastSequence: number;
  /** By sequence, ascending. */
  readonly entries: Map<number, HeldEntry>;
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
  #lastQueueId = 0;
  #commitsUnderWay = 0;
  #closers: (() => void)[] = [];

  get lastQueueId(): number {
    return this.#lastQueueId;
  }

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
        return this.#enqueue(operation.queueId, operation);
      case "dequeue":
        return this.#dequeue(operation.queueId, operation.sequence);
      case "redelivered":
        return this.#redelivered(operation.queueId, operation.sequence, operation.count);
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
    if (content === undefined) {
      this.#queues.set(queue.queueId, { queue, lastSequence: 0, entries: new Map() });
      this.#lastQueueId = Math.max(this.#lastQueueId, queue.queueId);
    } else content.queue = queue;
  }

  #enqueue(queueId: number, { entry, messageId }: HeldEntry): void {
    const content = this.#queues.get(queueId);
    const stored = this.#messages.get(messageId);
    invariant(content !== undefined && stored !== undefined, "queue and message are stored before the entry");
    content.entries.set(entry.sequence, { entry, messageId });
    content.lastSequence = Math.max(content.lastSequence, entry.sequence);
    stored.references += 1;
  }

  #dequeue(queueId: number, sequence: number): void {
    const entries = this.#queues.get(queueId)?.entries;
    const held = entries?.get(sequence);
    if (entries === undefined || held === undefined) return;
    entries.delete(sequence);
    this.#unreference(held.messageId);
  }

  #redelivered(queueId: number, sequence: number, redeliveryCount: number): void {
    const entries = this.#queues.get(queueId)?.entries;
    const held = entries?.get(sequence);
    if (held === undefined) return;
    entries?.set(sequence, { ...held, entry: { ...held.entry, redeliveryCount } });
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
    for (const { messageId } of content.entries.values()) this.#unreference(messageId);
  }

  async queues(): Promise<readonly QueueState[]> {
    const states = [...this.#queues.values()].map(({ queue, lastSequence, entries }): QueueState => {
      let bytes = 0;
      let earliestExpiryMs = 0;
      for (const { entry } of entries.values()) {
        bytes += entry.sizeBytes;
        const { expiresAtMs } = entry;
        if (expiresAtMs !== 0 && (earliestExpiryMs === 0 || expiresAtMs < earliestExpiryMs)) {
          earliestExpiryMs = expiresAtMs;
        }
      }
      return { queue, lastSequence, entryCount: entries.size, bytes, earliestExpiryMs };
    });
    return states.sort((a, b) => a.queue.queueId - b.queue.queueId);
  }

  async page(queueId: number, bounds: PageBounds): Promise<readonly LoadedEntry[]> {
    const page: LoadedEntry[] = [];
    let bytes = 0;
    for (const { entry, messageId } of this.#queues.get(queueId)?.entries.values() ?? []) {
      if (entry.sequence < bounds.from) continue;
      if (entry.sequence > bounds.to || page.length >= bounds.maxEntries) break;
      if (page.length > 0 && bytes >= bounds.maxBytes) break;
      bytes += entry.sizeBytes;
      page.push({ ...entry, messageId, message: this.#messages.get(messageId)!.message });
    }
    return page;
  }

  async states(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map(this.#state);
  }

  async backup(): Promise<void> {
    throw new BrokerError("STORE_FAILED", "The memory store keeps nothing that could be copied");
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
