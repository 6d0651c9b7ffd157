import type { Place, QueueEntry } from "./entry.ts";
import type { EntryList } from "./entry-list.ts";
import { moveTo } from "./position.ts";
import { LEVELS, levelOf } from "./priority-order.ts";
import { QueueFeed } from "./queue-feed.ts";

/** The order in which consumers with places of their own look at a queue. */
export interface Lineup {
  readonly first: Place | undefined;
  next(place: Place): Place | undefined;
  /** What comes first has the lower number. */
  rank(place: Place): number;
  /** An entry was added to the queue. `false`: before others here, which somebody may have looked at. */
  add(entry: QueueEntry): boolean;
  /** Entries came back into memory. `false`: they are where they were; else everybody begins again. */
  loaded(entries: readonly QueueEntry[]): boolean;
  /** An entry is about to leave; consumers that stand at it go on. */
  remove(entry: QueueEntry, pastTheEnd: (feed: QueueFeed) => void): void;
}

/** As they came in: the queue's own list. */
export class SequenceLineup implements Lineup {
  readonly #entries: EntryList;

  constructor(entries: EntryList) {
    this.#entries = entries;
  }

  get first(): Place | undefined {
    return this.#entries.first;
  }

  next(place: Place): Place | undefined {
    return place.next;
  }

  rank(place: Place): number {
    return place.sequence;
  }

  add(): boolean {
    return true;
  }

  loaded(): boolean {
    return false;
  }

  remove(): void {} // whoever takes it out of the list moves those that stand at it
}

/** Sequences stay below this. */
const LEVEL_RANKS = 2 ** 40;

/**
 * The highest priority first, within one as they came in. The queue is in memory as a whole.
 *
 *     first                                            lasts[7]           lasts[4]
 *       ▼                                                 ▼                  ▼
 *     [9: 3] ⇄ [9: 17] ⇄ [7: 1] ⇄ [7: 2] ⇄ [7: 12] ⇄ [7: 16] ⇄ [4: 4] ⇄ [4: 15]
 */
export class PriorityLineup implements Lineup {
  #first: QueueEntry | undefined = undefined;
  /** The last entry of each priority. */
  readonly #lasts: (QueueEntry | undefined)[] = new Array(LEVELS).fill(undefined);

  constructor(entries: EntryList) {
    for (let place = entries.first; place !== undefined; place = place.next) {
      if (place.state === "paged") continue;
      place.nextReturned = undefined; // of the order before this one
      place.previousRanked = undefined;
    }
    for (let place = entries.first; place !== undefined; place = place.next) {
      if (place.state !== "paged") this.add(place);
    }
  }

  get first(): QueueEntry | undefined {
    return this.#first;
  }

  next(place: Place): QueueEntry | undefined {
    return (place as QueueEntry).nextReturned;
  }

  rank(place: Place): number {
    return (LEVELS - levelOf((place as QueueEntry).message)) * LEVEL_RANKS + place.sequence;
  }

  add(entry: QueueEntry): boolean {
    if (this.#first !== entry && entry.previousRanked === undefined) this.#insert(entry);
    return entry.nextReturned === undefined;
  }

  #insert(entry: QueueEntry): void {
    const level = levelOf(entry.message);
    let before: QueueEntry | undefined;
    for (let at = level; at < LEVELS && before === undefined; at += 1) before = this.#lasts[at];
    // what was sent while the queue was loaded is here already, behind what is loaded
    const rank = this.rank(entry);
    while (before !== undefined && this.rank(before) > rank) before = before.previousRanked;
    const after = before === undefined ? this.#first : before.nextReturned;
    entry.previousRanked = before;
    entry.nextReturned = after;
    if (before === undefined) this.#first = entry;
    else before.nextReturned = entry;
    if (after !== undefined) after.previousRanked = entry;
    if (after === undefined || levelOf(after.message) !== level) this.#lasts[level] = entry;
  }

  loaded(entries: readonly QueueEntry[]): boolean {
    for (const entry of entries) this.add(entry);
    return true;
  }

  remove(entry: QueueEntry, pastTheEnd: (feed: QueueFeed) => void): void {
    const { previousRanked: before, nextReturned: after } = entry;
    for (const one of [...(entry.watchers ?? [])]) {
      if (!(one instanceof QueueFeed)) continue;
      moveTo(one, after);
      if (after === undefined) pastTheEnd(one);
    }
    const level = levelOf(entry.message);
    if (this.#lasts[level] === entry) {
      this.#lasts[level] = before !== undefined && levelOf(before.message) === level ? before : undefined;
    }
    if (before !== undefined) before.nextReturned = after;
    else this.#first = after;
    if (after !== undefined) after.previousRanked = before;
    entry.previousRanked = undefined;
    entry.nextReturned = undefined;
  }
}
