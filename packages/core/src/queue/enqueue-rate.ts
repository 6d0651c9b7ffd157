import type { Clock, Timer } from "@tsapollo/domain";

const SLICE_MS = 100;

/** Limits how many bytes a second a queue takes, in slices of 100 ms. [messaging 4.1, max_enqueue_rate] */
export class EnqueueRate {
  readonly #bytesPerSlice: number;
  readonly #clock: Clock;
  readonly #onRoom: () => void;
  #usedBytes = 0;
  #timer: Timer | undefined = undefined;

  constructor(bytesPerS: number, clock: Clock, onRoom: () => void) {
    this.#bytesPerSlice = Math.max(1, (bytesPerS * SLICE_MS) / 1_000);
    this.#clock = clock;
    this.#onRoom = onRoom;
  }

  /** Whether producers have to wait. */
  get isUsedUp(): boolean {
    return this.#usedBytes >= this.#bytesPerSlice;
  }

  use(bytes: number): void {
    this.#usedBytes += bytes;
    this.#timer ??= this.#clock.after(SLICE_MS, () => this.#nextSlice());
  }

  /** Nobody uses it any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#usedBytes = 0;
  }

  /** What was too much for one slice is taken from the following ones. */
  #nextSlice(): void {
    this.#timer = undefined;
    const wasUsedUp = this.isUsedUp;
    this.#usedBytes = Math.max(0, this.#usedBytes - this.#bytesPerSlice);
    if (this.#usedBytes > 0) this.use(0);
    if (wasUsedUp && !this.isUsedUp) this.#onRoom();
  }
}
