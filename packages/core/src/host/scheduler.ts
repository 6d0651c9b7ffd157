import {
  type Address,
  type Clock,
  type Logger,
  type Message,
  messageRecordSize,
  type Timer,
  writeMessageRecord,
} from "@tsapollo/domain";
import { Heap } from "../heap.ts";
import type { Committer } from "./committer.ts";
import type { MemoryBudget } from "./memory-budget.ts";

interface Scheduled {
  readonly dueMs: number;
  /** Order among those due at the same time. */
  readonly number: number;
  readonly address: Address;
  readonly message: Message;
  /** Its name among the stored states; undefined when it is not stored. */
  readonly key: string | undefined;
}

/** Names of the states that hold scheduled messages: this, then a number. */
export const SCHEDULED_PREFIX = "scheduled:";

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
  /** Undefined: nothing is stored. */
  readonly #committer: Committer | undefined;
  readonly #heap: Heap<Scheduled> = new Heap(isBefore);
  #counter = 0;
  #timer: Timer | undefined = undefined;
  #timerDueMs = 0;

  constructor(
    clock: Clock,
    memory: MemoryBudget,
    deliver: (address: Address, message: Message) => void,
    logger: Logger,
    committer: Committer | undefined,
  ) {
    this.#committer = committer;
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
    message.ownAlone();
    this.#counter += 1;
    const key = message.persistent ? this.#store(address, message) : undefined;
    this.#add(address, message, key, this.#counter);
  }

  /** Keeps a message that the store has already. */
  restore(key: string, address: Address, message: Message): void {
    const number = Number(key.slice(SCHEDULED_PREFIX.length));
    this.#counter = Math.max(this.#counter, number);
    this.#add(address, message, key, number);
  }

  #add(address: Address, message: Message, key: string | undefined, number: number): void {
    this.#memory.take(message.sizeBytes);
    this.#heap.push({ dueMs: message.notBeforeMs, number, address, message, key });
    this.#arm();
  }

  #store(address: Address, message: Message): string | undefined {
    if (this.#committer === undefined) return undefined;
    const name = Buffer.from(address.key);
    const record = Buffer.allocUnsafe(2 + name.length + messageRecordSize(message));
    record.writeUInt16BE(name.length, 0);
    record.set(name, 2);
    writeMessageRecord(message, record, 2 + name.length);
    const key = SCHEDULED_PREFIX + String(this.#counter);
    this.#committer.unit().putState(key, record);
    return key;
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

  /** One unit takes it out here and puts it into its queue, and is not taken apart: its sender was confirmed long ago. */
  #deliverNow({ address, message, key }: Scheduled): void {
    const committer = key === undefined ? undefined : this.#committer;
    if (committer !== undefined) committer.binding += 1;
    try {
      if (key !== undefined) committer?.unit().removeState(key);
      this.#deliver(address, message);
    } catch (error) {
      this.#logger.error({ error, destination: address.key }, "a delayed message could not be delivered");
    } finally {
      if (committer !== undefined) committer.binding -= 1;
    }
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.dueMs === b.dueMs ? a.number < b.number : a.dueMs < b.dueMs;
}
