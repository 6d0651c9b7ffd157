import type { Clock, Timer } from "@tsapollo/domain";

const SLICE_MS = 100;

/** Limits how many bytes a second a queue takes, in slices of 100 ms. [messaging 4.1] */
export class EnqueueRate {
  readonly #clock: Clock;
  readonly #onRoom: () => void;
  #bytesPerSlice = Number.POSITIVE_INFINITY;
  #usedBytes = 0;
  #timer: Timer | undefined = undefined;

  constructor(clock: Clock, onRoom: () => void) {
    this.#clock = clock;
    this.#onRoom = onRoom;
  }

  /** Sets the limit; infinite for none. */
  limit(bytesPerS: number): void {
    const wasUsedUp = this.isUsedUp;
    this.#bytesPerSlice = Math.max(1, (bytesPerS * SLICE_MS) / 1_000);
    if (wasUsedUp && !this.isUsedUp) this.#onRoom();
  }

  /** Whether producers have to wait. */
  get isUsedUp(): boolean {
    return this.#usedBytes >= this.#bytesPerSlice;
  }

  use(bytes: number): void {
    if (this.#bytesPerSlice === Number.POSITIVE_INFINITY) return;
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
