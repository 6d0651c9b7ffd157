import type { Address, Delivery, Message, Outcome, StoredPlace } from "@tsapollo/domain";
import type { PagedRun } from "./paged-run.ts";
import type { Positioned } from "./position.ts";
import type { Queue } from "./queue.ts";
import type { QueueFeed } from "./queue-feed.ts";

/**
 * `ready`: anybody may have it; `acquired`: a consumer has it; `gone`: settled for good, or left to the store, from
 * which it comes back as another object.
 */
export type EntryState = "ready" | "acquired" | "gone";

/** What a queue's list is made of: entries in memory, and runs of entries that only the store has. */
export type Place = QueueEntry | PagedRun;

/**
 * One message in one queue, and the first delivery of it: consumers see the {@link Delivery} side only. It is in
 * exactly one state and only its queue moves it. The links belong to the queue's lists.
 */
export class QueueEntry implements Delivery, StoredPlace {
  readonly queue: Queue;
  readonly message: Message;
  readonly address: Address;
  readonly sequence: number;
  readonly retained: boolean;
  /** What the store calls its message, and the batch it came to the store with; -1: the store does not have it. */
  messageId = 0;
  batch = -1;
  /** Whether the store has it for want of memory only. */
  transient = false;
  /** Part of something that must not be taken apart when it cannot be stored. */
  bound = false;
  redeliveryCount = 0;
  /** How often it came back from a consumer that had it. */
  attempt = 0;
  state: EntryState = "ready";
  /** Whether it is in the list of those that came back. */
  isBack = false;
  /** Who has it while it is acquired. */
  holder: QueueFeed | undefined = undefined;
  /** All entries of the queue, by sequence. */
  previous: Place | undefined = undefined;
  next: Place | undefined = undefined;
  /** Entries that came back, by sequence; in a queue with priorities those that go out next. */
  nextReturned: QueueEntry | undefined = undefined;
  /** The inverse, while consumers of a queue with priorities have places of their own. */
  previousRanked: QueueEntry | undefined = undefined;
  /** Entries that one consumer holds, in the order it got them. */
  previousHeld: QueueEntry | undefined = undefined;
  nextHeld: QueueEntry | undefined = undefined;
  /** Who will look at this entry next. */
  watchers: Positioned[] | undefined = undefined;

  constructor(queue: Queue, message: Message, address: Address, sequence: number, retained: boolean) {
    this.queue = queue;
    this.message = message;
    this.address = address;
    this.sequence = sequence;
    this.retained = retained;
  }

  /** Whether the store has it, or will have it when the unit of work is committed. */
  get stored(): boolean {
    return this.batch !== -1;
  }

  get sizeBytes(): number {
    return this.message.sizeBytes;
  }

  /** What a consumer is offered now: whoever had it before must not end the delivery of whoever has it next. */
  get delivery(): Delivery {
    return this.attempt === 0 ? this : new Redelivery(this);
  }

  settle(outcome: Outcome): void {
    if (this.attempt === 0) this.queue.settle(this, outcome);
  }
}

/** The delivery of an entry that a consumer had before. */
class Redelivery implements Delivery {
  readonly message: Message;
  readonly address: Address;
  readonly sequence: number;
  readonly redeliveryCount: number;
  readonly retained: boolean;
  readonly #entry: QueueEntry;
  readonly #attempt: number;

  constructor(entry: QueueEntry) {
    this.message = entry.message;
    this.address = entry.address;
    this.sequence = entry.sequence;
    this.redeliveryCount = entry.redeliveryCount;
    this.retained = entry.retained;
    this.#entry = entry;
    this.#attempt = entry.attempt;
  }

  settle(outcome: Outcome): void {
    if (this.#entry.attempt === this.#attempt) this.#entry.queue.settle(this.#entry, outcome);
  }
}
