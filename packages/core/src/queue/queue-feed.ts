import type { Consumer, MessageFilter } from "@tsapollo/domain";
import type { Place, QueueEntry } from "./entry.ts";
import type { Positioned } from "./position.ts";
import type { Queue } from "./queue.ts";

/** What sets a consumer apart from others at a queue. */
export interface FeedOptions {
  readonly filter: MessageFilter | undefined;
  readonly exclusive: boolean;
  /** Entries before this sequence are not wanted. */
  readonly fromSequence: number;
}

/** Nothing sets it apart. */
export const ANY_FEED: FeedOptions = Object.freeze({ filter: undefined, exclusive: false, fromSequence: 0 });

/** What a subscription holds of a queue it is joined to. */
export interface QueueLink {
  readonly queue: Queue;
  readonly closed: boolean;
  /** Whether the consumer has credit and waits for entries that only the store has. */
  readonly awaitsPage: boolean;
  /** The consumer has credit again. */
  resume(): void;
  /** The consumer leaves; what it holds comes back and counts as sent. */
  leave(): void;
}

/** One consumer's place at one queue: what it wants, whether it has credit, what it holds unsettled. */
export class QueueFeed implements Positioned, QueueLink {
  /** Unique in the queue, in order of joining. */
  readonly id: number;
  readonly queue: Queue;
  readonly consumer: Consumer;
  readonly exclusive: boolean;
  /** Neighbours in the ring of consumers with credit; undefined while it has none. */
  ringPrevious: QueueFeed | undefined = undefined;
  ringNext: QueueFeed | undefined = undefined;
  at: Place | undefined = undefined;
  /** Whether it can take more, as far as is known; kept only while consumers have places of their own. */
  hasCredit = false;
  /** Waits for a message group to be handed over. */
  suspended = false;
  /** Unsettled deliveries. */
  heldCount = 0;
  /** Whether it left the queue. */
  closed = false;
  /** No entry of a lower rank was left to it by others that passed; infinite: none was left. */
  keptFrom: number = Number.POSITIVE_INFINITY;
  /** Entries before this sequence are not wanted. */
  readonly fromSequence: number;
  readonly #filter: MessageFilter | undefined;
  #lastHeld: QueueEntry | undefined = undefined;

  constructor(id: number, queue: Queue, consumer: Consumer, options: FeedOptions) {
    this.id = id;
    this.queue = queue;
    this.consumer = consumer;
    this.exclusive = options.exclusive;
    this.#filter = options.filter;
    this.fromSequence = options.fromSequence;
  }

  /** Whether it must not get just any entry. */
  get isSpecial(): boolean {
    return this.exclusive || !this.wantsAll;
  }

  /** Whether it wants every entry. */
  get wantsAll(): boolean {
    return this.#filter === undefined && this.fromSequence <= 0;
  }

  /** Whether it wants the entry, exclusive consumers and groups aside. */
  wants(entry: QueueEntry): boolean {
    if (entry.sequence < this.fromSequence) return false;
    return this.#filter === undefined || this.#filter.matches(entry.message);
  }

  get awaitsPage(): boolean {
    return !this.closed && this.queue.awaitsPage(this);
  }

  resume(): void {
    this.queue.resume(this);
  }

  leave(): void {
    this.queue.leave(this);
  }

  /** The delivery it got last, of those it holds: the end of the list through `previousHeld`. */
  get lastHeld(): QueueEntry | undefined {
    return this.#lastHeld;
  }

  hold(entry: QueueEntry): void {
    entry.holder = this;
    entry.previousHeld = this.#lastHeld;
    if (this.#lastHeld !== undefined) this.#lastHeld.nextHeld = entry;
    this.#lastHeld = entry;
    this.heldCount += 1;
  }

  release(entry: QueueEntry): void {
    if (entry.previousHeld !== undefined) entry.previousHeld.nextHeld = entry.nextHeld;
    if (entry.nextHeld !== undefined) entry.nextHeld.previousHeld = entry.previousHeld;
    else this.#lastHeld = entry.previousHeld;
    entry.previousHeld = undefined;
    entry.nextHeld = undefined;
    entry.holder = undefined;
    this.heldCount -= 1;
  }
}
