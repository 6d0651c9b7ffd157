import { Heap } from "../heap.ts";
import type { QueueEntry } from "./entry.ts";

/** Entries that are known here although they left the queue, before they are swept out. */
const STALE_MIN = 1_024;

/**
 * Entries by the time at which they expire, so that maintenance looks at those that are due and at no others.
 * Entries that left the queue stay until their time, or until they outnumber the others.
 */
export class ExpiryOrder {
  readonly #heap: Heap<QueueEntry> = new Heap((a, b) => a.message.expiresAtMs < b.message.expiresAtMs);

  /** Earliest expiry, 0 for none. */
  get nextMs(): number {
    return this.#heap.peek()?.message.expiresAtMs ?? 0;
  }

  /** @param queueLength entries in the queue, with and without expiry */
  add(entry: QueueEntry, queueLength: number): void {
    this.#heap.push(entry);
    if (this.#heap.size > STALE_MIN && this.#heap.size > 2 * queueLength)
      this.#heap.keep((one) => one.state !== "gone");
  }

  /** Takes out the entries whose time has come and whom nobody holds; the others come back when they are given back. */
  takeDue(nowMs: number): readonly QueueEntry[] {
    const due: QueueEntry[] = [];
    for (let first = this.#heap.peek(); first !== undefined; first = this.#heap.peek()) {
      if (first.message.expiresAtMs > nowMs) break;
      this.#heap.pop();
      if (first.state === "ready") due.push(first);
    }
    return due.sort((a, b) => a.sequence - b.sequence);
  }

  clear(): void {
    this.#heap.clear();
  }
}
