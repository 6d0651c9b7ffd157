import type { Place } from "./entry.ts";

/** All places of a queue by sequence: entries, whatever their state, and runs that only the store has. */
export class EntryList {
  #first: Place | undefined = undefined;
  #last: Place | undefined = undefined;
  #length = 0;

  get first(): Place | undefined {
    return this.#first;
  }

  get last(): Place | undefined {
    return this.#last;
  }

  /** How many places there are. */
  get length(): number {
    return this.#length;
  }

  append(place: Place): void {
    place.previous = this.#last;
    if (this.#last === undefined) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.#length += 1;
  }

  insertBefore(next: Place, place: Place): void {
    place.previous = next.previous;
    place.next = next;
    if (next.previous === undefined) this.#first = place;
    else next.previous.next = place;
    next.previous = place;
    this.#length += 1;
  }

  insertAfter(previous: Place, place: Place): void {
    if (previous.next === undefined) this.append(place);
    else this.insertBefore(previous.next, place);
  }

  remove(place: Place): void {
    if (place.previous === undefined) this.#first = place.next;
    else place.previous.next = place.next;
    if (place.next === undefined) this.#last = place.previous;
    else place.next.previous = place.previous;
    place.previous = undefined;
    place.next = undefined;
    this.#length -= 1;
  }
}
