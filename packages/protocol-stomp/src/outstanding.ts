import type { Delivery } from "@tsapollo/domain";
import type { StompConsumer } from "./consumer.ts";

/** A delivery that a client has and has not acknowledged. */
export interface Entry {
  readonly consumer: StompConsumer;
  readonly delivery: Delivery;
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
}

/**
 * Deliveries of one subscription that wait for an acknowledgement, in delivery order. An entry that a
 * transaction holds is not among them until the transaction is aborted.
 */
export class Outstanding {
  #first: Entry | undefined = undefined;
  #last: Entry | undefined = undefined;
  /** Message ids need not be unique: all entries with one id, oldest first. */
  readonly #byMessageId: Map<string, Entry[]> = new Map();

  get first(): Entry | undefined {
    return this.#first;
  }

  add(entry: Entry): void {
    entry.previous = this.#last;
    entry.next = undefined;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#index(entry);
  }

  #index(entry: Entry): void {
    if (entry.messageId === undefined) return;
    const same = this.#byMessageId.get(entry.messageId);
    if (same === undefined) {
      this.#byMessageId.set(entry.messageId, [entry]);
      return;
    }
    let at = same.length;
    while (at > 0 && same[at - 1]!.order > entry.order) at -= 1;
    same.splice(at, 0, entry);
  }

  /** Puts an entry back where it was in the order. */
  restore(entry: Entry): void {
    let after = this.#last;
    while (after !== undefined && after.order > entry.order) after = after.previous;
    entry.previous = after;
    entry.next = after === undefined ? this.#first : after.next;
    if (entry.previous === undefined) this.#first = entry;
    else entry.previous.next = entry;
    if (entry.next === undefined) this.#last = entry;
    else entry.next.previous = entry;
    this.#index(entry);
  }

  remove(entry: Entry): void {
    if (entry.previous === undefined) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    const same = entry.messageId === undefined ? undefined : this.#byMessageId.get(entry.messageId);
    if (same !== undefined) {
      if (same.length === 1) this.#byMessageId.delete(entry.messageId!);
      else same.splice(same.indexOf(entry), 1);
    }
    entry.previous = undefined;
    entry.next = undefined;
  }

  /** The oldest entry with a message id. */
  withMessageId(messageId: string): Entry | undefined {
    return this.#byMessageId.get(messageId)?.[0];
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
