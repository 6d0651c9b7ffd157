/** What a connection costs besides the bytes it keeps. */
const OVERHEAD_BYTES = 4 * 1024;

/**
 * Bytes of connections whose socket is gone while their handlers still have to take what came before. No socket
 * limits their number, so this does: one for all connections of a connector.
 */
export class Leftovers {
  readonly #sizes = new Map<object, number>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @returns whether there is room for so many bytes of this owner; they count until `give` */
  take(owner: object, bytes: number): boolean {
    const size = bytes + OVERHEAD_BYTES;
    if (this.#bytes + size > this.#bytesMax) return false;
    this.#sizes.set(owner, size);
    this.#bytes += size;
    return true;
  }

  /** The owner needs no more room; nothing when it had none. */
  give(owner: object): void {
    this.#bytes -= this.#sizes.get(owner) ?? 0;
    this.#sizes.delete(owner);
  }
}
