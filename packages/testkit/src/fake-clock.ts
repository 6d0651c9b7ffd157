import type { Clock, Timer } from "@tsapollo/domain";

interface Pending {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until the test moves it. */
export class FakeClock implements Clock {
  #nowMs = 1_000_000;
  readonly #pending = new Set<Pending>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const pending: Pending = { dueMs: this.#nowMs + delayMs, callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** Moves time forward and fires what falls due on the way, in order. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const due = [...this.#pending].filter((one) => one.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.#pending.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.dueMs);
      due.callback();
    }
    this.#nowMs = endMs;
  }

  /** How many timers wait. */
  get timerCount(): number {
    return this.#pending.size;
  }
}
