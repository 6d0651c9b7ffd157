import type { QueueFeed } from "./queue-feed.ts";

/**
 * The consumers with credit, in a circle: whoever is at the turn gets the next message, then the turn passes on.
 * Idle consumers are not in it, so they cost nothing.
 */
export class FeedRing {
  #turn: QueueFeed | undefined = undefined;

  /** Who gets the next message; undefined when nobody has credit. */
  get turn(): QueueFeed | undefined {
    return this.#turn;
  }

  /** Passes the turn on. */
  advance(): void {
    this.#turn = this.#turn?.ringNext;
  }

  /** Adds a consumer as the last one in turn; nothing when it is in. */
  add(feed: QueueFeed): void {
    if (feed.ringNext !== undefined) return;
    if (this.#turn === undefined) {
      feed.ringNext = feed;
      feed.ringPrevious = feed;
      this.#turn = feed;
      return;
    }
    const last = this.#turn.ringPrevious!;
    last.ringNext = feed;
    feed.ringPrevious = last;
    feed.ringNext = this.#turn;
    this.#turn.ringPrevious = feed;
  }

  /** Takes a consumer out; nothing when it is not in. */
  remove(feed: QueueFeed): void {
    const next = feed.ringNext;
    if (next === undefined) return;
    const previous = feed.ringPrevious!;
    previous.ringNext = next;
    next.ringPrevious = previous;
    if (this.#turn === feed) this.#turn = next === feed ? undefined : next;
    feed.ringNext = undefined;
    feed.ringPrevious = undefined;
  }
}
