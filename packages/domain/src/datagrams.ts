/** What a connector for datagrams hands over to: one way, nothing is ever answered. [messaging 18] */
export interface DatagramReceiver {
  /** Takes a datagram, which nobody else will change. What is wrong with it is the sender's loss. Never throws. */
  receive(bytes: Uint8Array, remoteAddress: string): void;
  /** The connector stops: the last call. */
  close(): void;
}

/**
 * Datagrams that wait because a destination is full. Beyond the limit the oldest are discarded: nobody can be told to
 * wait. [messaging 18]
 */
export class DatagramBacklog<T> {
  readonly #limitBytes: number;
  readonly #shared: SharedBacklog;
  readonly #waiting: { readonly item: T; readonly bytes: number }[] = [];
  #bytes = 0;
  /** Discarded so far. */
  discarded = 0;

  /** @param shared what several have together */
  constructor(limitBytes: number, shared: SharedBacklog = { limitBytes, bytes: 0 }) {
    this.#limitBytes = limitBytes;
    this.#shared = shared;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(item: T, bytes: number): void {
    this.#waiting.push({ item, bytes });
    this.#bytes += bytes;
    this.#shared.bytes += bytes;
    while (this.#isOverfull && this.shift() !== undefined) this.discarded += 1;
  }

  get #isOverfull(): boolean {
    return this.#bytes > this.#limitBytes || this.#shared.bytes > this.#shared.limitBytes;
  }

  /** The oldest. */
  shift(): T | undefined {
    const first = this.#waiting.shift();
    const bytes = first?.bytes ?? 0;
    this.#bytes -= bytes;
    this.#shared.bytes -= bytes;
    return first?.item;
  }

  /** Discards everything. */
  clear(): void {
    while (this.#waiting.length > 0) this.shift();
  }
}

/** A bound for several backlogs together. */
export interface SharedBacklog {
  readonly limitBytes: number;
  /** What waits in all of them. */
  bytes: number;
}
