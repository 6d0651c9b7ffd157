import type { Clock, Timer } from "@tsapollo/domain";

/** Something that falls due. */
export interface Deadline {
  readonly dueMs: number;
  /** Set when it does not matter any more. */
  cancelled: boolean;
  readonly due: () => void;
}

/** A timer cannot wait for longer than 24 days; this is looked at again in between. */
const LONGEST_MS = 86_400_000;

/** Any number of deadlines with one timer: a binary heap, the earliest on top. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #heap: Deadline[] = [];
  #timer: Timer | undefined;
  #timerDueMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back once at a time, milliseconds since the epoch; never before it returns. */
  at(dueMs: number, due: () => void): Deadline {
    const deadline: Deadline = { dueMs, due, cancelled: false };
    this.#push(deadline);
    this.#arm();
    return deadline;
  }

  /** Nothing is called back any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#heap.length = 0;
  }

  #arm(): void {
    while (this.#heap[0]?.cancelled) this.#pop();
    const first = this.#heap[0];
    if (first === undefined) return;
    if (this.#timer !== undefined && this.#timerDueMs <= first.dueMs) return;
    this.#timer?.cancel();
    const nowMs = this.#clock.nowMs();
    const delayMs = Math.min(Math.max(first.dueMs - nowMs, 0), LONGEST_MS);
    this.#timerDueMs = nowMs + delayMs;
    this.#timer = this.#clock.after(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.nowMs();
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (!first.cancelled && first.dueMs > nowMs) break;
      this.#pop();
      if (!first.cancelled) first.due();
    }
    this.#arm();
  }

  #push(deadline: Deadline): void {
    const heap = this.#heap;
    let at = heap.push(deadline) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (heap[above]!.dueMs <= deadline.dueMs) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = deadline;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.dueMs < heap[child]!.dueMs) child += 1;
      if (heap[child]!.dueMs >= last.dueMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
