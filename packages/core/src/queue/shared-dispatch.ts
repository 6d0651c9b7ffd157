import type { Dispatch, Hands } from "./dispatch.ts";
import type { QueueEntry } from "./entry.ts";
import type { FeedRing } from "./feed-ring.ts";
import type { QueueFeed } from "./queue-feed.ts";
import type { HandOutOrder } from "./ready-order.ts";

/** Every consumer may have every entry: the first ready entry goes to whose turn it is. */
export class SharedDispatch implements Dispatch {
  readonly #hands: Hands;
  readonly #ring: FeedRing;
  readonly #ready: HandOutOrder;
  #running = false;

  constructor(hands: Hands, ring: FeedRing, order: HandOutOrder) {
    this.#hands = hands;
    this.#ready = order;
    this.#ring = ring;
  }

  joined(feed: QueueFeed): void {
    this.credited(feed);
  }

  left(feed: QueueFeed, returned: readonly QueueEntry[]): void {
    this.#ring.remove(feed);
    // from the last to the first: each finds its place at the head of those that came back
    for (let at = returned.length - 1; at >= 0; at -= 1) this.#ready.giveBack(returned[at]!);
    this.#run();
  }

  credited(feed: QueueFeed): void {
    this.#ring.add(feed);
    this.#run();
  }

  appended(entry: QueueEntry): void {
    this.#ready.append(entry);
    this.#run();
  }

  returned(entry: QueueEntry): void {
    this.#ready.giveBack(entry);
    this.#run();
  }

  removing(entry: QueueEntry, wasReady: boolean): void {
    if (wasReady) this.#ready.skip(entry);
  }

  fellOff(): void {}

  emptied(): void {}

  hasCredit(feed: QueueFeed): boolean {
    return feed.ringNext !== undefined;
  }

  /** Offers ready entries to consumers with credit until there is no more of either. */
  #run(): void {
    if (this.#running) return; // a consumer settled or resumed from within its offer: the loop goes on anyway
    this.#running = true;
    try {
      for (let feed = this.#ring.turn; feed !== undefined; feed = this.#ring.turn) {
        const entry = this.#ready.take();
        if (entry === undefined) return;
        this.#ring.advance();
        if (this.#hands.handOver(entry, feed)) continue;
        this.#ring.remove(feed);
        if (entry.state === "ready") this.#ready.giveBack(entry);
      }
    } finally {
      this.#running = false;
    }
  }
}
