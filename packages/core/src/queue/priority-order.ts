import type { QueueEntry } from "./entry.ts";
import type { HandOutOrder } from "./ready-order.ts";

const LEVELS = 10;

interface Level {
  first: QueueEntry | undefined;
  last: QueueEntry | undefined;
}

/**
 * The order in which a queue with priorities hands out messages: the highest priority first, within one by
 * sequence. Entries that leave the queue from the middle are dropped from here when their turn comes.
 */
export class PriorityOrder implements HandOutOrder {
  readonly #levels: readonly Level[] = Array.from({ length: LEVELS }, () => ({
    first: undefined,
    last: undefined,
  }));

  append(entry: QueueEntry): void {
    this.giveBack(entry);
  }

  take(): QueueEntry | undefined {
    for (let priority = LEVELS - 1; priority >= 0; priority -= 1) {
      const level = this.#levels[priority]!;
      for (let entry = level.first; entry !== undefined; entry = level.first) {
        level.first = entry.nextReturned;
        if (level.first === undefined) level.last = undefined;
        entry.nextReturned = undefined;
        if (entry.state === "ready") return entry;
      }
    }
    return undefined;
  }

  giveBack(entry: QueueEntry): void {
    const level = this.#levels[Math.min(Math.max(entry.message.priority, 0), LEVELS - 1)]!;
    const { last } = level;
    if (last === undefined) {
      level.first = entry;
      level.last = entry;
    } else if (last.sequence < entry.sequence) {
      last.nextReturned = entry;
      level.last = entry;
    } else this.#insert(level, entry);
  }

  #insert(level: Level, entry: QueueEntry): void {
    let before: QueueEntry | undefined;
    let after = level.first;
    while (after !== undefined && after.sequence < entry.sequence) {
      before = after;
      after = after.nextReturned;
    }
    entry.nextReturned = after;
    if (before === undefined) level.first = entry;
    else before.nextReturned = entry;
  }

  skip(): void {
    // its state says that it left; `take` drops it
  }
}
