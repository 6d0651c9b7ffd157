import type { Delivery } from "@tsapollo/domain";
import type { StompConsumer } from "./consumer.ts";
import type { Holders } from "./holders.ts";

/** About what an entry takes besides its message and its message id, in bytes. */
const ENTRY_BYTES = 200;

/** What an entry keeps in memory, in bytes; its message is the engine's. */
export function keptBytes({ messageId }: Entry): number {
  return ENTRY_BYTES + (messageId === undefined ? 0 : messageId.length);
}

/** A delivery that a client has and has not acknowledged. */
export interface Entry {
  readonly consumer: StompConsumer;
  /** Undefined when it came straight from a topic: nothing is settled there, and the message need not be kept. */
  readonly delivery: Delivery | undefined;
  /** What it took from the credit in bytes. */
  readonly sizeBytes: number;
  /** Grows with every delivery of the consumer. */
  readonly order: number;
  /** In 1.0 and 1.1 the client names it by this. */
  readonly messageId: string | undefined;
  /** Whether its credit was given back: once, also if an acknowledgement in a transaction was aborted. [11, 12] */
  credited: boolean;
  /** Whether an open transaction holds it: until that is over it is not the client's to acknowledge. */
  held: boolean;
  /** In 1.2 the client names it by this; -1 otherwise. */
  ackId: number;
  previous: Entry | undefined;
  next: Entry | undefined;
  /** The next younger one with the same message id. */
  nextSame: Entry | undefined;
}

/** All entries with one message id, oldest first, joined by `nextSame`. */
interface SameId {
  first: Entry;
  last: Entry;
}

/**
 * Deliveries of one subscription that wait for an acknowledgement, in delivery order. An entry that a
 * transaction holds is not among them until the transaction is aborted.
 */
export class Outstanding {
  #first: Entry | undefined = undefined;
  #last: Entry | undefined = undefined;
  /** Message ids need not be unique. */
  readonly #byMessageId: Map<string, SameId> = new Map();
  readonly #holders: Holders | undefined;

  /** @param holders is told which message ids are here */
  constructor(holders?: Holders) {
    this.#holders = holders;
  }

  get first(): Entry | undefined {
    return this.#first;
  }

  add(entry: Entry): void {
    this.#link(entry, this.#last, undefined);
    if (entry.messageId !== undefined) this.#indexAfter(entry, entry.messageId, undefined);
  }

  #link(entry: Entry, previous: Entry | undefined, next: Entry | undefined): void {
    entry.previous = previous;
    entry.next = next;
    if (previous === undefined) this.#first = entry;
    else previous.next = entry;
    if (next === undefined) this.#last = entry;
    else next.previous = entry;
  }

  /** @param older one of the same id that is known to be older; undefined: start with the oldest */
  #indexAfter(entry: Entry, messageId: string, older: Entry | undefined): void {
    const same = this.#byMessageId.get(messageId);
    if (same === undefined) {
      this.#byMessageId.set(messageId, { first: entry, last: entry });
      this.#holders?.add(messageId, entry.consumer);
      return;
    }
    if (same.last.order < entry.order) {
      same.last.nextSame = entry;
      same.last = entry;
      return;
    }
    let before = older;
    let after = older === undefined ? same.first : older.nextSame!;
    while (after.order < entry.order) {
      before = after;
      after = after.nextSame!;
    }
    entry.nextSame = after;
    if (before === undefined) same.first = entry;
    else before.nextSame = entry;
  }

  /**
   * Puts entries back where they were in the order: two sorted lists become one, in one pass over each.
   * @param entries in any order; sorted afterwards
   */
  restore(entries: Entry[]): void {
    entries.sort((a, b) => a.order - b.order);
    const restored = new Map<string, Entry>();
    let next = this.#first;
    for (const entry of entries) {
      while (next !== undefined && next.order < entry.order) next = next.next;
      this.#link(entry, next === undefined ? this.#last : next.previous, next);
      const { messageId } = entry;
      if (messageId === undefined) continue;
      this.#indexAfter(entry, messageId, restored.get(messageId));
      restored.set(messageId, entry);
    }
  }

  /** Takes an entry out; of those with its message id it is always the oldest. */
  remove(entry: Entry): void {
    if (entry.previous === undefined) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    if (entry.messageId !== undefined) {
      if (entry.nextSame === undefined) {
        this.#byMessageId.delete(entry.messageId);
        this.#holders?.remove(entry.messageId, entry.consumer);
      } else this.#byMessageId.get(entry.messageId)!.first = entry.nextSame;
    }
    entry.previous = undefined;
    entry.next = undefined;
    entry.nextSame = undefined;
  }

  /** The oldest entry with a message id. */
  withMessageId(messageId: string): Entry | undefined {
    return this.#byMessageId.get(messageId)?.first;
  }
}

/** The `ack` ids of STOMP 1.2: numbers unique on the connection, used again once acknowledged. [15.6] */
export class AckIds {
  readonly #entries: (Entry | undefined)[] = [];
  readonly #free: number[] = [];

  assign(entry: Entry): number {
    const ackId = this.#free.pop() ?? this.#entries.length;
    this.#entries[ackId] = entry;
    entry.ackId = ackId;
    return ackId;
  }

  release(entry: Entry): void {
    if (entry.ackId === -1) return;
    this.#entries[entry.ackId] = undefined;
    this.#free.push(entry.ackId);
    entry.ackId = -1;
  }

  /** The entry with an id, unless a transaction holds it. */
  find(text: string): Entry | undefined {
    const entry = /^(0|[1-9]\d{0,9})$/.test(text) ? this.#entries[Number(text)] : undefined;
    return entry?.held === true ? undefined : entry;
  }
}
