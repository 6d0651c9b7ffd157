import { SmallMap } from "@tsapollo/domain";

/** Filters that are saved together. */
const CHUNK_FILTERS = 256;

/**
 * In which pieces the filters of a session are saved, so that one that changes does not cost the writing of a hundred
 * thousand. The first piece, number 0, is a part of the session's own value: most sessions have no other, and what is
 * not known here belongs to it.
 */
export class FilterChunks {
  /** Number of the chunk, from 1 up, by the key of a filter. */
  readonly #numbers = new SmallMap<string, number>();
  readonly #members: Set<string>[] = [];
  /** Chunks below have no room. */
  #open = 1;
  #changed = new Set<number>();

  /** How many filters are in chunks from 1 up. */
  get size(): number {
    return this.#numbers.size;
  }

  /** Numbers of the chunks from 1 up, empty ones included. */
  get count(): number {
    return this.#members.length;
  }

  /** The number of the chunk a filter is in. */
  numberOf(key: string): number {
    return this.#numbers.get(key) ?? 0;
  }

  /** The keys of the filters in a chunk from 1 up. */
  membersOf(number: number): Iterable<string> {
    return this.#members[number - 1] ?? [];
  }

  /** A filter was added. @param total how many there are now, with it */
  add(key: string, total: number): void {
    if (total - this.size <= CHUNK_FILTERS) {
      this.#changed.add(0);
      return;
    }
    while ((this.#members[this.#open - 1]?.size ?? 0) >= CHUNK_FILTERS) this.#open += 1;
    this.restore(key, this.#open);
    this.#changed.add(this.#open);
  }

  /** A filter has other options. */
  change(key: string): void {
    this.#changed.add(this.numberOf(key));
  }

  /** A filter went. */
  remove(key: string): void {
    const number = this.numberOf(key);
    this.#changed.add(number);
    if (number === 0) return;
    this.#numbers.delete(key);
    this.#members[number - 1]!.delete(key);
    if (number < this.#open) this.#open = number;
  }

  /** A filter was found in a chunk that was saved. */
  restore(key: string, number: number): void {
    while (this.#members.length < number) this.#members.push(new Set());
    this.#numbers.set(key, number);
    this.#members[number - 1]!.add(key);
  }

  /** The chunks that have changed since the last call. */
  takeChanged(): ReadonlySet<number> {
    const changed = this.#changed;
    if (changed.size > 0) this.#changed = new Set();
    return changed;
  }
}
