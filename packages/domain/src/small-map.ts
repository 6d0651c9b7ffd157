/**
 * A map for where there are many maps and most hold one entry or none: a real one, 200 bytes even when it is empty, is
 * made for the second entry. Entries come in the order in which they were added; those that are added while it is
 * walked need not come.
 */
export class SmallMap<K extends NonNullable<unknown>, V> {
  /** The only key; undefined when there is none, or when there is `#all`. */
  #key: K | undefined = undefined;
  #value: V | undefined = undefined;
  #all: Map<K, V> | undefined = undefined;

  get size(): number {
    if (this.#all !== undefined) return this.#all.size;
    return this.#key === undefined ? 0 : 1;
  }

  has(key: K): boolean {
    return this.#all === undefined ? this.#key === key : this.#all.has(key);
  }

  get(key: K): V | undefined {
    if (this.#all !== undefined) return this.#all.get(key);
    return this.#key === key ? this.#value : undefined;
  }

  set(key: K, value: V): void {
    if (this.#all !== undefined) {
      this.#all.set(key, value);
    } else if (this.#key === undefined || this.#key === key) {
      this.#key = key;
      this.#value = value;
    } else {
      this.#all = new Map([[this.#key, this.#value as V]]);
      this.#all.set(key, value);
      this.#key = undefined;
      this.#value = undefined;
    }
  }

  /** Removes an entry; `false`: it was not there. */
  delete(key: K): boolean {
    if (this.#all !== undefined) {
      const was = this.#all.delete(key);
      if (this.#all.size === 0) this.#all = undefined;
      return was;
    }
    if (this.#key !== key) return false;
    this.#key = undefined;
    this.#value = undefined;
    return true;
  }

  clear(): void {
    this.#all = undefined;
    this.#key = undefined;
    this.#value = undefined;
  }

  keys(): IterableIterator<K> {
    if (this.#all !== undefined) return this.#all.keys();
    return (this.#key === undefined ? [] : [this.#key]).values();
  }

  values(): IterableIterator<V> {
    if (this.#all !== undefined) return this.#all.values();
    return (this.#key === undefined ? [] : [this.#value as V]).values();
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    if (this.#all !== undefined) return this.#all.entries();
    const only: [K, V][] = this.#key === undefined ? [] : [[this.#key, this.#value as V]];
    return only.values();
  }
}
