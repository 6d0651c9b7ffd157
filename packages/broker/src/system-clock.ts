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
    return new SystemTimer(delayMs, callback);
  }

  /** Stops ticking. */
  stop(): void {
    clearInterval(this.#ticking);
  }
}

/** One of Node's timers, let go of when it is cancelled: many keep a timer for longer than it is needed. */
class SystemTimer implements Timer {
  #timeout: NodeJS.Timeout | undefined;

  constructor(delayMs: number, callback: () => void) {
    this.#timeout = setTimeout(callback, delayMs).unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
  }
}
