import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageStore, StoredPlace, UnitOfWork } from "@tsapollo/domain";
import { bodyText, committed, EVERYTHING, sampleEntry, sampleMessage } from "@tsapollo/testkit";
import { ClassicLevel } from "classic-level";
import type { LevelStoreParts } from "../src/index.ts";
import { KnownBundles } from "../src/known-bundles.ts";
import { emptyFolder, openStore } from "./support.ts";

const ENTRY = 6;
const GONE = 10;
const TINY: Partial<LevelStoreParts> = { bundleLimits: { perQueue: 1, total: 2 } };

interface RawRecord {
  readonly kind: number;
  readonly sequence: number;
  readonly bytes: number;
}

type Raw = ClassicLevel<Uint8Array, Uint8Array>;

async function raw<T>(directory: string, work: (database: Raw) => Promise<T>): Promise<T> {
  const database: Raw = new ClassicLevel(directory, { keyEncoding: "view", valueEncoding: "view" });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Bundles of a closed store, and what says what is gone of them. */
async function records(directory: string): Promise<RawRecord[]> {
  return raw(directory, async (database) => {
    const all = await database.iterator({ gte: Buffer.of(ENTRY) }).all();
    return all.map(([key, value]) => {
      const sequence = Buffer.from(key).readUIntBE(8, 6);
      return { kind: key[0]!, sequence, bytes: value.length };
    });
  });
}

/** Puts entries into queue 1, which it makes. */
function fill(unit: UnitOfWork, sequences: readonly number[], size: number): StoredPlace[] {
  unit.putQueue({ queueId: 1, key: "queue:1", description: "{}" });
  return sequences.map((sequence) => {
    const messageId = unit.storeMessage(sampleMessage(`m${sequence} `.padEnd(size, "x")));
    const entry = sampleEntry(sequence, { sizeBytes: size });
    unit.enqueue(1, messageId, entry);
    return { ...entry, messageId };
  });
}

async function taken(store: MessageStore, places: readonly StoredPlace[]): Promise<void> {
  const unit = store.begin();
  for (const place of places) unit.dequeue(1, place);
  await committed(unit);
}

async function sequences(store: MessageStore): Promise<number[]> {
  const page = await store.page(1, EVERYTHING);
  for (const { sequence, message } of page) assert.equal(bodyText(message).split(" ")[0], `m${sequence}`);
  return page.map(({ sequence }) => sequence);
}

function upTo(count: number, step = 1): number[] {
  return Array.from({ length: count }, (_, at) => 1 + at * step);
}

for (const [what, wanted, size, scattered, lasts] of [
  ["512 entries", upTo(1_100), 10, false, [512, 1_024, 1_100]],
  ["64 KiB", upTo(5), 20_000, false, [3, 5]],
  ["64 KiB, one larger message by itself", upTo(3), 100_000, false, [1, 2, 3]],
  ["sequences 4,095 above the first", [1, 4_096, 4_097, 9_000], 10, false, [4_096, 4_097, 9_000]],
  ["gaps, when later ones may lie there", [1, 2, 5, 6, 9], 10, true, [2, 6, 9]],
] as [string, number[], number, boolean, number[]][]) {
  test(`a bundle ends at ${what}`, async () => {
    const directory = emptyFolder();
    let store = await openStore(directory);
    const unit = store.begin(scattered);
    fill(unit, wanted, size);
    await committed(unit);
    await store.close();
    const found = await records(directory);
    assert.deepEqual(
      found.map(({ kind, sequence }) => [kind, sequence]),
      lasts.map((last) => [ENTRY, last]),
    );
    store = await openStore(directory, { paranoid: true });
    assert.deepEqual(await sequences(store), wanted);
    await store.close();
  });
}

test("scattered entries find their places behind one another's back", async () => {
  const directory = emptyFolder();
  const store = await openStore(directory);
  for (const wanted of [
    [5, 1, 9, 2],
    [7, 3, 4],
    [20, 6, 8],
  ]) {
    const unit = store.begin(true);
    fill(unit, wanted, 10);
    await committed(unit);
  }
  assert.deepEqual(await sequences(store), [1, 2, 3, 4, 5, 6, 7, 8, 9, 20]);
  const [, second] = await store.page(1, EVERYTHING);
  await taken(store, [second!]);
  await store.close();
  const again = await openStore(directory, { paranoid: true });
  assert.deepEqual(await sequences(again), [1, 3, 4, 5, 6, 7, 8, 9, 20]);
  await again.close();
});

test("what is gone of a bundle is marked once, and the bundle goes with the last of it", async () => {
  const directory = emptyFolder();
  let store = await openStore(directory);
  const unit = store.begin();
  const places = fill(unit, upTo(100), 10);
  await committed(unit);
  await taken(store, places.slice(10, 60));
  await taken(store, places.slice(0, 11));
  await store.close();
  assert.deepEqual(
    (await records(directory)).map(({ kind, sequence }) => [kind, sequence]),
    [
      [ENTRY, 100],
      [GONE, 100],
    ],
  );
  store = await openStore(directory, { paranoid: true });
  assert.deepEqual(await sequences(store), upTo(100).slice(60));
  const inlined = places.map((place) => ({ ...place, messageId: 0 }));
  await taken(store, inlined.slice(60));
  await taken(store, inlined); // all of it is gone
  assert.equal((await store.queues())[0]!.entryCount, 0);
  await store.close();
  assert.deepEqual(await records(directory), []);
});

test("units of one group: what one puts in and a later one takes out is never written", async () => {
  const directory = emptyFolder();
  const store = await openStore(directory);
  const gate = store.begin();
  gate.putState("a", Buffer.from("1"));
  const [first, second] = [store.begin(), store.begin()];
  const places = fill(first, upTo(10), 10);
  for (const place of places) second.dequeue(1, place);
  await Promise.all([gate, first, second].map(committed));
  const states = (await store.queues()).map(({ entryCount, bytes }) => [entryCount, bytes]);
  assert.deepEqual(states, [[0, 0]]);
  await store.close();
  assert.deepEqual(await records(directory), []);
});

for (const reopened of [false, true]) {
  const when = reopened ? ", after a restart" : "";
  test(`bundles that are forgotten are looked up${when}`, async () => {
    const directory = emptyFolder();
    let store = await openStore(directory, TINY);
    const places: StoredPlace[] = [];
    for (let from = 1; from <= 90; from += 10) {
      const unit = store.begin();
      places.push(
        ...fill(
          unit,
          upTo(10).map((at) => at + from - 1),
          10,
        ),
      );
      await committed(unit);
    }
    if (reopened) {
      await store.close();
      store = await openStore(directory, TINY);
      for (const [at, place] of places.entries()) places[at] = { ...place, messageId: 0 };
    }
    const left = upTo(90).filter((sequence) => sequence % 10 === 3);
    await taken(
      store,
      places.filter(({ sequence }) => sequence % 2 === 0),
    );
    await taken(store, places.filter(({ sequence }) => sequence % 2 === 1 && sequence % 10 !== 3).reverse());
    assert.deepEqual(await sequences(store), left);
    await store.close();
    store = await openStore(directory, { ...TINY, paranoid: true });
    assert.deepEqual(await sequences(store), left);
    await store.close();
  });
}

test("a thin bundle is written anew with what is left, and nothing is lost over restarts", async () => {
  const directory = emptyFolder();
  let store = await openStore(directory, { thinBundles: 0 });
  const unit = store.begin();
  const places = fill(unit, upTo(60), 1_000);
  await committed(unit);
  await taken(
    store,
    places.filter(({ sequence }) => sequence !== 7 && sequence !== 31),
  );
  for (let attempt = 0; attempt < 50; attempt++) {
    const next = store.begin(); // it is done between batches
    next.putState("a", Buffer.of(attempt));
    await committed(next);
  }
  assert.deepEqual(await sequences(store), [7, 31]);
  await store.close();
  const [bundle, ...others] = await records(directory);
  assert.deepEqual([bundle!.kind, bundle!.sequence, others], [ENTRY, 60, []]);
  assert.ok(bundle!.bytes < 2_500, `${bundle!.bytes}`);
  store = await openStore(directory, { paranoid: true });
  assert.deepEqual(await sequences(store), [7, 31]);
  await taken(store, [{ ...places[30]!, messageId: 0 }]);
  assert.deepEqual(await sequences(store), [7]);
  await taken(store, [{ ...places[6]!, messageId: 0 }]);
  await store.close();
  assert.deepEqual(await records(directory), []);
});

for (const [what, kind, text] of [
  ["a bundle", ENTRY, /bundle of entries of queue 1 is damaged/],
  ["what is gone of it", GONE, /gone of the entries 1 to 10 of queue 1 is damaged/],
] as const) {
  test(`damage of ${what} is told, not passed over; the store goes on`, async () => {
    const directory = emptyFolder();
    let store = await openStore(directory);
    const unit = store.begin();
    const places = fill(unit, upTo(10), 10);
    await committed(unit);
    await taken(store, places.slice(3, 5));
    await store.close();
    await raw(directory, async (database) => {
      const [[key, value] = []] = await database.iterator({ gte: Buffer.of(kind), limit: 1 }).all();
      const changed = Buffer.from(value!);
      changed[changed.length - 1]! ^= 4;
      await database.put(key!, changed);
    });
    await assert.rejects(openStore(directory, { paranoid: true }), { code: "STORE_FAILED", message: text });
    store = await openStore(directory);
    await assert.rejects(store.page(1, EVERYTHING), { code: "STORE_FAILED", message: text });
    await taken(store, [{ ...places[0]!, messageId: 0 }]);
    const next = store.begin();
    fill(next, [11], 10);
    await committed(next);
    const page = await store.page(1, { ...EVERYTHING, from: 11 });
    assert.equal(page.length, 1);
    await assert.rejects(store.page(1, EVERYTHING), { code: "STORE_FAILED" }, "it was not cleared away");
    await store.close();
  });
}

test("bundles of removed queues do not count as remembered", async () => {
  const store = await openStore(emptyFolder(), { bundleLimits: { perQueue: 10, total: 20 } });
  const { forgetAll } = KnownBundles.prototype;
  let forgotten = 0;
  KnownBundles.prototype.forgetAll = function (this: KnownBundles): void {
    forgotten += 1;
    forgetAll.call(this);
  };
  try {
    for (let queueId = 1; queueId <= 100; queueId++) {
      const unit = store.begin();
      unit.putQueue({ queueId, key: `queue:${queueId}`, description: "{}" });
      unit.enqueue(queueId, unit.storeMessage(sampleMessage("m")), sampleEntry(1));
      await committed(unit);
      const removal = store.begin();
      removal.removeQueue(queueId);
      await committed(removal);
    }
  } finally {
    KnownBundles.prototype.forgetAll = forgetAll;
  }
  assert.equal(forgotten, 0);
  await store.close();
});
