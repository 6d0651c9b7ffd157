/** An empty ring larger than this is given back. */
const RING_KEPT = 1_024;
/** The ring before the first element. Nothing is ever written to it. */
const EMPTY: undefined[] = [];

/**
 * First in, first out, without moving elements: a ring in an array that doubles when it is full.
 *
 *      head          tail
 *       ▼             ▼
 *   [ ][a][b][c][d][e][ ][ ]
 */
export class Fifo<T> {
  #ring: (T | undefined)[] = EMPTY;
  #head = 0;
  #length = 0;

  /** How many elements wait. */
  get length(): number {
    return this.#length;
  }

  push(element: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = element;
    this.#length += 1;
  }

  /** Puts an element back in front. */
  unshift(element: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#head = (this.#head - 1 + this.#ring.length) & (this.#ring.length - 1);
    this.#ring[this.#head] = element;
    this.#length += 1;
  }

  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const element = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length -= 1;
    if (this.#length === 0 && this.#ring.length > RING_KEPT) this.clear(); // a burst is over
    return element;
  }

  /** Puts an element behind those that it does not come before; cheap when it belongs at the end. */
  insert(element: T, isBefore: (one: T, other: T) => boolean): void {
    this.push(element);
    const ring = this.#ring;
    const mask = ring.length - 1;
    for (let at = this.#head + this.#length - 1; at > this.#head; at -= 1) {
      const previous = ring[(at - 1) & mask]!;
      if (!isBefore(element, previous)) return;
      ring[at & mask] = previous;
      ring[(at - 1) & mask] = element;
    }
  }

  clear(): void {
    this.#ring = EMPTY;
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const larger: (T | undefined)[] = new Array(Math.max(8, this.#ring.length * 2)).fill(undefined);
    for (let at = 0; at < this.#length; at += 1)
      larger[at] = this.#ring[(this.#head + at) & (this.#ring.length - 1)];
    this.#ring = larger;
    this.#head = 0;
  }
}
