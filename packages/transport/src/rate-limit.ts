import type { Clock, Timer } from "@tsapollo/domain";

/** A pause shorter than this is saved up; timers are not finer. */
const PAUSE_MS_MIN = 20;

/**
 * Keeps a flow of bytes under a rate: what was used is paid for by a pause of the time it should have taken.
 * [instance 10.2 max_read_rate, max_write_rate]
 */
export class RateLimit {
  readonly #bytesPerMs: number;
  readonly #clock: Clock;
  readonly #resume: () => void;
  #debtMs = 0;
  #timer: Timer | undefined = undefined;

  /** @param resume called when a pause is over */
  constructor(bytesPerSecond: number, clock: Clock, resume: () => void) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#clock = clock;
    this.#resume = resume;
  }

  /** Whether the flow must stand still now. */
  get pausing(): boolean {
    return this.#timer !== undefined;
  }

  /** Bytes that may go at once without a pause worth speaking of. */
  get burstBytes(): number {
    return Math.max(1, Math.ceil(this.#bytesPerMs * PAUSE_MS_MIN));
  }

  /** So many bytes went. @returns whether a pause began */
  use(bytes: number): boolean {
    this.#debtMs += bytes / this.#bytesPerMs;
    if (this.#timer !== undefined || this.#debtMs < PAUSE_MS_MIN) return false;
    const pauseMs = Math.ceil(this.#debtMs);
    this.#debtMs = 0;
    this.#timer = this.#clock.after(pauseMs, () => {
      this.#timer = undefined;
      this.#resume();
    });
    return true;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
