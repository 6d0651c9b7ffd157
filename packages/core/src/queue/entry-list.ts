import type { QueueEntry } from "./entry.ts";

/**
 * The order in which a queue hands out messages.
 *
 *      first                fresh          last
 *       ▼                    ▼              ▼
 *   [acquired] [returned] [ready] [ready] [ready]
 *
 * All entries stand in one list by sequence. From `fresh` on none was handed out yet; what came back is in a
 * second, sorted list and goes out first. Taking and giving back cost the same however long the queue is.
 */
export class EntryList {
  #first: QueueEntry | undefined = undefined;
  #last: QueueEntry | undefined = undefined;
  #fresh: QueueEntry | undefined = undefined;
  #returned: QueueEntry | undefined = undefined;
  #length = 0;

  get first(): QueueEntry | undefined {
    return this.#first;
  }

  get length(): number {
    return this.#length;
  }

  append(entry: QueueEntry): void {
    entry.previous = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#fresh ??= entry;
    this.#length += 1;
  }

  /** The ready entry with the lowest sequence, not in the ready lists any more; undefined when there is none. */
  takeReady(): QueueEntry | undefined {
    const returned = this.#returned;
    if (returned !== undefined) {
      this.#returned = returned.nextReturned;
      returned.nextReturned = undefined;
      return returned;
    }
    const fresh = this.#fresh;
    if (fresh !== undefined) this.#fresh = fresh.next;
    return fresh;
  }

  /** An entry that was taken comes back to its place. */
  giveBack(entry: QueueEntry): void {
    if (entry.next === this.#fresh && this.#returned === undefined) {
      this.#fresh = entry; // the last one taken: as if it never was
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

  /** Takes a ready entry out of the ready lists, wherever it stands in them. */
  skip(entry: QueueEntry): void {
    if (this.#fresh === entry) {
      this.#fresh = entry.next;
      return;
    }
    let before: QueueEntry | undefined;
    let at = this.#returned;
    while (at !== undefined && at.sequence < entry.sequence) {
      before = at;
      at = at.nextReturned;
    }
    if (at !== entry) return;
    if (before === undefined) this.#returned = entry.nextReturned;
    else before.nextReturned = entry.nextReturned;
    entry.nextReturned = undefined;
  }

  /** Takes an entry out for good. It is in no ready list, or stands after `fresh`. */
  remove(entry: QueueEntry): void {
    if (entry.previous === undefined) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    entry.previous = undefined;
    entry.next = undefined;
    this.#length -= 1;
  }
}
