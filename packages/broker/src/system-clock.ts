import type { Clock, Timer } from "@tsapollo/domain";
import { CoarseTimers } from "./coarse-timers.ts";

/** How often the time is looked up: once for all messages in between. */
const TICK_MS = 20;
/** From here on a delay need not be exact. */
const COARSE_MS = 1_000;

/** The machine's time, coarse. Its ticking does not keep the process alive. */
export class SystemClock implements Clock {
  #nowMs = Date.now();
  readonly #timers: CoarseTimers = new CoarseTimers(performance.now());
  readonly #ticking: NodeJS.Timeout = setInterval(() => {
    this.#nowMs = Date.now();
    this.#timers.fire(performance.now()); // another clock, which nobody sets
  }, TICK_MS).unref();

  nowMs(): number {
    return this.#nowMs;
  }

  /** Delays of a second and more may end 150 ms late. */
  after(delayMs: number, callback: () => void): Timer {
    if (delayMs >= COARSE_MS) return this.#timers.at(performance.now() + delayMs, callback);
    const timer = setTimeout(callback, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  }

  /** Stops ticking; nothing long is called back any more. */
  stop(): void {
    clearInterval(this.#ticking);
  }
}
