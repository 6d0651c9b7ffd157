import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageStore, PageBounds, StoredPlace } from "@tsapollo/domain";
import { bodyText, sampleMessage } from "./sample-message.ts";
import type { StoreFactory } from "./store-conformance.ts";
import { committed, EVERYTHING, sampleEntry } from "./store-samples.ts";

type View = (store: MessageStore) => Promise<MessageStore>;

const COUNT = 1_000;
const GROUP = 250;

/** A queue whose entries 1 to 1,000 came in four units. */
async function filled(factory: StoreFactory): Promise<{ store: MessageStore; places: StoredPlace[] }> {
  const store = await factory.open();
  const places: StoredPlace[] = [];
  for (let sequence = 1; sequence <= COUNT; ) {
    const unit = store.begin();
    if (sequence === 1) unit.putQueue({ queueId: 1, key: "queue:q", description: "{}" });
    for (const end = sequence + GROUP; sequence < end; sequence++) {
      const messageId = unit.storeMessage(sampleMessage(`m${sequence}`));
      const entry = sampleEntry(sequence);
      unit.enqueue(1, messageId, entry);
      places.push({ ...entry, messageId });
    }
    await committed(unit);
  }
  return { store, places };
}

async function taken(store: MessageStore, places: readonly StoredPlace[]): Promise<void> {
  const unit = store.begin();
  for (const place of places) unit.dequeue(1, place);
  await committed(unit);
}

async function sequences(store: MessageStore, bounds?: Partial<PageBounds>): Promise<number[]> {
  const page = await store.page(1, { ...EVERYTHING, ...bounds });
  for (const { sequence, message } of page) assert.equal(bodyText(message), `m${sequence}`);
  return page.map(({ sequence }) => sequence);
}

function range(first: number, last: number, step = 1): number[] {
  const all: number[] = [];
  for (let sequence = first; sequence <= last; sequence += step) all.push(sequence);
  return all;
}

/** Entries that came in together need not leave together. */
export function groupTests(name: string, factory: StoreFactory, view: View): void {
  takingTests(name, factory, view);
  readingTests(name, factory, view);
}

function takingTests(name: string, factory: StoreFactory, view: View): void {
  test(`${name}: entries are taken out in any order, over units`, async () => {
    const { store: first, places } = await filled(factory);
    let store = first;
    for (const remainder of [2, 0]) {
      await taken(store, places.filter(({ sequence }) => sequence % 3 === remainder).reverse());
    }
    store = await view(store);
    assert.deepEqual(await sequences(store), range(1, COUNT, 3));
    const { entryCount, bytes } = (await store.queues())[0]!;
    assert.deepEqual([entryCount, bytes], [334, 334 * 5]);
    const rest = await store.page(1, EVERYTHING);
    await taken(store, rest.slice(100));
    await taken(store, rest.slice(0, 100));
    assert.deepEqual(await sequences(store), []);
    await store.close();
  });

  test(`${name}: of everything that came in one entry is left`, async () => {
    const { store: first, places } = await filled(factory);
    let store = first;
    await taken(
      store,
      places.filter(({ sequence }) => sequence !== 613),
    );
    store = await view(store);
    assert.deepEqual(await sequences(store), [613]);
    assert.deepEqual(await sequences(store, { from: 613, to: 613 }), [613]);
    assert.deepEqual(await sequences(store, { from: 614 }), []);
    assert.deepEqual(await sequences(store, { to: 612 }), []);
    await store.close();
  });

  test(`${name}: what one unit brings and the next one takes out in the same turn is not there`, async () => {
    const { store: first } = await filled(factory);
    let store = first;
    const units = [store.begin(), store.begin(), store.begin()] as const;
    const messageId = units[0].storeMessage(sampleMessage("m1001"));
    units[0].enqueue(1, messageId, sampleEntry(1_001));
    const stays = units[0].storeMessage(sampleMessage("m1002"));
    units[0].enqueue(1, stays, sampleEntry(1_002));
    units[1].redelivered(1, { ...sampleEntry(1_002), messageId: stays }, 3);
    units[2].dequeue(1, { ...sampleEntry(1_001), messageId });
    await Promise.all(units.map(committed));
    store = await view(store);
    assert.deepEqual(await sequences(store, { from: 1_000 }), [1_000, 1_002]);
    assert.equal((await store.page(1, { ...EVERYTHING, from: 1_002 }))[0]!.redeliveryCount, 3);
    assert.equal((await store.queues())[0]!.entryCount, COUNT + 1);
    await store.close();
  });
}

function readingTests(name: string, factory: StoreFactory, view: View): void {
  test(`${name}: pages begin and end anywhere in what came in together`, async () => {
    const { store: first, places } = await filled(factory);
    let store = first;
    await taken(store, places.slice(299, 304));
    store = await view(store);
    assert.deepEqual(await sequences(store, { from: 295, to: 310 }), [
      ...range(295, 299),
      ...range(305, 310),
    ]);
    assert.deepEqual(await sequences(store, { from: 300, maxEntries: 3 }), [305, 306, 307]);
    assert.deepEqual(await sequences(store, { from: 249, maxBytes: 11 }), [249, 250, 251]);
    assert.deepEqual(await sequences(store, { from: 999 }), [999, 1_000]);
    assert.deepEqual(await sequences(store, { from: 301, to: 303 }), []);
    await store.close();
  });

  test(`${name}: redelivery counters stay with their entries while others go`, async () => {
    const { store: first, places } = await filled(factory);
    let store = first;
    const unit = store.begin();
    for (const place of places)
      if (place.sequence % 50 === 0) unit.redelivered(1, place, place.sequence / 50);
    await committed(unit);
    await taken(
      store,
      places.filter(({ sequence }) => sequence % 100 !== 0),
    );
    store = await view(store);
    const page = await store.page(1, EVERYTHING);
    assert.deepEqual(
      page.map(({ sequence, redeliveryCount }) => [sequence, redeliveryCount]),
      range(100, COUNT, 100).map((sequence) => [sequence, sequence / 50]),
    );
    await store.close();
  });
}
