import type { Message } from "@tsapollo/domain";
import type { QueueEntry } from "./entry.ts";
import type { EntryList } from "./entry-list.ts";
import type { PageIn } from "./paged-run.ts";
import type { HandOutOrder } from "./ready-order.ts";

/** Priorities go from 0 to 9. */
export const LEVELS = 10;

/** A message's priority; one that is beyond the scale counts as its end. */
export function levelOf({ priority }: Message): number {
  return Math.min(Math.max(priority, 0), LEVELS - 1);
}

interface Level {
  first: QueueEntry | undefined;
  last: QueueEntry | undefined;
}

/** Entries that have left may wait here for their turn, as many as those that are ready, and these. */
const SPARE = 100;

/**
 * The order in which a queue with priorities hands out messages: the highest priority first, within one by
 * sequence. Entries that leave the queue from the middle are dropped from here when their turn comes, or together
 * when there are many.
 */
export class PriorityOrder implements HandOutOrder {
  readonly #levels: readonly Level[] = Array.from({ length: LEVELS }, () => ({
    first: undefined,
    last: undefined,
  }));
  #count = 0;
  #left = 0;

  append(entry: QueueEntry): void {
    this.giveBack(entry);
  }

  /** Queues with priorities are in memory as a whole: they do not hand out before they are. */
  get awaited(): undefined {
    return undefined;
  }

  pagedIn(page: PageIn): void {
    for (const entry of page.entries) this.giveBack(entry);
  }

  begin(entries: EntryList): void {
    for (let place = entries.first; place !== undefined; place = place.next) {
      if (place.state === "ready") this.append(place);
    }
  }

  needs(): boolean {
    return true;
  }

  take(): QueueEntry | undefined {
    for (let priority = LEVELS - 1; priority >= 0; priority -= 1) {
      const level = this.#levels[priority]!;
      for (let entry = level.first; entry !== undefined; entry = level.first) {
        level.first = entry.nextReturned;
        if (level.first === undefined) level.last = undefined;
        entry.nextReturned = undefined;
        this.#count -= 1;
        if (entry.state === "ready") return entry;
        this.#left -= 1;
      }
    }
    return undefined;
  }

  giveBack(entry: QueueEntry): void {
    const level = this.#levels[levelOf(entry.message)]!;
    const { last } = level;
    this.#count += 1;
    if (last === undefined) {
      level.first = entry;
      level.last = entry;
    } else if (last.sequence < entry.sequence) {
      last.nextReturned = entry;
      level.last = entry;
    } else this.#insert(level, entry);
  }

  #insert(level: Level, entry: QueueEntry): void {
    let before: QueueEntry | undefined;
    let after = level.first;
    while (after !== undefined && after.sequence < entry.sequence) {
      before = after;
      after = after.nextReturned;
    }
    entry.nextReturned = after;
    if (before === undefined) level.first = entry;
    else before.nextReturned = entry;
  }

  giveBackAll(entries: readonly QueueEntry[]): void {
    // from the last to the first: each finds its place at the head of its level
    for (let at = entries.length - 1; at >= 0; at -= 1) this.giveBack(entries[at]!);
  }

  skip(): void {
    this.#left += 1; // its state says that it left; `take` drops it
    if (this.#left > this.#count / 2 + SPARE) this.#dropThoseThatLeft();
  }

  #dropThoseThatLeft(): void {
    this.#count = 0;
    this.#left = 0;
    for (const level of this.#levels) {
      const { first } = level;
      level.first = undefined;
      level.last = undefined;
      for (let entry = first; entry !== undefined; ) {
        const next: QueueEntry | undefined = entry.nextReturned;
        entry.nextReturned = undefined;
        if (entry.state === "ready") this.giveBack(entry);
        entry = next;
      }
    }
  }
}
