import { invariant } from "@tsapollo/domain";
import { Fifo } from "../fifo.ts";
import type { Queue } from "../queue/queue.ts";
import type { Late, Route } from "./route.ts";

interface Waiting {
  readonly late: Late;
  readonly queues: readonly Queue[];
}

/** Messages of one client that wait for full queues, in the order in which they were sent: what was on its way. */
export class LateMessages {
  readonly #waiting: Fifo<Waiting> = new Fifo();
  /** How many of them wait to go to a queue. */
  readonly #perQueue: Map<Queue, number> = new Map();

  get length(): number {
    return this.#waiting.length;
  }

  /** Whether a message for this queue waits, so that later ones must not overtake it. */
  isAhead(queue: Queue): boolean {
    return this.#perQueue.size > 0 && this.#perQueue.has(queue);
  }

  /** The same for any of several destinations. */
  isAheadOfAny(routes: readonly Route[]): boolean {
    return this.#perQueue.size > 0 && routes.some(({ queue }) => queue !== undefined && this.isAhead(queue));
  }

  push(late: Late, routes: readonly Route[]): void {
    const queues = routes.flatMap(({ queue }) => queue ?? []);
    this.#waiting.push({ late, queues });
    for (const queue of queues) this.#perQueue.set(queue, (this.#perQueue.get(queue) ?? 0) + 1);
  }

  /** The one that was sent first; there must be one. */
  shift(): Late {
    const first = this.#waiting.shift();
    invariant(first !== undefined, "a late message is there");
    for (const queue of first.queues) {
      const left = this.#perQueue.get(queue)! - 1;
      if (left === 0) this.#perQueue.delete(queue);
      else this.#perQueue.set(queue, left);
    }
    return first.late;
  }

  clear(): void {
    this.#waiting.clear();
    this.#perQueue.clear();
  }
}
