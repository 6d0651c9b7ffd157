import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoadedEntry, MessageStore, UnitOfWork } from "@tsapollo/domain";
import { bodyText, sampleMessage } from "./sample-message.ts";
import type { StoreFactory } from "./store-conformance.ts";
import { committed, EVERYTHING, sampleEntry } from "./store-samples.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const ROUNDS = 40;
const QUEUES = 5;

interface ModelEntry {
  readonly body: string;
  readonly transient: boolean;
  redeliveryCount: number;
}

interface ModelQueue {
  lastSequence: number;
  readonly entries: Map<number, ModelEntry>;
}

/** A small random number generator, so that a seed tells the whole story. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761 + 1;
  }

  /** A whole number from 0 to `sides - 1`. */
  roll(sides: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * sides);
  }
}

/** A store and the simplest thing that should look the same. */
class Model {
  readonly #dice: Dice;
  readonly queues: Map<number, ModelQueue> = new Map();
  readonly states: Map<string, string> = new Map();
  #nextQueueId = 1;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** One unit of random work, done to both. */
  async step(store: MessageStore): Promise<void> {
    const loaded = await this.#someEntries(store);
    const unit = store.begin();
    while (this.queues.size < QUEUES) this.#addQueue(unit);
    const touched = new Set<string>();
    for (let count = this.#dice.roll(12); count > 0; count--) this.#enqueue(unit);
    for (const [queueId, entry] of loaded) {
      const key = `${queueId}:${entry.sequence}`;
      if (touched.has(key)) continue;
      touched.add(key);
      if (this.#dice.roll(4) === 0) this.#redelivered(unit, queueId, entry);
      else this.#dequeue(unit, queueId, entry);
    }
    this.#state(unit);
    if (this.#dice.roll(9) === 0) this.#removeQueue(unit);
    await committed(unit);
  }

  async #someEntries(store: MessageStore): Promise<[number, LoadedEntry][]> {
    const found: [number, LoadedEntry][] = [];
    for (const queueId of this.queues.keys()) {
      const entries = await store.page(queueId, { ...EVERYTHING, maxEntries: 20 });
      for (const entry of entries) if (this.#dice.roll(3) === 0) found.push([queueId, entry]);
    }
    return found;
  }

  #addQueue(unit: UnitOfWork): void {
    const queueId = this.#nextQueueId++;
    this.queues.set(queueId, { lastSequence: 0, entries: new Map() });
    unit.putQueue({ queueId, key: `queue:${queueId}`, description: `{"n":${queueId}}` });
  }

  #enqueue(unit: UnitOfWork): void {
    const body = `b${this.#dice.roll(1_000_000)}`.padEnd(this.#dice.roll(50) === 0 ? 600_000 : 3, "x");
    const messageId = unit.storeMessage(sampleMessage(body));
    for (const [queueId, queue] of this.queues) {
      if (this.#dice.roll(3) > 0) continue;
      queue.lastSequence += 1 + this.#dice.roll(3);
      const transient = this.#dice.roll(4) === 0;
      const entry = sampleEntry(queue.lastSequence, { sizeBytes: body.length, transient });
      unit.enqueue(queueId, messageId, entry);
      if (this.#dice.roll(6) === 0) unit.dequeue(queueId, { ...entry, messageId });
      else queue.entries.set(queue.lastSequence, { body, transient, redeliveryCount: 0 });
    }
  }

  #redelivered(unit: UnitOfWork, queueId: number, entry: LoadedEntry): void {
    const count = 1 + this.#dice.roll(5);
    unit.redelivered(queueId, entry, count);
    this.queues.get(queueId)!.entries.get(entry.sequence)!.redeliveryCount = count;
  }

  #dequeue(unit: UnitOfWork, queueId: number, entry: LoadedEntry): void {
    unit.dequeue(queueId, entry);
    this.queues.get(queueId)!.entries.delete(entry.sequence);
  }

  #state(unit: UnitOfWork): void {
    const key = `k${this.#dice.roll(5)}`;
    if (this.#dice.roll(3) === 0) {
      unit.removeState(key);
      this.states.delete(key);
    } else {
      const value = `v${this.#dice.roll(1_000)}`;
      unit.putState(key, Buffer.from(value));
      this.states.set(key, value);
    }
  }

  #removeQueue(unit: UnitOfWork): void {
    const ids = [...this.queues.keys()];
    const queueId = ids[this.#dice.roll(ids.length)]!;
    unit.removeQueue(queueId);
    this.queues.delete(queueId);
  }

  /** The store was opened again. */
  forgetTransient(): void {
    for (const { entries } of this.queues.values()) {
      for (const [sequence, { transient }] of entries) if (transient) entries.delete(sequence);
    }
  }

  /** Both look the same. */
  async compare(store: MessageStore): Promise<void> {
    for (const [queueId, { entries }] of this.queues) {
      const found = await store.page(queueId, EVERYTHING);
      assert.deepEqual(
        found.map(({ sequence, redeliveryCount, transient, message }) => {
          return [sequence, { body: bodyText(message), transient, redeliveryCount }];
        }),
        [...entries],
      );
    }
    const states = (await store.states()).entries();
    assert.deepEqual(
      [...states].map(([key, value]) => [key, Buffer.from(value).toString()]).sort(),
      [...this.states].sort(),
    );
    const counts = (await store.queues()).map(({ queue, entryCount, bytes }) => [
      queue.queueId,
      entryCount,
      bytes,
    ]);
    assert.deepEqual(
      counts,
      [...this.queues].map(([queueId, { entries }]) => {
        return [queueId, entries.size, [...entries.values()].reduce((sum, { body }) => sum + body.length, 0)];
      }),
    );
  }
}

/** Random work on a store and on a model of it: they agree at every step, also after opening it again. */
export function modelTests(name: string, factory: StoreFactory): void {
  for (const seed of SEEDS) {
    test(`${name}: random work leaves what it should (seed ${seed})`, async () => {
      const dice = new Dice(seed);
      const model = new Model(dice);
      let store = await factory.open();
      for (let round = 0; round < ROUNDS; round++) {
        await model.step(store);
        if (factory.reopen !== undefined && dice.roll(6) === 0) {
          store = await factory.reopen(store);
          model.forgetTransient();
        }
        await model.compare(store);
      }
      await store.close();
    });
  }
}
