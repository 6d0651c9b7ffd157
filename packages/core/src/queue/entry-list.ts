import type { QueueEntry } from "./entry.ts";

/** All entries of a queue by sequence, whatever their state. */
export class EntryList {
  #first: QueueEntry | undefined = undefined;
  #last: QueueEntry | undefined = undefined;
  #length = 0;

  get first(): QueueEntry | undefined {
    return this.#first;
  }

  get last(): QueueEntry | undefined {
    return this.#last;
  }

  get length(): number {
    return this.#length;
  }

  append(entry: QueueEntry): void {
    entry.previous = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#length += 1;
  }

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
