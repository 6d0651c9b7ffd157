import { Fifo } from "../fifo.ts";
import type { Dispatch, Hands } from "./dispatch.ts";
import type { Place, QueueEntry } from "./entry.ts";
import type { EntryList } from "./entry-list.ts";
import type { FeedRing } from "./feed-ring.ts";
import { MessageGroups } from "./message-groups.ts";
import type { PageIn } from "./paged-run.ts";
import { moveTo } from "./position.ts";
import { QueueFeed } from "./queue-feed.ts";

/**
 * Consumers want or may have different entries, so each has its own place in the queue. Those with credit have
 * seen everything up to the end, except what waits to be offered, and are in the ring; those without stand at the
 * first entry they have not seen. An entry that comes back moves everybody who wants it and has no credit back to
 * it. Where only the store has what comes next, a consumer leaves the ring and stands at that run until it is
 * paged in. [messaging 5.3–5.8]
 */
export class PositionedDispatch implements Dispatch {
  readonly #hands: Hands;
  readonly #entries: EntryList;
  readonly #ring: FeedRing;
  readonly #feeds: Set<QueueFeed>;
  readonly #groups: MessageGroups;
  /** In order of joining. */
  readonly #exclusive: QueueFeed[] = [];
  /** Not in the ring and past the last entry: they stand at the next one that is added. */
  readonly #pastTheEnd: Set<QueueFeed> = new Set();
  /** By sequence, so that whoever runs out of credit has seen everything before the first of them. */
  readonly #toOffer: Fifo<QueueEntry> = new Fifo();
  /** The one being offered: those in the ring who are not asked yet have not seen it. */
  #offering: QueueEntry | undefined = undefined;
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
      feed.hasCredit = feed.ringNext !== undefined;
      if (!feed.hasCredit) this.#standAt(feed, entries.first);
    }
    if (ring.size === 0) return;
    if (hands.hasPaged) {
      this.#pullAll();
      return;
    }
    for (let entry = entries.first; entry !== undefined; entry = entry.next) {
      if (entry.state === "ready") this.#toOffer.push(entry);
    }
  }

  /** Everybody begins at the first place. */
  #pullAll(): void {
    for (const feed of this.#feeds) {
      this.#ring.remove(feed);
      this.#standAt(feed, this.#entries.first);
      if (feed.hasCredit) this.#toPull.push(feed);
    }
  }

  /** Offers nothing until {@link PositionedDispatch.release}. */
  hold(): void {
    this.#running = true;
  }

  /** Goes on after {@link PositionedDispatch.hold}; nothing when it was not held. */
  release(): void {
    this.#running = false;
    this.run();
  }

  joined(feed: QueueFeed): void {
    if (feed.exclusive) this.#exclusive.push(feed);
    this.#standAt(feed, this.#entries.first);
    for (const one of this.#groups.join(feed, true)) this.#suspend(one);
    this.credited(feed);
  }

  left(feed: QueueFeed, returned: readonly QueueEntry[]): void {
    this.#ring.remove(feed);
    this.#pastTheEnd.delete(feed);
    moveTo(feed, undefined);
    const { freed, suspended } = this.#groups.leave(feed);
    for (const one of suspended) this.#suspend(one);
    for (const one of freed) this.#free(one);
    // what was kept for it is for others now, wherever they are
    if (feed.exclusive) this.#exclusive.splice(this.#exclusive.indexOf(feed), 1);
    if (feed.exclusive || this.#groups.isUsed) this.#rewindAll();
    else this.#rewind(returned);
    for (const entry of returned) this.#toOffer.insert(entry, isBefore);
    this.run();
  }

  credited(feed: QueueFeed): void {
    feed.hasCredit = true;
    if (feed.suspended || (feed.ringNext !== undefined && feed.at === undefined)) return;
    this.#toPull.push(feed);
    this.run();
  }

  appended(entry: QueueEntry): void {
    if (entry.message.groupKey !== undefined) this.#groups.isUsed = true;
    if (this.#pastTheEnd.size > 0) {
      for (const feed of this.#pastTheEnd) moveTo(feed, entry);
      this.#pastTheEnd.clear();
    }
    if (this.#ring.size > 0 || this.#running) this.#toOffer.insert(entry, isBefore);
  }

  returned(entry: QueueEntry): void {
    this.#rewind([entry]);
    this.#toOffer.insert(entry, isBefore);
    this.run();
  }

  removing(): void {}

  fellOff(feed: QueueFeed): void {
    if (feed.ringNext === undefined && !feed.closed) this.#pastTheEnd.add(feed);
  }

  emptied(feed: QueueFeed): void {
    for (const freed of this.#groups.emptied(feed)) this.#free(freed);
    this.run();
  }

  pagedIn(page: PageIn): void {
    if (page.entries.some(({ message }) => message.groupKey !== undefined)) this.#groups.isUsed = true;
    for (const one of page.moved) if (one instanceof QueueFeed && one.hasCredit) this.#toPull.push(one);
  }

  awaitsPage(feed: QueueFeed): boolean {
    return feed.hasCredit && !feed.suspended && feed.at?.state === "paged";
  }

  needs(): boolean {
    return false; // who stands at an entry is among its watchers
  }

  /** A consumer has no credit for an entry that the dispatch before this one offered it. */
  refused(feed: QueueFeed, entry: QueueEntry): void {
    if (!this.#refuse(feed, entry)) return;
    this.#rewind([entry]);
    this.#toOffer.insert(entry, isBefore);
  }

  #suspend(feed: QueueFeed): void {
    if (feed.suspended) return;
    feed.suspended = true;
    this.#stop(feed, undefined);
  }

  #free(feed: QueueFeed): void {
    if (!feed.suspended) return;
    feed.suspended = false;
    if (feed.hasCredit) this.#toPull.push(feed);
  }

  /** Puts a consumer at an entry. */
  #standAt(feed: QueueFeed, entry: Place | undefined): void {
    moveTo(feed, entry);
    if (entry === undefined) this.#pastTheEnd.add(feed);
    else this.#pastTheEnd.delete(feed);
  }

  /** Entries came back, in ascending order: who has passed them and may want one goes back to it. */
  #rewind(returned: readonly QueueEntry[]): void {
    for (const feed of this.#feeds) {
      if (feed.ringNext !== undefined && feed.at === undefined) continue; // it is offered the entries themselves
      for (const entry of returned) {
        if (feed.at !== undefined && feed.at.sequence <= entry.sequence) break;
        if (!feed.wants(entry)) continue;
        this.#standAt(feed, entry);
        break;
      }
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

  run(): void {
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
        if (entry.state !== "ready") continue;
        this.#offering = entry;
        this.#offer(entry);
        this.#offering = undefined;
      }
    } finally {
      this.#offering = undefined;
      this.#running = false;
    }
  }

  /** A consumer with credit takes what it may have, from its place on. */
  #pull(feed: QueueFeed): void {
    if (feed.closed || feed.suspended || !feed.hasCredit) return;
    this.#pastTheEnd.delete(feed);
    this.#ring.add(feed);
    while (feed.at !== undefined && feed.ringNext !== undefined) {
      const entry = this.#nextFor(feed);
      if (entry?.state === "paged") {
        this.#ring.remove(feed);
        moveTo(feed, entry);
        this.#hands.want(entry);
        return;
      }
      moveTo(feed, entry?.next);
      if (entry === undefined || this.#hands.handOver(entry, feed)) continue;
      this.#refuse(feed, entry);
      return;
    }
  }

  /** The first entry from a consumer's place on that it may have, or the run that may have one. */
  #nextFor(feed: QueueFeed): Place | undefined {
    let place: Place | undefined = feed.at;
    while (place !== undefined && place.state !== "paged") {
      if (place.state === "ready" && this.#mayHave(feed, place)) return place;
      place = place.next;
    }
    return place;
  }

  /** @returns whether the entry is ready again */
  #refuse(feed: QueueFeed, entry: QueueEntry): boolean {
    feed.hasCredit = false;
    const isReady = this.#hands.takeBack(entry, feed);
    this.#stop(feed, entry);
    return isReady;
  }

  /** A consumer gets nothing for now: it stands at the first entry that it has not seen. */
  #stop(feed: QueueFeed, refused: QueueEntry | undefined): void {
    this.#ring.remove(feed);
    if (feed.closed) return;
    let place = earlier(feed.at, refused);
    place = earlier(place, this.#offering);
    for (let next = this.#toOffer.peek(); next !== undefined; next = this.#toOffer.peek()) {
      if (next.state === "ready") {
        place = earlier(place, next);
        break;
      }
      this.#toOffer.shift();
    }
    this.#standAt(feed, place);
  }

  /** One entry for those who have seen everything else. */
  #offer(entry: QueueEntry): void {
    const target = this.#target(entry);
    if (target !== undefined) {
      if (target.ringNext !== undefined && !this.#hands.handOver(entry, target)) this.#refuse(target, entry);
      return;
    }
    let feed = this.#ring.turn;
    for (let left = this.#ring.size; left > 0 && feed !== undefined; left -= 1) {
      let next = feed.ringNext;
      if (feed.wants(entry)) {
        this.#ring.passFrom(feed);
        if (this.#hands.handOver(entry, feed)) return;
        this.#refuse(feed, entry);
        if (entry.state !== "ready") return;
        if (next?.ringNext === undefined) {
          // it left while the entry was offered: once more from the turn on
          next = this.#ring.turn;
          left = this.#ring.size + 1;
        }
      }
      feed = next;
    }
  }

  #mayHave(feed: QueueFeed, entry: QueueEntry): boolean {
    const target = this.#target(entry);
    return target === undefined ? feed.wants(entry) : target === feed;
  }

  /** The only consumer that may have the entry, if there is such a one. [messaging 5.3 step 2] */
  #target(entry: QueueEntry): QueueFeed | undefined {
    for (const feed of this.#exclusive) if (feed.wants(entry)) return feed;
    const { groupKey } = entry.message;
    return groupKey === undefined ? undefined : this.#groups.owner(groupKey, entry);
  }
}

function isBefore(one: QueueEntry, other: QueueEntry): boolean {
  return one.sequence < other.sequence;
}

/** The one with the lower sequence; an entry that has left its queue does not count. */
function earlier(place: Place | undefined, other: Place | undefined): Place | undefined {
  if (other === undefined || other.state === "gone") return place;
  return place === undefined || other.sequence < place.sequence ? other : place;
}
