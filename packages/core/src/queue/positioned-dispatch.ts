import { Fifo } from "../fifo.ts";
import type { Dispatch, Hands } from "./dispatch.ts";
import type { QueueEntry } from "./entry.ts";
import type { EntryList } from "./entry-list.ts";
import type { FeedRing } from "./feed-ring.ts";
import { MessageGroups } from "./message-groups.ts";
import { moveTo } from "./position.ts";
import type { QueueFeed } from "./queue-feed.ts";

/**
 * Consumers want or may have different entries, so each has its own place in the queue. Those with credit have
 * seen everything up to the end and stand in the ring; those without stand at the first entry they have not seen.
 * An entry that comes back moves everybody without credit back to it. [messaging 5.3–5.8]
 */
export class PositionedDispatch implements Dispatch {
  readonly #hands: Hands;
  readonly #entries: EntryList;
  readonly #ring: FeedRing;
  readonly #feeds: Set<QueueFeed>;
  readonly #groups: MessageGroups;
  /** Without credit and past the last entry: they stand at the next one that is added. */
  readonly #pastTheEnd: Set<QueueFeed> = new Set();
  readonly #toOffer: Fifo<QueueEntry> = new Fifo();
  readonly #toPull: Fifo<QueueFeed> = new Fifo();
  #running = false;

  constructor(
    hands: Hands,
    entries: EntryList,
    ring: FeedRing,
    feeds: Set<QueueFeed>,
    gracefulHandoff: boolean,
  ) {
    this.#hands = hands;
    this.#entries = entries;
    this.#ring = ring;
    this.#feeds = feeds;
    this.#groups = new MessageGroups(gracefulHandoff);
    for (const feed of feeds) {
      this.#groups.join(feed, false);
      if (feed.ringNext === undefined) this.#standAt(feed, entries.first);
    }
  }

  joined(feed: QueueFeed): void {
    feed.suspended = false;
    moveTo(feed, this.#entries.first);
    for (const suspended of this.#groups.join(feed, true)) this.#suspend(suspended);
    this.credited(feed);
  }

  left(feed: QueueFeed, returned: readonly QueueEntry[]): void {
    this.#ring.remove(feed);
    this.#pastTheEnd.delete(feed);
    moveTo(feed, undefined);
    for (const freed of this.#groups.leave(feed)) this.#resume(freed);
    // what was kept for it is for others now, wherever they are
    if (feed.exclusive || this.#groups.isUsed) this.#rewindAll();
    for (const entry of returned) this.#rewindTo(entry);
    for (const entry of returned) this.#toOffer.push(entry);
    this.#run();
  }

  credited(feed: QueueFeed): void {
    feed.suspendedCredit = feed.suspended;
    if (feed.suspended) return;
    this.#toPull.push(feed);
    this.#run();
  }

  appended(entry: QueueEntry): void {
    if (entry.message.groupKey !== undefined) this.#groups.isUsed = true;
    if (this.#pastTheEnd.size > 0) {
      for (const feed of this.#pastTheEnd) moveTo(feed, entry);
      this.#pastTheEnd.clear();
    }
    this.#toOffer.push(entry);
    this.#run();
  }

  returned(entry: QueueEntry): void {
    this.#rewindTo(entry);
    this.#toOffer.push(entry);
    this.#run();
  }

  removing(): void {}

  fellOff(feed: QueueFeed): void {
    if (feed.ringNext === undefined && !feed.closed) this.#pastTheEnd.add(feed);
  }

  emptied(feed: QueueFeed): void {
    for (const freed of this.#groups.emptied(feed)) this.#resume(freed);
    this.#run();
  }

  hasCredit(feed: QueueFeed): boolean {
    return feed.ringNext !== undefined || feed.suspendedCredit;
  }

  #suspend(feed: QueueFeed): void {
    if (feed.suspended) return;
    feed.suspended = true;
    feed.suspendedCredit = feed.ringNext !== undefined;
    this.#ring.remove(feed);
    if (feed.at === undefined) this.#standAt(feed, undefined);
  }

  #resume(feed: QueueFeed): void {
    if (!feed.suspended) return;
    feed.suspended = false;
    if (feed.suspendedCredit) this.#toPull.push(feed);
    feed.suspendedCredit = false;
  }

  /** Puts a consumer without credit at an entry. */
  #standAt(feed: QueueFeed, entry: QueueEntry | undefined): void {
    moveTo(feed, entry);
    if (entry === undefined) this.#pastTheEnd.add(feed);
    else this.#pastTheEnd.delete(feed);
  }

  #rewindTo(entry: QueueEntry): void {
    for (const feed of this.#feeds) {
      if (feed.ringNext !== undefined && feed.at === undefined) continue; // it is offered the entry itself
      if (feed.at === undefined || feed.at.sequence > entry.sequence) this.#standAt(feed, entry);
    }
  }

  #rewindAll(): void {
    const { first } = this.#entries;
    if (first === undefined) return;
    for (const feed of this.#feeds) {
      this.#standAt(feed, first);
      if (feed.ringNext !== undefined) this.#toPull.push(feed);
    }
  }

  #run(): void {
    if (this.#running) return; // somebody settled or resumed from within an offer: it waits in the lists
    this.#running = true;
    try {
      for (;;) {
        const feed = this.#toPull.shift();
        if (feed !== undefined) {
          this.#pull(feed);
          continue;
        }
        const entry = this.#toOffer.shift();
        if (entry === undefined) return;
        if (entry.state === "ready") this.#offer(entry);
      }
    } finally {
      this.#running = false;
    }
  }

  /** A consumer with credit takes what it may have, from its place on. */
  #pull(feed: QueueFeed): void {
    if (feed.closed || feed.suspended) return;
    this.#pastTheEnd.delete(feed);
    this.#ring.add(feed);
    for (let entry = feed.at; entry !== undefined; entry = feed.at) {
      moveTo(feed, entry.next);
      if (entry.state !== "ready" || !this.#mayHave(feed, entry)) continue;
      if (this.#hands.handOver(entry, feed)) continue;
      this.#outOfCredit(feed, entry);
      return;
    }
  }

  #outOfCredit(feed: QueueFeed, entry: QueueEntry): void {
    this.#ring.remove(feed);
    if (!feed.closed) this.#standAt(feed, entry.state === "ready" ? entry : entry.next);
  }

  /** One entry for those who have seen everything else. */
  #offer(entry: QueueEntry): void {
    const target = this.#target(entry);
    if (target !== undefined) {
      if (target.ringNext !== undefined && !this.#hands.handOver(entry, target))
        this.#outOfCredit(target, entry);
      return;
    }
    for (let left = this.#ring.size; left > 0 && entry.state === "ready"; left -= 1) {
      const feed = this.#ring.turn;
      if (feed === undefined) return;
      this.#ring.advance();
      if (!feed.wants(entry)) continue;
      if (this.#hands.handOver(entry, feed)) return;
      this.#outOfCredit(feed, entry);
    }
  }

  #mayHave(feed: QueueFeed, entry: QueueEntry): boolean {
    const target = this.#target(entry);
    return target === undefined ? feed.wants(entry) : target === feed;
  }

  /** The only consumer that may have the entry, if there is such a one. [messaging 5.3 step 2] */
  #target(entry: QueueEntry): QueueFeed | undefined {
    for (const feed of this.#feeds) if (feed.exclusive && feed.wants(entry)) return feed;
    const { groupKey } = entry.message;
    return groupKey === undefined ? undefined : this.#groups.owner(groupKey, entry);
  }
}
