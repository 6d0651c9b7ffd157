import assert from "node:assert/strict";
import type { LoadedEntry, MessageStore, PageBounds, StoredPlace, UnitOfWork } from "@tsapollo/domain";
import { bodyText, sampleEntry, sampleMessage } from "@tsapollo/testkit";

/** A small random number generator, so that a seed tells the whole story. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 2_654_435_761) + 12_345;
  }

  /** A whole number from 0 to `sides - 1`. */
  roll(sides: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * sides);
  }
}

interface Held {
  place: StoredPlace;
  readonly body: string;
  count: number;
}

/** What one queue should have, by sequence. */
export interface ModelQueue {
  last: number;
  readonly entries: Map<number, Held>;
}

/** What a store should have: plain lists. Units are built for both; what a unit means is taken over when it is durable. */
export class BundleModel {
  readonly #dice: Dice;
  queues: Map<number, ModelQueue> = new Map();
  /** Places that were taken out: taking them out again changes nothing. */
  #taken: [number, StoredPlace][] = [];

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** Remembers how it is; the function that it returns goes back there, for when a commit fails and is given up. */
  save(): () => void {
    const taken = [...this.#taken];
    const queues = new Map(
      [...this.queues].map(([id, { last, entries }]) => {
        const held = [...entries].map(([sequence, entry]) => [sequence, { ...entry }] as const);
        return [id, { last, entries: new Map(held) }];
      }),
    );
    return () => {
      this.queues = queues;
      this.#taken = taken;
    };
  }

  /** A queue that comes in with a unit. */
  addQueue(unit: UnitOfWork, queueId: number): void {
    this.queues.set(queueId, { last: 0, entries: new Map() });
    unit.putQueue({ queueId, key: `queue:${queueId}`, description: "{}" });
  }

  removeQueue(unit: UnitOfWork): void {
    const [queueId] = [...this.queues.keys()];
    unit.removeQueue(queueId!);
    this.queues.delete(queueId!);
  }

  /** Some entries, to one queue or, unless it is to be plain, to all; a few of them leave again at once. */
  fill(unit: UnitOfWork, isPlain: boolean): void {
    const dice = this.#dice;
    const ids = [...this.queues.keys()];
    const own = ids[dice.roll(ids.length)]!;
    const step = dice.roll(4) === 0 ? 900 : 2;
    const size = dice.roll(3) === 0 ? 3_000 : 10;
    for (let count = dice.roll(40); count > 0; count--) {
      const body = `${dice.roll(1_000_000)}`.padEnd(!isPlain && dice.roll(400) === 0 ? 300_000 : size, "x");
      const messageId = unit.storeMessage(sampleMessage(body));
      for (const queueId of !isPlain && dice.roll(6) === 0 ? ids : [own]) {
        const queue = this.queues.get(queueId)!;
        queue.last += 1 + dice.roll(step);
        const transient = !isPlain && dice.roll(12) === 0;
        const entry = sampleEntry(queue.last, { sizeBytes: body.length, transient });
        unit.enqueue(queueId, messageId, entry);
        const place = { sequence: queue.last, messageId, sizeBytes: body.length, transient };
        if (dice.roll(8) === 0) unit.dequeue(queueId, place);
        else queue.entries.set(queue.last, { place, body, count: 0 });
      }
    }
  }

  /** Takes out and marks, anywhere or from the front. */
  drain(unit: UnitOfWork): void {
    const dice = this.#dice;
    for (const [queueId, { entries }] of this.queues) {
      const rate = [0, 10, 50, 90, 97][dice.roll(5)]!;
      for (const [sequence, held] of [...entries]) {
        if (dice.roll(100) < rate) {
          unit.dequeue(queueId, held.place);
          entries.delete(sequence);
          if (!held.place.transient && dice.roll(4) === 0) this.#taken.push([queueId, held.place]);
        } else if (dice.roll(20) === 0 && !held.place.transient) {
          held.count = 1 + dice.roll(5);
          unit.redelivered(queueId, held.place, held.count);
        }
      }
    }
  }

  /** What has been taken out before is taken out again. */
  drainAgain(unit: UnitOfWork): void {
    for (const [queueId, place] of this.#taken.splice(0)) unit.dequeue(queueId, { ...place, messageId: 0 });
  }

  /** The store was opened again: what is transient is gone. */
  async reopened(store: MessageStore): Promise<void> {
    for (const [queueId, { entries }] of this.queues) {
      for (const [sequence, { place }] of [...entries]) if (place.transient) entries.delete(sequence);
      for (const loaded of await store.page(queueId, WHOLE)) {
        const held = entries.get(loaded.sequence);
        if (held !== undefined) held.place = loaded;
      }
    }
  }

  /** What a page should have, as text. */
  expected(queueId: number, { from, to, maxEntries, maxBytes }: PageBounds): string[] {
    const page: string[] = [];
    let bytes = 0;
    for (const [sequence, { body, count, place }] of this.queues.get(queueId)!.entries) {
      if (sequence < from || sequence > to) continue;
      if (page.length >= maxEntries || (page.length > 0 && bytes >= maxBytes)) break;
      bytes += body.length;
      page.push(`${sequence} ${count} ${place.transient} ${body.slice(0, 12)} ${body.length}`);
    }
    return page;
  }

  /** Bounds that begin and end anywhere. */
  bounds({ last }: ModelQueue): PageBounds {
    const dice = this.#dice;
    const from = dice.roll(last + 2);
    return {
      from,
      to: dice.roll(2) === 0 ? Number.MAX_SAFE_INTEGER : from + dice.roll(last + 2),
      maxEntries: 1 + dice.roll(50),
      maxBytes: dice.roll(2) === 0 ? 1_000_000_000 : 1 + dice.roll(20_000),
    };
  }

  /** Everything is as it should be, in any page. */
  async compare(store: MessageStore): Promise<void> {
    for (const [queueId, queue] of this.queues) {
      for (const bounds of [WHOLE, this.bounds(queue), this.bounds(queue)]) {
        assert.deepEqual(shown(await store.page(queueId, bounds)), this.expected(queueId, bounds));
      }
    }
    const counts = (await store.queues()).map(({ queue, entryCount, bytes }) => [
      queue.queueId,
      entryCount,
      bytes,
    ]);
    const wanted = [...this.queues].map(([queueId, { entries }]) => {
      return [queueId, entries.size, [...entries.values()].reduce((sum, { body }) => sum + body.length, 0)];
    });
    assert.deepEqual(counts, wanted);
  }
}

/** A page as text. */
export function shown(page: readonly LoadedEntry[]): string[] {
  return page.map(({ sequence, redeliveryCount, transient, message }) => {
    const body = bodyText(message);
    return `${sequence} ${redeliveryCount} ${transient} ${body.slice(0, 12)} ${body.length}`;
  });
}

/** Bounds that leave nothing out. */
export const WHOLE: PageBounds = Object.freeze({
  from: 0,
  to: Number.MAX_SAFE_INTEGER,
  maxEntries: 100_000,
  maxBytes: 1_000_000_000,
});
