import type { Message } from "@tsapollo/domain";

/** The largest block that messages share. */
const BLOCK_BYTES = 64 * 1024;
/** Blocks of so many bytes together may be kept alive by a few messages each. */
const KEPT_BYTES_MAX = 8 * BLOCK_BYTES;

/**
 * Where the messages lie that come into a queue with one batch: together, as they are written together and mostly leave
 * together. Blocks grow with the batch, or many queues with a few messages each would fill the memory. Those that stay
 * behind when the others have left keep whole blocks alive: {@link Company.isOld} says when it is time to part them.
 */
export class Company {
  #block: Uint8Array | undefined = undefined;
  #used = 0;
  #batch = -1;
  /** Bytes that came in with the batch. */
  #batchBytes = 0;
  /** The last block in which a message lay that another queue had taken in before. */
  #elsewhere: Uint8Array | undefined = undefined;
  /** Bytes of blocks in which messages of the queue may lie. */
  #keptBytes = 0;

  /** Takes a message out of the read block that it came in. */
  takeIn(message: Message, batch: number): void {
    const { sizeBytes } = message;
    if (this.#batch !== batch) this.#begin(batch);
    const isFirst = this.#batchBytes === 0; // and mostly the only one
    this.#batchBytes += sizeBytes;
    if (isFirst || sizeBytes > BLOCK_BYTES / 4) {
      message.own();
      return;
    }
    if (this.#block === undefined || this.#used + sizeBytes > this.#block.length) {
      this.#block = new Uint8Array(Math.min(BLOCK_BYTES, 2 * this.#batchBytes));
      this.#used = 0;
      this.#keptBytes += this.#block.length;
    }
    message.ownAmong(this.#block, this.#used);
    this.#used += sizeBytes;
  }

  /** Whether a message lies in a block with others. */
  static has({ bytes, sizeBytes }: Message): boolean {
    return sizeBytes * 2 < bytes.length;
  }

  /** A message came in that lies elsewhere, perhaps among messages of another queue. */
  joined({ bytes }: Message): void {
    if (bytes === this.#elsewhere) return;
    this.#elsewhere = bytes;
    this.#keptBytes += bytes.length;
  }

  #begin(batch: number): void {
    this.#batch = batch;
    this.#batchBytes = 0;
    this.#block = undefined;
  }

  /** The batch is over: what comes now lies elsewhere. */
  over(): void {
    this.#block = undefined;
    this.#elsewhere = undefined;
  }

  /** Whether messages that are still there should be parted from their neighbours, who may have left. */
  get isOld(): boolean {
    return this.#keptBytes > KEPT_BYTES_MAX;
  }

  /** They were. */
  parted(): void {
    this.#keptBytes = 0;
  }
}
