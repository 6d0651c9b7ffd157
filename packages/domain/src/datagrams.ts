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
  readonly #waiting: { readonly item: T; readonly bytes: number }[] = [];
  #bytes = 0;
  /** Discarded so far. */
  discarded = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(item: T, bytes: number): void {
    this.#waiting.push({ item, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#limitBytes && this.shift() !== undefined) this.discarded += 1;
  }

  /** The oldest. */
  shift(): T | undefined {
    const first = this.#waiting.shift();
    this.#bytes -= first?.bytes ?? 0;
    return first?.item;
  }
}
