import type { Dispatch, Hands } from "./dispatch.ts";
import type { QueueEntry } from "./entry.ts";
import type { FeedRing } from "./feed-ring.ts";
import type { PageIn } from "./paged-run.ts";
import type { PositionedDispatch } from "./positioned-dispatch.ts";
import type { QueueFeed } from "./queue-feed.ts";
import type { HandOutOrder } from "./ready-order.ts";

/** Every consumer may have every entry: the first ready entry goes to whose turn it is. */
export class SharedDispatch implements Dispatch {
  readonly #hands: Hands;
  readonly #ring: FeedRing;
  readonly #ready: HandOutOrder;
  #running = false;
  #successor: PositionedDispatch | undefined = undefined;

  constructor(hands: Hands, ring: FeedRing, order: HandOutOrder) {
    this.#hands = hands;
    this.#ready = order;
    this.#ring = ring;
  }

  /** Another one takes over; an offer that is under way ends first. */
  retire(successor: PositionedDispatch): void {
    this.#successor = successor;
    if (this.#running) successor.hold();
  }

  joined(feed: QueueFeed): void {
    this.credited(feed);
  }

  left(feed: QueueFeed, returned: readonly QueueEntry[]): void {
    this.#ring.remove(feed);
    this.#ready.giveBackAll(returned);
    this.run();
  }

  credited(feed: QueueFeed): void {
    this.#ring.add(feed);
    this.run();
  }

  appended(entry: QueueEntry): void {
    this.#ready.append(entry);
  }

  returned(entry: QueueEntry): void {
    this.#ready.giveBack(entry);
    this.run();
  }

  removing(entry: QueueEntry, wasReady: boolean): void {
    if (wasReady) this.#ready.skip(entry);
  }

  fellOff(): void {}

  emptied(): void {}

  pagedIn(page: PageIn): void {
    this.#ready.pagedIn(page);
  }

  awaitsPage(feed: QueueFeed): boolean {
    return feed.ringNext !== undefined && this.#ready.awaited !== undefined;
  }

  needs(entry: QueueEntry): boolean {
    return this.#ready.needs(entry);
  }

  hold(): void {
    this.#running = true;
  }

  release(): void {
    this.#running = false;
    this.run();
  }

  /** Offers ready entries to consumers with credit until there is no more of either. */
  run(): void {
    if (this.#running) return; // a consumer settled or resumed from within its offer: the loop goes on anyway
    this.#running = true;
    try {
      for (let feed = this.#ring.turn; feed !== undefined; feed = this.#ring.turn) {
        const entry = this.#ready.take();
        if (entry === undefined) {
          const { awaited } = this.#ready;
          if (awaited !== undefined) this.#hands.want(awaited);
          return;
        }
        this.#ring.advance();
        const taken = this.#hands.handOver(entry, feed);
        if (this.#successor !== undefined) {
          if (!taken) this.#successor.refused(feed, entry);
          return;
        }
        if (taken) continue;
        this.#ring.remove(feed);
        if (this.#hands.takeBack(entry, feed)) this.#ready.giveBack(entry);
      }
    } finally {
      this.#running = false;
      this.#successor?.release();
    }
  }
}
