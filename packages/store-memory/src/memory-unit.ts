import {
  invariant,
  type Message,
  type StoredEntry,
  type StoredPlace,
  type StoredQueue,
  type UnitOfWork,
} from "@tsapollo/domain";

/** One step of a unit of work. */
export type Operation =
  | { readonly what: "message"; readonly messageId: number; readonly message: Message }
  | {
      readonly what: "enqueue";
      readonly queueId: number;
      readonly messageId: number;
      readonly entry: StoredEntry;
    }
  | { readonly what: "dequeue"; readonly queueId: number; readonly sequence: number }
  | {
      readonly what: "redelivered";
      readonly queueId: number;
      readonly sequence: number;
      readonly count: number;
    }
  | { readonly what: "queue"; readonly queue: StoredQueue }
  | { readonly what: "no queue"; readonly queueId: number }
  | { readonly what: "state"; readonly key: string; readonly value: Uint8Array }
  | { readonly what: "no state"; readonly key: string };

type Commit = (operations: readonly Operation[], onDurable: (error?: Error) => void) => void;

/** What an entry costs besides its message. */
const ENTRY_BYTES = 100;

/** Operations in order; an enqueue and its dequeue that meet here leave no trace, nor does their message. */
export class MemoryUnit implements UnitOfWork {
  readonly #nextMessageId: () => number;
  readonly #commit: Commit;
  readonly #messages: Map<number, { readonly message: Message; references: number }> = new Map();
  readonly #enqueues: Map<string, Operation & { what: "enqueue" }> = new Map();
  readonly #others: Operation[] = [];
  /** The only message that may be without entries: more may follow. */
  #lastMessageId = 0;
  #bytes = 0;
  #committed = false;

  constructor(nextMessageId: () => number, commit: Commit) {
    this.#nextMessageId = nextMessageId;
    this.#commit = commit;
  }

  storeMessage(message: Message): number {
    this.#forgetUnused(this.#lastMessageId);
    const messageId = this.#nextMessageId();
    this.#messages.set(messageId, { message, references: 0 });
    this.#lastMessageId = messageId;
    return messageId;
  }

  #forgetUnused(messageId: number): void {
    if (this.#messages.get(messageId)?.references === 0) this.#messages.delete(messageId);
  }

  enqueue(queueId: number, messageId: number, entry: StoredEntry): void {
    this.#enqueues.set(`${queueId}:${entry.sequence}`, { what: "enqueue", queueId, messageId, entry });
    this.#bytes += ENTRY_BYTES;
    const own = this.#messages.get(messageId);
    if (own === undefined) return;
    if (own.references === 0) this.#bytes += own.message.sizeBytes;
    own.references += 1;
  }

  dequeue(queueId: number, { sequence }: StoredPlace): void {
    if (!this.#cancel(queueId, sequence)) this.#others.push({ what: "dequeue", queueId, sequence });
  }

  /** @returns whether the entry came in with this unit */
  #cancel(queueId: number, sequence: number): boolean {
    const key = `${queueId}:${sequence}`;
    const enqueued = this.#enqueues.get(key);
    if (enqueued === undefined) return false;
    this.#enqueues.delete(key);
    this.#bytes -= ENTRY_BYTES;
    const own = this.#messages.get(enqueued.messageId);
    if (own === undefined) return true;
    own.references -= 1;
    if (own.references === 0) this.#bytes -= own.message.sizeBytes;
    if (enqueued.messageId !== this.#lastMessageId) this.#forgetUnused(enqueued.messageId);
    return true;
  }

  redelivered(queueId: number, { sequence }: StoredPlace, count: number): void {
    this.#others.push({ what: "redelivered", queueId, sequence, count });
  }

  putQueue(queue: StoredQueue): void {
    this.#others.push({ what: "queue", queue });
  }

  removeQueue(queueId: number): void {
    for (const { queueId: id, entry } of [...this.#enqueues.values()]) {
      if (id === queueId) this.#cancel(id, entry.sequence);
    }
    this.#others.push({ what: "no queue", queueId });
  }

  putState(key: string, value: Uint8Array): void {
    this.#others.push({ what: "state", key, value: new Uint8Array(value) });
  }

  removeState(key: string): void {
    this.#others.push({ what: "no state", key });
  }

  get entryCount(): number {
    return this.#enqueues.size;
  }

  get isEmpty(): boolean {
    return this.#others.length === 0 && this.#enqueues.size === 0;
  }

  get pendingBytes(): number {
    return this.#bytes + this.#others.length * ENTRY_BYTES;
  }

  commit(onDurable: (error?: Error) => void): void {
    invariant(!this.#committed, "a unit of work that succeeded is not committed again");
    this.#committed = true;
    const messages: Operation[] = [];
    for (const [messageId, { message, references }] of this.#messages) {
      if (references > 0) messages.push({ what: "message", messageId, message });
    }
    // queues come first, so that entries find them; what needs the entries comes last
    const afterEntries = ({ what }: Operation): boolean => what === "no queue" || what === "redelivered";
    const before = this.#others.filter((one) => !afterEntries(one));
    const after = this.#others.filter(afterEntries);
    this.#commit([...before, ...messages, ...this.#enqueues.values(), ...after], onDurable);
  }
}
