/** Somebody who publishes and must be told when there is room again. */
export interface Waiting {
  /** This congestion is over. */
  relieved(congestion: Congestion): void;
}

/**
 * One place that can be full, and who waits for it to have room. The owner decides when it is full and calls
 * `relieve`; a producer that was told `false` waits here and nowhere polls.
 */
export class Congestion {
  #waiting: Set<Waiting> | undefined = undefined;

  /** Whether anybody waits. */
  get isAwaited(): boolean {
    return this.#waiting !== undefined;
  }

  /** Registers a producer; once is enough. */
  await(producer: Waiting): void {
    this.#waiting ??= new Set();
    this.#waiting.add(producer);
  }

  /** A producer no longer cares. */
  forget(producer: Waiting): void {
    if (this.#waiting?.delete(producer) && this.#waiting.size === 0) this.#waiting = undefined;
  }

  /** There is room: everybody who waits is told. */
  relieve(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    for (const producer of waiting) producer.relieved(this);
  }
}
