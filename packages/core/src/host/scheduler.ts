import type { Address, Clock, Logger, Message, Timer } from "@tsapollo/domain";
import { Heap } from "../heap.ts";
import type { MemoryBudget } from "./memory-budget.ts";

interface Scheduled {
  readonly dueMs: number;
  /** Order among those due at the same time. */
  readonly number: number;
  readonly address: Address;
  readonly message: Message;
}

/** Longest a timer is set for; what is due later is looked at again then. */
const TIMER_MAX_MS = 24 * 60 * 60 * 1_000;

/**
 * Messages that must not be delivered before a time. They wait here, ordered by that time, and go to their
 * destination then as if they had just been sent.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #memory: MemoryBudget;
  readonly #deliver: (address: Address, message: Message) => void;
  readonly #logger: Logger;
  readonly #heap: Heap<Scheduled> = new Heap(isBefore);
  #counter = 0;
  #timer: Timer | undefined = undefined;
  #timerDueMs = 0;

  constructor(
    clock: Clock,
    memory: MemoryBudget,
    deliver: (address: Address, message: Message) => void,
    logger: Logger,
  ) {
    this.#logger = logger;
    this.#clock = clock;
    this.#memory = memory;
    this.#deliver = deliver;
  }

  /** How many messages wait. */
  get size(): number {
    return this.#heap.size;
  }

  /** Keeps a message until its time. */
  hold(address: Address, message: Message): void {
    message.own();
    this.#memory.take(message.sizeBytes);
    this.#counter += 1;
    this.#heap.push({ dueMs: message.notBeforeMs, number: this.#counter, address, message });
    this.#arm();
  }

  /** Forgets everything. */
  stop(): void {
    this.#timer?.cancel();
    for (const { message } of this.#heap.clear()) this.#memory.give(message.sizeBytes);
  }

  #arm(): void {
    const next = this.#heap.peek();
    if (next === undefined || (this.#timer !== undefined && this.#timerDueMs <= next.dueMs)) return;
    this.#timer?.cancel();
    const delayMs = Math.min(Math.max(next.dueMs - this.#clock.nowMs(), 1), TIMER_MAX_MS);
    this.#timerDueMs = next.dueMs;
    this.#timer = this.#clock.after(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.nowMs();
    for (let next = this.#heap.peek(); next !== undefined && next.dueMs <= nowMs; next = this.#heap.peek()) {
      this.#heap.pop();
      this.#memory.give(next.message.sizeBytes);
      this.#deliverNow(next);
    }
    this.#arm();
  }

  #deliverNow({ address, message }: Scheduled): void {
    try {
      this.#deliver(address, message);
    } catch (error) {
      this.#logger.error({ error, destination: address.key }, "a delayed message could not be delivered");
    }
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.dueMs === b.dueMs ? a.number < b.number : a.dueMs < b.dueMs;
}
