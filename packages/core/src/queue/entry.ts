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
 * One message in one queue, and the delivery of it: consumers see the {@link Delivery} side only. It is in exactly
 * one state and only its queue moves it. The links belong to the queue's lists.
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
  state: EntryState = "ready";
  /** Whether it is in the list of those that came back. */
  isBack = false;
  /** Who has it while it is acquired. */
  holder: QueueFeed | undefined = undefined;
  /** All entries of the queue, by sequence. */
  previous: Place | undefined = undefined;
  next: Place | undefined = undefined;
  /** Entries that came back, by sequence. */
  nextReturned: QueueEntry | undefined = undefined;
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

  settle(outcome: Outcome): void {
    this.queue.settle(this, outcome);
  }
}
