import {
  invariant,
  type Message,
  type StoredEntry,
  type StoredQueue,
  type UnitOfWork,
} from "@tsapollo/domain";

/** One step of a unit of work. */
export type Operation =
  | { readonly what: "message"; readonly messageId: number; readonly message: Message }
  | { readonly what: "enqueue"; readonly queueId: number; readonly entry: StoredEntry }
  | { readonly what: "dequeue"; readonly queueId: number; readonly sequence: number }
  | { readonly what: "queue"; readonly queue: StoredQueue }
  | { readonly what: "no queue"; readonly queueId: number }
  | { readonly what: "state"; readonly key: string; readonly value: Uint8Array }
  | { readonly what: "no state"; readonly key: string };

type Commit = (operations: readonly Operation[], onDurable: (error?: Error) => void) => void;

/** Operations in order; an enqueue and its dequeue that meet here leave no trace, nor does their message. */
export class MemoryUnit implements UnitOfWork {
  readonly #nextMessageId: () => number;
  readonly #commit: Commit;
  readonly #messages: Map<number, { readonly message: Message; references: number }> = new Map();
  readonly #enqueues: Map<string, Operation & { what: "enqueue" }> = new Map();
  readonly #others: Operation[] = [];
  #committed = false;

  constructor(nextMessageId: () => number, commit: Commit) {
    this.#nextMessageId = nextMessageId;
    this.#commit = commit;
  }

  storeMessage(message: Message): number {
    const messageId = this.#nextMessageId();
    this.#messages.set(messageId, { message, references: 0 });
    return messageId;
  }

  enqueue(queueId: number, entry: StoredEntry): void {
    this.#enqueues.set(`${queueId}:${entry.sequence}`, { what: "enqueue", queueId, entry });
    const own = this.#messages.get(entry.messageId);
    if (own !== undefined) own.references += 1;
  }

  dequeue(queueId: number, sequence: number): void {
    const key = `${queueId}:${sequence}`;
    const enqueued = this.#enqueues.get(key);
    if (enqueued === undefined) {
      this.#others.push({ what: "dequeue", queueId, sequence });
      return;
    }
    this.#enqueues.delete(key);
    const own = this.#messages.get(enqueued.entry.messageId);
    if (own !== undefined) own.references -= 1;
  }

  putQueue(queue: StoredQueue): void {
    this.#others.push({ what: "queue", queue });
  }

  removeQueue(queueId: number): void {
    for (const { queueId: id, entry } of [...this.#enqueues.values()]) {
      if (id === queueId) this.dequeue(id, entry.sequence);
    }
    this.#others.push({ what: "no queue", queueId });
  }

  putState(key: string, value: Uint8Array): void {
    this.#others.push({ what: "state", key, value: new Uint8Array(value) });
  }

  removeState(key: string): void {
    this.#others.push({ what: "no state", key });
  }

  get isEmpty(): boolean {
    return this.#others.length === 0 && this.#enqueues.size === 0;
  }

  commit(onDurable: (error?: Error) => void): void {
    invariant(!this.#committed, "a unit of work is committed once");
    this.#committed = true;
    const messages: Operation[] = [];
    for (const [messageId, { message, references }] of this.#messages) {
      if (references > 0) messages.push({ what: "message", messageId, message });
    }
    // queues come first, so that entries find them; removals of queues come last
    const created = this.#others.filter(({ what }) => what !== "no queue");
    const removed = this.#others.filter(({ what }) => what === "no queue");
    this.#commit([...created, ...messages, ...this.#enqueues.values(), ...removed], onDurable);
  }
}
