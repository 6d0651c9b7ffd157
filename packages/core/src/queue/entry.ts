import type { Address, Delivery, Message, Outcome, StoredPlace } from "@tsapollo/domain";
import type { Positioned } from "./position.ts";
import type { Queue } from "./queue.ts";
import type { QueueFeed } from "./queue-feed.ts";

/** `ready`: anybody may have it; `acquired`: a consumer has it; `gone`: settled for good. */
export type EntryState = "ready" | "acquired" | "gone";

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
  /** Whether the store has it. */
  readonly stored: boolean;
  /** Whether the store has it for want of memory only. */
  readonly transient = false;
  /** What the store calls its message; 0 when the store does not have it. */
  messageId = 0;
  redeliveryCount = 0;
  state: EntryState = "ready";
  /** Who has it while it is acquired. */
  holder: QueueFeed | undefined = undefined;
  /** All entries of the queue, by sequence. */
  previous: QueueEntry | undefined = undefined;
  next: QueueEntry | undefined = undefined;
  /** Entries that came back, by sequence. */
  nextReturned: QueueEntry | undefined = undefined;
  /** Entries that one consumer holds, in the order it got them. */
  previousHeld: QueueEntry | undefined = undefined;
  nextHeld: QueueEntry | undefined = undefined;
  /** Who will look at this entry next. */
  watchers: Positioned[] | undefined = undefined;

  constructor(
    queue: Queue,
    message: Message,
    address: Address,
    sequence: number,
    retained: boolean,
    stored: boolean,
  ) {
    this.queue = queue;
    this.message = message;
    this.address = address;
    this.sequence = sequence;
    this.retained = retained;
    this.stored = stored;
  }

  get sizeBytes(): number {
    return this.message.sizeBytes;
  }

  settle(outcome: Outcome): void {
    this.queue.settle(this, outcome);
  }
}
