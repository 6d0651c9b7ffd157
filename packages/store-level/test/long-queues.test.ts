import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type MessageStore, SILENT_LOGGER, type UnitOfWork } from "@tsapollo/domain";
import { bodyText, committed, EVERYTHING, sampleEntry, sampleMessage } from "@tsapollo/testkit";
import { ClassicLevel } from "classic-level";
import type { LevelStore, LevelStoreParts } from "../src/index.ts";
import { emptyFolder, openStore } from "./support.ts";
import { WriteFaults } from "./write-faults.ts";

const LONG: Partial<LevelStoreParts> = { longBytes: 1, pause: async () => undefined };

const faults = await WriteFaults.install();

/** Adds some messages, and nothing else: such a unit has no head and no totals of its own. */
function add(unit: UnitOfWork, queueId: number, from: number, count: number, expiresAtMs = 0): void {
  for (let sequence = from; sequence < from + count; sequence++) {
    const body = `q${queueId} m${sequence} `.padEnd(50, "x");
    const entry = sampleEntry(sequence, { sizeBytes: body.length, expiresAtMs });
    unit.enqueue(queueId, unit.storeMessage(sampleMessage(body)), entry);
  }
}

async function done(store: MessageStore, work: (unit: UnitOfWork) => void): Promise<void> {
  const unit = store.begin();
  work(unit);
  await committed(unit);
}

/** Three queues with messages of their own, shared ones, gaps and redelivery counters. */
async function filled(directory: string): Promise<LevelStore> {
  const store = await openStore(directory, LONG);
  await done(store, (unit) => {
    for (const queueId of [1, 2, 3]) {
      unit.putQueue({ queueId, key: `queue:${queueId}`, description: "{}" });
      add(unit, queueId, 1, 20, queueId === 2 ? 5_000 : 0);
    }
    const shared = unit.storeMessage(sampleMessage("shared"));
    for (const queueId of [1, 2]) unit.enqueue(queueId, shared, sampleEntry(30));
  });
  const page = await store.page(1, EVERYTHING);
  await done(store, (unit) => {
    for (const entry of page.slice(3, 9)) unit.dequeue(1, entry);
    for (const entry of page.slice(12, 15)) unit.redelivered(1, entry, 2);
  });
  return store;
}

/** Everything that callers see. */
async function shown(store: MessageStore): Promise<unknown> {
  const queues = await store.queues();
  const pages = queues.map(async ({ queue }) => {
    const page = await store.page(queue.queueId, EVERYTHING);
    return page.map(({ sequence, redeliveryCount, expiresAtMs, message }) => {
      return `${sequence} ${redeliveryCount} ${expiresAtMs} ${bodyText(message)}`;
    });
  });
  return { queues, pages: await Promise.all(pages), lastQueueId: store.lastQueueId };
}

/** Changes a byte of the last bundle of a queue of a closed store, as a disk does. */
async function damageLast(directory: string, queueId: number): Promise<void> {
  const encoding = { keyEncoding: "view", valueEncoding: "view" };
  const raw = new ClassicLevel<Uint8Array, Uint8Array>(directory, encoding);
  const range = {
    gte: Buffer.of(6, 0, 0, 0, 0, 0, queueId),
    lt: Buffer.of(6, 0, 0, 0, 0, 0, queueId + 1),
  };
  const [found] = await raw.iterator({ ...range, reverse: true, limit: 1 }).all();
  const [key, value] = found!;
  value[40]! ^= 1;
  await raw.put(key, value);
  await raw.close();
}

function newestLog(directory: string): string {
  const names = readdirSync(directory).filter((name) => name.endsWith(".log"));
  return join(directory, names.sort().at(-1)!);
}

const STEPS: readonly [string, (unit: UnitOfWork, store: MessageStore) => Promise<void>][] = [
  ["added to one", async (unit) => add(unit, 1, 40, 3)],
  [
    "added to two",
    async (unit) => {
      for (const queueId of [1, 2]) add(unit, queueId, 50, 2, 4_000);
    },
  ],
  ["added again", async (unit) => add(unit, 1, 60, 1)],
  [
    "taken out",
    async (unit, store) => {
      for (const entry of (await store.page(1, EVERYTHING)).slice(10)) unit.dequeue(1, entry);
    },
  ],
  ["added to the third", async (unit) => add(unit, 3, 70, 600)],
  ["removed", async (unit) => unit.removeQueue(2)],
  [
    "added to those that are left",
    async (unit) => {
      for (const queueId of [1, 3]) add(unit, queueId, 700, 1);
    },
  ],
];

test("a crash at any byte leaves what was confirmed, and its totals, also of units that only add", async () => {
  const original = emptyFolder();
  const store = await filled(original);
  const states = [await shown(store)];
  for (const [what, step] of STEPS) {
    const before = readFileSync(newestLog(original)).length;
    const unit = store.begin();
    await step(unit, store);
    await committed(unit);
    states.push(await shown(store));
    const log = newestLog(original);
    const size = readFileSync(log).length;
    assert.ok(size > before, what);
    const stride = Math.max(1, Math.floor((size - before) / 25));
    for (let cut = before; cut <= size; cut += cut === size || size - cut > stride ? stride : 1) {
      const copy = emptyFolder();
      cpSync(original, copy, { recursive: true });
      truncateSync(newestLog(copy), cut);
      const again = await openStore(copy, { ...LONG, paranoid: true });
      const found = await shown(again);
      const wanted = states.at(cut === size ? -1 : -2);
      assert.deepEqual(found, wanted, `${what}, ${size - cut} bytes before the end`);
      await again.close();
    }
  }
  await store.close();
});

for (const fault of ["before", "after"] as const) {
  test(`units that only add, and fail (${fault} they were written), are nowhere; later ones are`, async () => {
    const directory = emptyFolder();
    const store = await filled(directory);
    for (let from = 100; from < 160; from += 10) {
      await done(store, (unit) => add(unit, 1, from, 2));
      const wanted = await shown(store);
      const failing = store.begin();
      for (const queueId of [1, 3]) add(failing, queueId, from + 5, 2);
      faults.fault = fault;
      await assert.rejects(committed(failing));
      faults.fault = "none";
      if (from === 120) await committed(failing);
      else {
        await done(store, (unit) => add(unit, 2, from, 1));
        await done(store, (unit) => unit.putState("a", Buffer.of(1)));
        assert.notDeepEqual(await shown(store), wanted);
      }
    }
    const wanted = await shown(store);
    await store.close();
    const again = await openStore(directory, { ...LONG, paranoid: true });
    assert.deepEqual(await shown(again), wanted);
    await again.close();
  });
}

test("a failed unit that only adds may come again after later ones", async () => {
  const directory = emptyFolder();
  const store = await filled(directory);
  const late = store.begin();
  add(late, 1, 40, 3);
  faults.fault = "before";
  await assert.rejects(committed(late));
  faults.fault = "none";
  await done(store, (unit) => add(unit, 1, 50, 3));
  await committed(late);
  const wanted = await shown(store);
  const failing = store.begin();
  add(failing, 1, 60, 3);
  faults.fault = "after";
  await assert.rejects(committed(failing));
  faults.fault = "none";
  await done(store, (unit) => unit.putState("a", Buffer.of(1)));
  assert.deepEqual(await shown(store), wanted);
  await store.close();
  const again = await openStore(directory, { ...LONG, paranoid: true });
  assert.deepEqual(await shown(again), wanted);
  await again.close();
});

test("a copy that is taken after units that only add has them", async () => {
  const store = await filled(emptyFolder());
  await done(store, (unit) => add(unit, 1, 40, 3));
  await done(store, (unit) => add(unit, 2, 40, 3));
  const directory = join(emptyFolder(), "copy");
  await store.backup(directory);
  const wanted = await shown(store);
  await store.close();
  const copy = await openStore(directory, { ...LONG, paranoid: true });
  assert.deepEqual(await shown(copy), wanted);
  await done(copy, (unit) => add(unit, 2, 50, 3));
  await done(copy, (unit) => unit.removeQueue(1));
  const later = await shown(copy);
  await copy.close();
  const again = await openStore(directory, { ...LONG, paranoid: true });
  assert.deepEqual(await shown(again), later);
  await again.close();
});

test("shared messages keep their count when ids were given again after a start", async () => {
  const directory = emptyFolder();
  let store = await filled(directory);
  await done(store, (unit) => add(unit, 1, 40, 30)); // its ids are nowhere on the disk
  await store.close();
  store = await openStore(directory, LONG);
  await done(store, (unit) => {
    for (let sequence = 100; sequence < 160; sequence++) {
      const id = unit.storeMessage(sampleMessage("both"));
      for (const queueId of [1, 2]) unit.enqueue(queueId, id, sampleEntry(sequence));
    }
  });
  const page = await store.page(1, EVERYTHING);
  await done(store, (unit) => {
    for (const entry of page) unit.dequeue(1, entry);
  });
  assert.equal((await store.page(2, EVERYTHING)).length, 81);
  await store.close();
  store = await openStore(directory, { ...LONG, paranoid: true });
  assert.equal((await store.page(2, EVERYTHING)).length, 81);
  await store.close();
});

test("damage of the last entries of a long queue costs those, not the store", async () => {
  const directory = emptyFolder();
  let store = await filled(directory);
  await done(store, (unit) => add(unit, 1, 40, 3));
  const wanted = await store.queues();
  await done(store, (unit) => add(unit, 1, 50, 3));
  await store.close();
  await damageLast(directory, 1);
  const errors: unknown[] = [];
  const logger = { ...SILENT_LOGGER, error: (fields: object) => errors.push(fields) };
  await assert.rejects(openStore(directory, { ...LONG, paranoid: true }), { message: /queue 1 is damaged/ });
  store = await openStore(directory, { ...LONG, logger });
  assert.equal(errors.length, 1);
  const found = await store.queues();
  assert.deepEqual(found, [{ ...wanted[0]!, lastSequence: 52 }, wanted[1], wanted[2]]);
  assert.equal((await store.page(1, { ...EVERYTHING, maxEntries: 5 })).length, 5);
  await assert.rejects(store.page(1, EVERYTHING), { message: /queue 1 is damaged/ });
  const failing = store.begin();
  add(failing, 1, 60, 3);
  faults.fault = "after";
  await assert.rejects(committed(failing));
  faults.fault = "none";
  await committed(failing);
  const later = await store.queues();
  assert.equal(later[0]!.entryCount, found[0]!.entryCount + 3);
  await store.close();
  store = await openStore(directory, LONG);
  assert.deepEqual(await store.queues(), later);
  await store.close();
});
