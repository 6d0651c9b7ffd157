/** Size of the block a connection writes into first. */
export const SMALL_BLOCK_BYTES: number = 4 * 1024;
/** Size of the block for connections that have much to say in a turn. */
export const LARGE_BLOCK_BYTES: number = 64 * 1024;

/**
 * Blocks for output, lent from the first write of a turn to its flush. Small ones first, so that a message to
 * thousands of idle connections does not take 64 KiB for each of them.
 */
export class BlockPool {
  readonly #small: Uint8Array[] = [];
  readonly #large: Uint8Array[] = [];
  readonly #smallMax: number;
  readonly #largeMax: number;

  /** @param bytesMax most that is kept of each size for reuse */
  constructor(bytesMax: number = 4 * 1024 * 1024) {
    this.#smallMax = Math.ceil(bytesMax / SMALL_BLOCK_BYTES);
    this.#largeMax = Math.ceil(bytesMax / LARGE_BLOCK_BYTES);
  }

  takeSmall(): Uint8Array {
    return this.#small.pop() ?? Buffer.allocUnsafeSlow(SMALL_BLOCK_BYTES);
  }

  takeLarge(): Uint8Array {
    return this.#large.pop() ?? Buffer.allocUnsafeSlow(LARGE_BLOCK_BYTES);
  }

  /** Takes a block back; nobody reads or writes it any more. */
  give(block: Uint8Array): void {
    if (block.length === SMALL_BLOCK_BYTES) {
      if (this.#small.length < this.#smallMax) this.#small.push(block);
    } else if (this.#large.length < this.#largeMax) this.#large.push(block);
  }

  /** Blocks that wait to be used again. */
  get idleCount(): number {
    return this.#small.length + this.#large.length;
  }
}
