const FIRST_BYTES = 16;

/**
 * A set of packet ids, one bit each: 8 KiB when it is largest, nothing as long as none was added. Grows to the
 * highest id; {@link PacketIds.shrink} gives the memory back.
 */
export class PacketIds {
  #bits: Uint8Array | undefined;
  #count = 0;

  /** How many ids are in it. */
  get size(): number {
    return this.#count;
  }

  has(id: number): boolean {
    const bits = this.#bits;
    const at = id >> 3;
    return bits !== undefined && at < bits.length && (bits[at]! & (1 << (id & 7))) !== 0;
  }

  /** Adds an id from 1 to 65535; `false`: it was there. */
  add(id: number): boolean {
    if (this.has(id)) return false;
    const at = id >> 3;
    const bits = this.#room(at);
    bits[at]! |= 1 << (id & 7);
    this.#count += 1;
    return true;
  }

  /** Removes an id; `false`: it was not there. */
  delete(id: number): boolean {
    if (!this.has(id)) return false;
    this.#bits![id >> 3]! &= ~(1 << (id & 7));
    this.#count -= 1;
    return true;
  }

  /** The ids in it, in order. */
  all(): number[] {
    const found: number[] = [];
    const length = (this.#bits?.length ?? 0) * 8;
    for (let id = 0; this.#count > found.length && id < length; id += 1) if (this.has(id)) found.push(id);
    return found;
  }

  /** Frees the memory of an empty set. */
  shrink(): void {
    if (this.#count === 0) this.#bits = undefined;
  }

  #room(at: number): Uint8Array {
    const bits = this.#bits;
    if (bits !== undefined && at < bits.length) return bits;
    let length = bits?.length ?? FIRST_BYTES;
    while (length <= at) length *= 2;
    const larger = new Uint8Array(length);
    if (bits !== undefined) larger.set(bits);
    this.#bits = larger;
    return larger;
  }
}
