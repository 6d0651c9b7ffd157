import type { Timer } from "@tsapollo/domain";

/** Timers that are due within this time of each other are called back together. */
export const BUCKET_MS = 64;

/**
 * Timers for delays that need not be exact, by the thousand: deadlines of connections, nearly all of which are cancelled.
 * One costs a third of what a timer of Node's costs. Those that are due at about the same time share a bucket.
 */
export class CoarseTimers {
  readonly #buckets = new Map<number, Set<CoarseTimer>>();
  /** The first bucket that is not due yet. */
  #next: number;

  /** Times here and below are milliseconds of any clock that never goes back. */
  constructor(nowMs: number) {
    this.#next = Math.floor(nowMs / BUCKET_MS) + 1;
  }

  /** How many wait. */
  get size(): number {
    let size = 0;
    for (const bucket of this.#buckets.values()) size += bucket.size;
    return size;
  }

  /** Calls back with a later {@link fire}, not before `dueMs` and at most two buckets behind it. */
  at(dueMs: number, callback: () => void): Timer {
    // the next bucket may be the one that is being called back: nothing new comes into it
    const index = Math.max(Math.ceil(dueMs / BUCKET_MS), this.#next + 1);
    let bucket = this.#buckets.get(index);
    if (bucket === undefined) {
      bucket = new Set();
      this.#buckets.set(index, bucket);
    }
    const timer = new CoarseTimer(this, index, callback);
    bucket.add(timer);
    return timer;
  }

  /** Calls back all that is due. One that throws does not keep the others from being called the next time. */
  fire(nowMs: number): void {
    const due = Math.floor(nowMs / BUCKET_MS);
    for (; this.#next <= due; this.#next += 1) {
      const bucket = this.#buckets.get(this.#next);
      if (bucket === undefined) continue;
      for (const timer of bucket) {
        timer.fire();
      }
    }
  }

  /** Forgets a timer, and its bucket if that is empty. */
  remove(timer: CoarseTimer): void {
    const bucket = this.#buckets.get(timer.bucket);
    if (bucket?.delete(timer) && bucket.size === 0) this.#buckets.delete(timer.bucket);
  }
}

class CoarseTimer implements Timer {
  readonly bucket: number;
  /** Undefined when it is over: who keeps the timer does not keep what it was for. */
  #callback: (() => void) | undefined;
  readonly #timers: CoarseTimers;

  constructor(timers: CoarseTimers, bucket: number, callback: () => void) {
    this.#timers = timers;
    this.bucket = bucket;
    this.#callback = callback;
  }

  cancel(): void {
    this.#timers.remove(this);
    this.#callback = undefined;
  }

  fire(): void {
    const callback = this.#callback;
    this.cancel();
    callback?.();
  }
}
