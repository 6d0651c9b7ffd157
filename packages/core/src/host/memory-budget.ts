import { Congestion } from "../congestion.ts";

/** Part of the limit from which on memory is scarce. */
const SCARCE = 0.75;

/** How much a virtual host may keep in memory for queues and retained messages, in bytes. */
export class MemoryBudget {
  readonly congestion: Congestion = new Congestion();
  readonly limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Bytes in use. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether producers have to wait. */
  get isExhausted(): boolean {
    return this.#usedBytes >= this.limitBytes;
  }

  /** Whether what can be left to the store should be. */
  get isScarce(): boolean {
    return this.#usedBytes >= this.limitBytes * SCARCE;
  }

  take(bytes: number): void {
    this.#usedBytes += bytes;
  }

  give(bytes: number): void {
    const wasExhausted = this.isExhausted;
    this.#usedBytes -= bytes;
    // some room below the line, so that producers do not stop and go for every message
    if (wasExhausted || this.congestion.isAwaited) {
      if (this.#usedBytes < this.limitBytes * 0.9) this.congestion.relieve();
    }
  }
}
