import assert from "node:assert/strict";
import { cpSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { MessageStore } from "@tsapollo/domain";
import { committed, EVERYTHING, sampleEntry, sampleMessage } from "@tsapollo/testkit";
import { ClassicLevel } from "classic-level";
import { emptyFolder, openStore } from "./support.ts";

const COUNT = 3_000;

async function filled(directory: string): Promise<MessageStore> {
  const store = await openStore(directory);
  const unit = store.begin();
  for (const queueId of [1, 2]) unit.putQueue({ queueId, key: `queue:${queueId}`, description: "{}" });
  for (let sequence = 1; sequence <= COUNT; sequence++) {
    const id = unit.storeMessage(sampleMessage(`m${sequence}`));
    unit.enqueue(1, id, sampleEntry(sequence));
    if (sequence % 3 === 0) unit.enqueue(2, id, sampleEntry(sequence));
  }
  await committed(unit);
  const counted = store.begin();
  for (const entry of await store.page(1, { ...EVERYTHING, maxEntries: 10 }))
    counted.redelivered(1, entry, 1);
  await committed(counted);
  return store;
}

/** How many records of each kind a closed store has. */
async function kinds(directory: string): Promise<Record<number, number>> {
  const raw = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  const counts: Record<number, number> = {};
  for await (const key of raw.keys()) counts[key[0]!] = (counts[key[0]!] ?? 0) + 1;
  await raw.close();
  return counts;
}

/** Opens and closes until nothing is left to sweep. */
async function swept(directory: string): Promise<Record<number, number>> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const counts = await kinds(directory);
    if (counts[5] === undefined) return counts;
    const store = await openStore(directory);
    for (let turn = 0; turn < 100; turn++) await new Promise((done) => setImmediate(done));
    await store.close();
  }
  assert.fail("it is never swept");
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 2_000 && !condition(); attempt++)
    await new Promise((done) => setTimeout(done, 5));
  assert.ok(condition());
}

async function remove(store: MessageStore, queueId: number): Promise<void> {
  const unit = store.begin();
  unit.removeQueue(queueId);
  await committed(unit);
}

test("entries of a removed queue go bit by bit, over restarts, with the messages that only it had", async () => {
  const directory = emptyFolder();
  let store = await filled(directory);
  await remove(store, 1);
  assert.deepEqual(await store.page(1, EVERYTHING), []);
  await store.close();
  const counts = await swept(directory);
  assert.deepEqual(counts, { 1: 2, 3: 1, 4: 1, 6: Math.ceil(COUNT / 3 / 512), 8: COUNT / 3, 9: COUNT / 3 });
  store = await openStore(directory, { paranoid: true });
  assert.equal((await store.page(2, EVERYTHING)).length, COUNT / 3);
  await remove(store, 2);
  await store.close();
  assert.deepEqual(await swept(directory), { 1: 2 });
});

test("an acknowledgement for a queue that was removed changes nothing", async () => {
  const directory = emptyFolder();
  const store = await filled(directory);
  const page = await store.page(1, EVERYTHING);
  await remove(store, 1);
  const unit = store.begin();
  for (const entry of page) unit.dequeue(1, entry);
  await committed(unit);
  await store.close();
  const counts = await swept(directory);
  assert.equal(counts[8], COUNT / 3, "each shared message is still there for queue 2");
});

test("a purge that was interrupted goes on at the start", async () => {
  const directory = emptyFolder();
  await (await filled(directory)).close();
  const raw = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  await raw.clear({ gte: Buffer.of(2), lt: Buffer.of(6) });
  await raw.put(Buffer.from("\u0001purging"), new Uint8Array(0));
  await raw.close();
  const store = await openStore(directory, { paranoid: true });
  assert.deepEqual(await store.queues(), []);
  await store.close();
  assert.deepEqual(await kinds(directory), { 1: 2 });
});

test("a purge while a removed queue is swept disturbs nobody", async () => {
  const directory = emptyFolder();
  let store = await filled(directory);
  await remove(store, 1);
  await store.close();
  for (let turns = 0; turns < 12; turns++) {
    const copy = emptyFolder();
    cpSync(directory, copy, { recursive: true });
    store = await openStore(copy);
    for (let turn = 0; turn < turns; turn++) await new Promise((done) => setImmediate(done));
    const unit = store.begin();
    unit.putQueue({ queueId: 3, key: "queue:3", description: "{}" });
    await Promise.all([store.purge(), committed(unit)]);
    for (let number = 0; number < 20; number++) {
      const next = store.begin();
      next.putState("a", Buffer.of(number));
      await committed(next);
    }
    await store.close();
  }
});

test("what was drained is given back by the disk while the store works", async () => {
  const directory = emptyFolder();
  const store = await openStore(directory);
  const bytes = Buffer.alloc(20_000);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 7_919 + (at >> 3) * 104_729) % 251;
  const filling = store.begin();
  filling.putQueue({ queueId: 1, key: "queue:1", description: "{}" });
  for (let sequence = 1; sequence <= 1_000; sequence++) {
    const message = sampleMessage("", { bytes, bodyEnd: bytes.length, end: bytes.length });
    filling.enqueue(1, filling.storeMessage(message), sampleEntry(sequence, { sizeBytes: bytes.length }));
  }
  await committed(filling);
  const draining = store.begin();
  for (const entry of await store.page(1, EVERYTHING)) draining.dequeue(1, entry);
  await committed(draining);
  const left = (): number => {
    const sizes = readdirSync(directory).map((name) =>
      statSync(join(directory, name), { throwIfNoEntry: false }),
    );
    return sizes.reduce((sum, size) => sum + (size?.size ?? 0), 0);
  };
  assert.ok(left() > 2_000_000);
  await until(() => left() < 1_000_000);
  await store.close();
});
