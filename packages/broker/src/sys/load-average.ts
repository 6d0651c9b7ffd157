/** Over how many minutes averages are taken. */
export const LOAD_MINUTES: readonly number[] = [1, 5, 15];

/**
 * How much of something happens per minute: exponentially weighted averages over 1, 5 and 15 minutes, as Mosquitto
 * computes them. Between two updates the amount per minute is taken as constant; what was before weighs `e^(-Δt/60 s)`,
 * `e^(-Δt/300 s)` and `e^(-Δt/900 s)`.
 */
export class LoadAverage {
  /** In the order of {@link LOAD_MINUTES}. */
  readonly perMinute: number[] = LOAD_MINUTES.map(() => 0);
  #total = 0;

  /**
   * So much happened in all until now, and so many seconds passed since the update before. The first one begins: what
   * happened before it does not count.
   */
  update(total: number, elapsedS: number): void {
    if (elapsedS > 0) {
      const rate = ((total - this.#total) * 60) / elapsedS;
      for (let at = 0; at < LOAD_MINUTES.length; at += 1) {
        const weight = Math.exp(-elapsedS / (LOAD_MINUTES[at]! * 60));
        this.perMinute[at] = rate + weight * (this.perMinute[at]! - rate);
      }
    }
    this.#total = total;
  }
}
