import type { Consumer } from "@tsapollo/domain";
import type { QueueEntry } from "./entry.ts";
import type { Queue } from "./queue.ts";

/** One consumer's place at one queue: whether it has credit, and what it holds unsettled. */
export class QueueFeed {
  readonly queue: Queue;
  readonly consumer: Consumer;
  /** Neighbours in the ring of consumers with credit; undefined while it has none. */
  ringPrevious: QueueFeed | undefined = undefined;
  ringNext: QueueFeed | undefined = undefined;
  #lastHeld: QueueEntry | undefined = undefined;
  /** Unsettled deliveries. */
  heldCount = 0;
  /** Whether it left the queue. */
  closed = false;

  constructor(queue: Queue, consumer: Consumer) {
    this.queue = queue;
    this.consumer = consumer;
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
