import type { SmallSet } from "@tsapollo/domain";
import { Fifo } from "../fifo.ts";
import type { Dispatch, Hands } from "./dispatch.ts";
import type { Place, QueueEntry } from "./entry.ts";
import type { FeedRing } from "./feed-ring.ts";
import type { Lineup } from "./lineup.ts";
import type { MessageGroups } from "./message-groups.ts";
import type { PageIn } from "./paged-run.ts";
import { moveTo } from "./position.ts";
import { QueueFeed } from "./queue-feed.ts";

/**
 * Consumers want or may have different entries, so each has its own place in the queue. Those with credit have
 * seen everything up to the end, except what waits to be offered, and are in the ring; those without stand at the
 * first entry they have not seen. An entry that comes back moves everybody who wants it and has no credit back to
 * it. Where only the store has what comes next, a consumer leaves the ring and stands at that run until it is
 * paged in. "The end" and "first" are those of the {@link Lineup}. [messaging 5.3–5.8]
 */
export class PositionedDispatch implements Dispatch {
  readonly #hands: Hands;
  readonly #lineup: Lineup;
  readonly #ring: FeedRing;
  readonly #feeds: SmallSet<QueueFeed>;
  readonly #groups: MessageGroups;
  /** In order of joining. */
  readonly #exclusive: QueueFeed[] = [];
  /** Not in the ring and past the last entry: they stand at the next one that is added. */
  readonly #pastTheEnd: Set<QueueFeed> = new Set();
  /** In order, so that whoever runs out of credit has seen everything before the first of them. */
  readonly #toOffer: Fifo<QueueEntry> = new Fifo();
  /** The one being offered: those in the ring who are not asked yet have not seen it. */
  #offering: QueueEntry | undefined = undefined;
  readonly #toPull: Fifo<QueueFeed> = new Fifo();
  #running = false;
  readonly #isBefore = (one: Place, other: Place): boolean =>
    this.#lineup.rank(one) < this.#lineup.rank(other);
  readonly #onFallOff = (feed: QueueFeed): void => this.fellOff(feed);

  constructor(
    hands: Hands,
    lineup: Lineup,
    ring: FeedRing,
    feeds: SmallSet<QueueFeed>,
    groups: MessageGroups,
  ) {
    this.#hands = hands;
    this.#lineup = lineup;
    this.#ring = ring;
    this.#feeds = feeds;
    this.#groups = groups;
    for (const feed of feeds) {
      this.#groups.join(feed, false);
      feed.hasCredit = feed.ringNext !== undefined;
      if (!feed.hasCredit) this.#standAt(feed, lineup.first);
    }
    if (ring.size === 0) return;
    if (hands.hasPaged) {
      this.#pullAll();
      return;
    }
    for (let entry = lineup.first; entry !== undefined; entry = lineup.next(entry)) {
      if (entry.state === "ready") this.#toOffer.push(entry);
    }
  }

  /** Everybody begins at the first place. */
  #pullAll(): void {
    for (const feed of this.#feeds) {
      this.#ring.remove(feed);
      this.#standAt(feed, this.#lineup.first);
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
    this.#standAt(feed, this.#lineup.first);
    for (const one of this.#groups.join(feed, true)) this.#suspend(one);
    this.credited(feed);
  }

  left(feed: QueueFeed, returned: readonly QueueEntry[]): void {
    const kept = this.#keptFor(feed);
    this.#ring.remove(feed);
    this.#pastTheEnd.delete(feed);
    moveTo(feed, undefined);
    const { freed, suspended } = this.#groups.leave(feed);
    for (const one of suspended) this.#suspend(one);
    for (const one of freed) this.#free(one);
    // what was kept for it is for others now, wherever they are
    if (feed.exclusive) this.#exclusive.splice(this.#exclusive.indexOf(feed), 1);
    if (kept !== undefined) this.#rewindTo(kept);
    const inOrder = [...returned].sort((one, other) => this.#lineup.rank(one) - this.#lineup.rank(other));
    this.#rewind(inOrder);
    for (const entry of inOrder) this.#toOffer.insert(entry, this.#isBefore);
    this.run();
  }

  /** The first place that others may have passed because of a consumer that leaves. */
  #keptFor(feed: QueueFeed): Place | undefined {
    const { keptFrom, ringNext } = feed;
    if (keptFrom === Number.POSITIVE_INFINITY) return undefined;
    let place = ringNext === undefined ? feed.at : this.#firstUnseen(feed.at);
    while (place !== undefined) {
      if (place.state === "paged") {
        if (place.lastSequence >= keptFrom) return this.#hands.from(place, keptFrom);
      } else if (this.#lineup.rank(place) >= keptFrom) return place;
      place = this.#lineup.next(place);
    }
    return undefined;
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
    if (!this.#lineup.add(entry)) this.#rewind([entry]);
    if (this.#ring.size > 0 || this.#running) this.#toOffer.insert(entry, this.#isBefore);
  }

  returned(entry: QueueEntry): void {
    this.#rewind([entry]);
    this.#toOffer.insert(entry, this.#isBefore);
    this.run();
  }

  removing(entry: QueueEntry): void {
    this.#lineup.remove(entry, this.#onFallOff);
  }

  fellOff(feed: QueueFeed): void {
    if (feed.ringNext === undefined && !feed.closed) this.#pastTheEnd.add(feed);
  }

  emptied(feed: QueueFeed): void {
    for (const freed of this.#groups.emptied(feed)) this.#free(freed);
    this.run();
  }

  pagedIn(page: PageIn): void {
    if (page.entries.some(({ message }) => message.groupKey !== undefined)) this.#groups.isUsed = true;
    for (const one of page.moved) {
      if (!(one instanceof QueueFeed)) continue;
      if (one.at === undefined) this.fellOff(one); // nothing was left of the run, and nothing is behind it
      if (one.hasCredit) this.#toPull.push(one);
    }
    if (this.#lineup.loaded(page.entries)) this.#rewindTo(this.#lineup.first);
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
    this.#toOffer.insert(entry, this.#isBefore);
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

  /** Entries are ready that were not, in order: who has passed them and may want one goes back to it. */
  #rewind(returned: readonly QueueEntry[]): void {
    for (const feed of this.#feeds) {
      if (feed.ringNext !== undefined && feed.at === undefined) continue; // it is offered the entries themselves
      for (const entry of returned) {
        if (feed.at !== undefined && !this.#isBefore(entry, feed.at)) break;
        if (!feed.wants(entry)) continue;
        this.#goBack(feed, entry);
        break;
      }
    }
  }

  /** Who has passed a place goes back to it. */
  #rewindTo(place: Place | undefined): void {
    if (place === undefined) return;
    for (const feed of this.#feeds) {
      if (feed.at === undefined || this.#isBefore(place, feed.at)) this.#goBack(feed, place);
    }
  }

  #goBack(feed: QueueFeed, place: Place): void {
    this.#standAt(feed, place);
    if (feed.hasCredit) this.#toPull.push(feed); // it may have waited for a run to be paged in
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
      moveTo(feed, entry === undefined ? undefined : this.#lineup.next(entry));
      if (entry === undefined || this.#hands.handOver(entry, feed)) continue;
      this.#refuse(feed, entry);
      return;
    }
    if (feed.ringNext === undefined || feed.keptFrom === Number.POSITIVE_INFINITY) return;
    const unseen = this.#firstUnseen(undefined); // it has everything else that was kept for it
    feed.keptFrom = unseen === undefined ? Number.POSITIVE_INFINITY : this.#lineup.rank(unseen);
  }

  /** The first entry from a consumer's place on that it may have, or the run that may have one. */
  #nextFor(feed: QueueFeed): Place | undefined {
    let place: Place | undefined = feed.at;
    while (place !== undefined) {
      if (place.state === "paged") {
        if (place.lastSequence >= feed.fromSequence) return this.#hands.from(place, feed.fromSequence);
      } else if (place.state === "ready" && this.#mayHave(feed, place)) return place;
      place = this.#lineup.next(place);
    }
    return undefined;
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
    if (!feed.closed) this.#standAt(feed, this.#firstUnseen(this.#earlier(feed.at, refused)));
  }

  /** The first place that somebody in the ring, who looks at this one next, has not seen. */
  #firstUnseen(at: Place | undefined): Place | undefined {
    const place = this.#earlier(at, this.#offering);
    for (let next = this.#toOffer.peek(); next !== undefined; next = this.#toOffer.peek()) {
      if (next.state === "ready") return this.#earlier(place, next);
      this.#toOffer.shift();
    }
    return place;
  }

  /** The one that comes first; an entry that has left its queue does not count. */
  #earlier(place: Place | undefined, other: Place | undefined): Place | undefined {
    if (other === undefined || other.state === "gone") return place;
    return place === undefined || this.#isBefore(other, place) ? other : place;
  }

  /** One entry for those who have seen everything else. */
  #offer(entry: QueueEntry): void {
    const target = this.#target(entry);
    if (target !== undefined) {
      if (target.ringNext !== undefined && !this.#hands.handOver(entry, target)) this.#refuse(target, entry);
      if (entry.state === "ready") this.#keep(entry, target);
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
    if (target === undefined) return feed.wants(entry);
    if (target !== feed) this.#keep(entry, target);
    return target === feed;
  }

  /** Others pass an entry because it is for a consumer that does not take it now. */
  #keep(entry: QueueEntry, target: QueueFeed): void {
    const rank = this.#lineup.rank(entry);
    if (rank < target.keptFrom) target.keptFrom = rank;
  }

  /** The only consumer that may have the entry, if there is such a one. [messaging 5.3 step 2] */
  #target(entry: QueueEntry): QueueFeed | undefined {
    for (const feed of this.#exclusive) if (feed.wants(entry)) return feed;
    const { groupKey } = entry.message;
    return groupKey === undefined ? undefined : this.#groups.owner(groupKey, entry);
  }
}
