import type { Clock } from "@tsapollo/domain";
import { RateLimit } from "./rate-limit.ts";
import type { Wire, WireOwner } from "./wire.ts";

/** A wire that sends no faster than a rate: what comes too early waits here. [instance 10.2 max_write_rate] */
export class ThrottledWire implements Wire {
  readonly #inner: Wire;
  readonly #owner: WireOwner;
  readonly #limit: RateLimit;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #ending = false;

  constructor(inner: Wire, bytesPerSecond: number, clock: Clock, owner: WireOwner) {
    this.#inner = inner;
    this.#owner = owner;
    this.#limit = new RateLimit(bytesPerSecond, clock, () => this.#pauseOver());
  }

  /** The wire below. */
  get inner(): Wire {
    return this.#inner;
  }

  get unsent(): number {
    return this.#waitingBytes + this.#inner.unsent;
  }

  send(bytes: Uint8Array, owned: boolean): boolean {
    this.#waiting.push(owned ? bytes : Uint8Array.prototype.slice.call(bytes));
    this.#waitingBytes += bytes.length;
    if (!this.#limit.pausing) this.#sendMore();
    return !owned;
  }

  flush(): void {
    this.#inner.flush();
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  readSome(stepBytes: number, totalBytes: number): boolean {
    return this.#inner.readSome(stepBytes, totalBytes);
  }

  probe(keepAlive: boolean): void {
    this.#inner.probe(keepAlive);
  }

  end(): void {
    this.#ending = true;
    if (this.#waitingBytes === 0) this.#inner.end();
  }

  destroy(): void {
    this.stop();
    this.#inner.destroy();
  }

  /** The wire below is gone. */
  stop(): void {
    this.#limit.stop();
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  #sendMore(): void {
    let pausing = this.#limit.pausing;
    while (!pausing && this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const size = Math.min(first.length, this.#limit.burstBytes);
      if (size === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(size);
      this.#waitingBytes -= size;
      this.#inner.send(size === first.length ? first : first.subarray(0, size), true);
      pausing = this.#limit.use(size);
    }
    this.#inner.flush();
    if (this.#waitingBytes === 0 && this.#ending) this.#inner.end();
  }

  #pauseOver(): void {
    this.#sendMore();
    if (this.unsent === 0) this.#owner.drained();
  }
}
