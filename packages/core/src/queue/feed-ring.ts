import type { QueueFeed } from "./queue-feed.ts";

/**
 * The consumers with credit, in a circle: whoever is at the turn gets the next message, then the turn passes on.
 * Without round robin the one that joined first keeps the turn as long as it has credit. Consumers without credit
 * are not in it, so they cost nothing.
 */
export class FeedRing {
  #turn: QueueFeed | undefined = undefined;
  #size = 0;
  readonly #roundRobin: boolean;

  constructor(roundRobin: boolean) {
    this.#roundRobin = roundRobin;
  }

  /** How many are in it. */
  get size(): number {
    return this.#size;
  }

  /** Who gets the next message; undefined when nobody has credit. */
  get turn(): QueueFeed | undefined {
    return this.#turn;
  }

  /** Passes the turn on. */
  advance(): void {
    if (this.#roundRobin) this.#turn = this.#turn?.ringNext;
  }

  /** The turn passes to whoever follows a consumer that is in it. */
  passFrom(feed: QueueFeed): void {
    if (this.#roundRobin) this.#turn = feed.ringNext;
  }

  /** Adds a consumer as the last one in turn, or in order of joining; nothing when it is in. */
  add(feed: QueueFeed): void {
    if (feed.ringNext !== undefined) return;
    this.#size += 1;
    if (this.#turn === undefined) {
      feed.ringNext = feed;
      feed.ringPrevious = feed;
      this.#turn = feed;
      return;
    }
    const next = this.#roundRobin ? this.#turn : this.#successor(feed);
    const previous = next.ringPrevious!;
    previous.ringNext = feed;
    feed.ringPrevious = previous;
    feed.ringNext = next;
    next.ringPrevious = feed;
    if (!this.#roundRobin && feed.id < this.#turn.id) this.#turn = feed;
  }

  /** Who follows a consumer that is not in the circle yet; the circle starts with the one that joined first. */
  #successor(feed: QueueFeed): QueueFeed {
    let at = this.#turn!;
    for (let left = this.#size - 1; left > 0 && at.id < feed.id; left -= 1) at = at.ringNext!;
    return at;
  }

  /** Takes a consumer out; nothing when it is not in. */
  remove(feed: QueueFeed): void {
    const next = feed.ringNext;
    if (next === undefined) return;
    this.#size -= 1;
    const previous = feed.ringPrevious!;
    previous.ringNext = next;
    next.ringPrevious = previous;
    if (this.#turn === feed) this.#turn = next === feed ? undefined : next;
    feed.ringNext = undefined;
    feed.ringPrevious = undefined;
  }
}
