import type { Clock, Timer } from "@tsapollo/domain";

/** Something that falls due. */
export class Deadline {
  readonly dueMs: number;
  /** Undefined when it was called back or cancelled: what it held on to is let go. */
  #due: (() => void) | undefined;
  readonly #cancelled: () => void;

  constructor(dueMs: number, due: () => void, cancelled: () => void) {
    this.dueMs = dueMs;
    this.#due = due;
    this.#cancelled = cancelled;
  }

  /** Whether nothing will come of it any more. */
  get over(): boolean {
    return this.#due === undefined;
  }

  /** It does not matter any more. Without effect when it is over. */
  cancel(): void {
    if (this.#due === undefined) return;
    this.#due = undefined;
    this.#cancelled();
  }

  /** Its time has come. */
  fire(): void {
    const due = this.#due;
    this.#due = undefined;
    due?.();
  }
}

/** A timer cannot wait for longer than 24 days; this is looked at again in between. */
const LONGEST_MS = 86_400_000;
/** Cancelled deadlines that are kept at least, before they are swept out. */
const STALE_MIN = 64;

/**
 * Any number of deadlines with one timer: a binary heap, the earliest on top. Cancelled ones stay until they come to the
 * top or outnumber the others, so that who comes and goes all day leaves nothing behind.
 */
export class Deadlines {
  readonly #clock: Clock;
  #heap: Deadline[] = [];
  #stale = 0;
  readonly #onCancelled = (): void => this.#sweep();
  #timer: Timer | undefined;
  #timerDueMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back once at a time, milliseconds since the epoch; never before it returns. */
  at(dueMs: number, due: () => void): Deadline {
    const deadline = new Deadline(dueMs, due, this.#onCancelled);
    this.#push(deadline);
    this.#arm();
    return deadline;
  }

  /** How many are held, cancelled ones included. */
  get size(): number {
    return this.#heap.length;
  }

  /** Nothing is called back any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#heap = [];
    this.#stale = 0;
  }

  #arm(): void {
    while (this.#heap[0]?.over) {
      this.#pop();
      this.#stale -= 1;
    }
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
      if (!first.over && first.dueMs > nowMs) break;
      this.#pop();
      if (first.over) this.#stale -= 1;
      else first.fire();
    }
    this.#arm();
  }

  /** One more was cancelled. */
  #sweep(): void {
    this.#stale += 1;
    if (this.#stale <= STALE_MIN || this.#stale * 2 <= this.#heap.length) return;
    const kept = this.#heap.filter((one) => !one.over);
    this.#heap = [];
    this.#stale = 0;
    for (const one of kept) this.#push(one);
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
