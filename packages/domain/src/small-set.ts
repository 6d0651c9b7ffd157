/**
 * A set for where there are many sets and most hold one element or none: a real one, 200 bytes even when it is empty,
 * is made for the second element. Elements come in the order in which they were added; those that are added while it
 * is walked need not come.
 */
export class SmallSet<T extends NonNullable<unknown>> {
  /** The only element; undefined when there is none, or when there is `#all`. */
  #only: T | undefined = undefined;
  #all: Set<T> | undefined = undefined;

  get size(): number {
    if (this.#all !== undefined) return this.#all.size;
    return this.#only === undefined ? 0 : 1;
  }

  has(element: T): boolean {
    return this.#all === undefined ? this.#only === element : this.#all.has(element);
  }

  add(element: T): void {
    if (this.#all !== undefined) {
      this.#all.add(element);
    } else if (this.#only === undefined) {
      this.#only = element;
    } else if (this.#only !== element) {
      this.#all = new Set([this.#only, element]);
      this.#only = undefined;
    }
  }

  /** Removes an element; `false`: it was not there. */
  delete(element: T): boolean {
    if (this.#all !== undefined) {
      const was = this.#all.delete(element);
      if (this.#all.size === 0) this.#all = undefined;
      return was;
    }
    if (this.#only !== element) return false;
    this.#only = undefined;
    return true;
  }

  clear(): void {
    this.#all = undefined;
    this.#only = undefined;
  }

  [Symbol.iterator](): IterableIterator<T> {
    if (this.#all !== undefined) return this.#all.values();
    return (this.#only === undefined ? [] : [this.#only]).values();
  }
}
