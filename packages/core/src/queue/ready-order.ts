import type { Place, QueueEntry } from "./entry.ts";
import type { EntryList } from "./entry-list.ts";
import type { PagedRun, PageIn } from "./paged-run.ts";

/** In which order ready entries are handed out. */
export interface HandOutOrder {
  /** An entry was added at the end of the queue. */
  append(entry: QueueEntry): void;
  /** The ready entry that goes out next, taken out; undefined when there is none in memory. */
  take(): QueueEntry | undefined;
  /** The run whose first entry goes out next; undefined when it is in memory. */
  readonly awaited: PagedRun | undefined;
  /** Entries came back into memory. */
  pagedIn(page: PageIn): void;
  /** Begins with what is in the queue: nobody has taken anything of it. */
  begin(entries: EntryList): void;
  /** Whether a ready entry must stay in memory because it is next. */
  needs(entry: QueueEntry): boolean;
  /** An entry that was taken comes back to its place. */
  giveBack(entry: QueueEntry): void;
  /** Entries that were taken come back to their places, all at once; they are in ascending order. */
  giveBackAll(entries: readonly QueueEntry[]): void;
  /** A ready entry is about to leave the queue without being taken. */
  skip(entry: QueueEntry): void;
}

/**
 * The order in which a queue hands out messages when every consumer may have every message.
 *
 *      first                fresh          last
 *       ▼                    ▼              ▼
 *   [acquired] [returned] [ready] [ready] [ready]
 *
 * From `fresh` on none was handed out yet; what came back is in a second, sorted list and goes out first. Taking
 * and giving back cost the same however long the queue is. `fresh` may be a run that only the store has.
 */
export class ReadyOrder implements HandOutOrder {
  #fresh: Place | undefined = undefined;
  #returned: QueueEntry | undefined = undefined;
  #lastReturned: QueueEntry | undefined = undefined;

  append(entry: QueueEntry): void {
    this.#fresh ??= entry;
  }

  take(): QueueEntry | undefined {
    const returned = this.#returned;
    if (returned !== undefined) {
      this.#returned = returned.nextReturned;
      if (this.#returned === undefined) this.#lastReturned = undefined;
      returned.nextReturned = undefined;
      returned.isBack = false;
      return returned;
    }
    const fresh = this.#fresh;
    if (fresh === undefined || fresh.state === "paged") return undefined;
    this.#fresh = fresh.next;
    return fresh;
  }

  get awaited(): PagedRun | undefined {
    const fresh = this.#fresh;
    return fresh?.state === "paged" && this.#returned === undefined ? fresh : undefined;
  }

  pagedIn({ run, next }: PageIn): void {
    if (this.#fresh === run) this.#fresh = next;
  }

  needs(entry: QueueEntry): boolean {
    return entry === this.#fresh;
  }

  begin(entries: EntryList): void {
    this.#fresh = entries.first;
  }

  giveBack(entry: QueueEntry): void {
    if (entry.next === this.#fresh && this.#returned === undefined) {
      this.#fresh = entry; // the last one taken: as if it never was
      return;
    }
    entry.isBack = true;
    const last = this.#lastReturned;
    if (last === undefined || last.sequence < entry.sequence) {
      if (last === undefined) this.#returned = entry;
      else last.nextReturned = entry;
      this.#lastReturned = entry;
      return;
    }
    let before: QueueEntry | undefined;
    let after = this.#returned;
    while (after !== undefined && after.sequence < entry.sequence) {
      before = after;
      after = after.nextReturned;
    }
    entry.nextReturned = after;
    if (before === undefined) this.#returned = entry;
    else before.nextReturned = entry;
  }

  /** Two sorted lists become one, in one pass. */
  giveBackAll(entries: readonly QueueEntry[]): void {
    let before: QueueEntry | undefined;
    let after = this.#returned;
    for (const entry of entries) {
      entry.isBack = true;
      while (after !== undefined && after.sequence < entry.sequence) {
        before = after;
        after = after.nextReturned;
      }
      entry.nextReturned = after;
      if (before === undefined) this.#returned = entry;
      else before.nextReturned = entry;
      if (after === undefined) this.#lastReturned = entry;
      before = entry;
    }
  }

  skip(entry: QueueEntry): void {
    if (this.#fresh === entry) {
      this.#fresh = entry.next;
      return;
    }
    if (this.#fresh !== undefined && entry.sequence > this.#fresh.sequence) return; // never among those that came back
    let before: QueueEntry | undefined;
    let at = this.#returned;
    while (at !== undefined && at.sequence < entry.sequence) {
      before = at;
      at = at.nextReturned;
    }
    if (at !== entry) return;
    if (this.#lastReturned === entry) this.#lastReturned = before;
    if (before === undefined) this.#returned = entry.nextReturned;
    else before.nextReturned = entry.nextReturned;
    entry.nextReturned = undefined;
  }
}
