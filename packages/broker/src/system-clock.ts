import type { Clock, Timer } from "@tsapollo/domain";

/** How often the time is looked up: once for all messages in between. */
const TICK_MS = 20;

/** The machine's time, coarse. Its ticking does not keep the process alive. */
export class SystemClock implements Clock {
  #nowMs = Date.now();
  readonly #ticking: NodeJS.Timeout = setInterval(() => {
    this.#nowMs = Date.now();
  }, TICK_MS).unref();

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = setTimeout(callback, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  }

  /** Stops ticking. */
  stop(): void {
    clearInterval(this.#ticking);
  }
}
