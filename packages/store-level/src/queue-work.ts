import type { Message, StoredEntry, StoredPlace, StoredQueue } from "@tsapollo/domain";

/** A message of a unit and how many entries of the unit refer to it, in each of the two databases. */
export interface PendingMessage {
  readonly messageId: number;
  readonly message: Message;
  durableReferences: number;
  swapReferences: number;
  /** The durable ones that a group is left with. */
  left: number;
  /** Numbers of the groups that have added it as a body of its own to each of the two databases. */
  group: number;
  swapGroup: number;
}

/** A redelivery counter of a unit. */
export interface PendingCounter {
  readonly place: StoredPlace;
  readonly count: number;
}

/** So many entries that were taken out again are carried along. */
const CARRIED_MAX = 256;

/** What a unit does to one queue. */
export class QueueWork {
  readonly queueId: number;
  /** What comes in, by sequence, with its messages; one without a message was taken out again. */
  entries: StoredEntry[] = [];
  messages: (PendingMessage | undefined)[] = [];
  #cancelled = 0;
  /** What is taken out; undefined for nothing. */
  dequeues: StoredPlace[] | undefined = undefined;
  /** Redelivery counters by sequence; undefined for none. */
  counters: Map<number, PendingCounter> | undefined = undefined;
  put: StoredQueue | undefined = undefined;
  removed = false;

  constructor(queueId: number) {
    this.queueId = queueId;
  }

  /** How many entries come in. */
  get size(): number {
    return this.entries.length - this.#cancelled;
  }

  /** Adds an entry. Mostly it is the last one. */
  add(entry: StoredEntry, message: PendingMessage): void {
    const { entries, messages } = this;
    const { sequence } = entry;
    let at = entries.length;
    while (at > 0 && entries[at - 1]!.sequence >= sequence) at -= 1;
    if (at === entries.length) {
      entries.push(entry);
      messages.push(message);
      return;
    }
    const isAgain = entries[at]!.sequence === sequence;
    if (isAgain) this.#cancelled -= 1;
    entries.splice(at, isAgain ? 1 : 0, entry);
    messages.splice(at, isAgain ? 1 : 0, message);
  }

  /** Index of an entry that comes in; -1 when it does not, or was taken out again. */
  indexOf(sequence: number): number {
    const at = indexOfSequence(this.entries, sequence);
    return this.messages[at] === undefined ? -1 : at;
  }

  /** Takes an entry out again. */
  cancelAt(at: number): void {
    this.messages[at] = undefined;
    this.#cancelled += 1;
    if (this.#cancelled > CARRIED_MAX && this.#cancelled * 2 > this.entries.length) this.#tidy();
  }

  #tidy(): void {
    const { messages } = this;
    this.entries = this.entries.filter((_, at) => messages[at] !== undefined);
    this.messages = messages.filter((message) => message !== undefined);
    this.#cancelled = 0;
  }

  /** Sets how often an entry that comes in was sent before. `false`: it does not come in here. */
  redelivered(sequence: number, redeliveryCount: number): boolean {
    const at = this.indexOf(sequence);
    if (at < 0) return false;
    this.entries[at] = { ...this.entries[at]!, redeliveryCount };
    return true;
  }
}

/** Index of the entry with a sequence in a list by sequence; -1 when there is none. */
export function indexOfSequence(entries: readonly StoredEntry[], sequence: number): number {
  let low = 0;
  let high = entries.length;
  if (high === 0 || sequence < entries[0]!.sequence || sequence > entries[high - 1]!.sequence) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle]!.sequence < sequence) low = middle + 1;
    else high = middle;
  }
  return entries[low]!.sequence === sequence ? low : -1;
}
