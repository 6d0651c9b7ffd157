import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoadedEntry, MessageStore, PageBounds } from "@tsapollo/domain";
import { bodyText, sampleMessage } from "./sample-message.ts";
import type { StoreFactory } from "./store-conformance.ts";
import { committed, EVERYTHING, sampleEntry, samplePlace } from "./store-samples.ts";

type View = (store: MessageStore) => Promise<MessageStore>;

async function withQueues(factory: StoreFactory, ...ids: number[]): Promise<MessageStore> {
  const store = await factory.open();
  const unit = store.begin();
  for (const queueId of ids) unit.putQueue({ queueId, key: `queue:q${queueId}`, description: "{}" });
  await committed(unit);
  return store;
}

async function page(store: MessageStore, queueId: number, bounds?: Partial<PageBounds>): Promise<string[]> {
  const found = await store.page(queueId, { ...EVERYTHING, ...bounds });
  return found.map(({ sequence, message }) => `${sequence}:${bodyText(message)}`);
}

/** Shared and large messages, and what happens to them. */
export function bodyTests(name: string, factory: StoreFactory, view: View): void {
  test(`${name}: what several queues share goes with the last of them, however it goes`, async () => {
    let store = await withQueues(factory, 1, 2, 3);
    const first = store.begin();
    const id = first.storeMessage(sampleMessage("shared"));
    for (const queueId of [1, 2, 3]) first.enqueue(queueId, id, sampleEntry(7));
    first.enqueue(1, first.storeMessage(sampleMessage("alone")), sampleEntry(8));
    await committed(first);
    const second = store.begin();
    second.removeQueue(1);
    await committed(second);
    store = await view(store);
    assert.deepEqual(await page(store, 1), []);
    assert.deepEqual(await page(store, 2), ["7:shared"]);
    const [loaded] = await store.page(3, EVERYTHING);
    const third = store.begin();
    third.dequeue(3, loaded!);
    await committed(third);
    store = await view(store);
    assert.deepEqual(await page(store, 2), ["7:shared"]);
    assert.deepEqual(await page(store, 3), []);
    await store.close();
  });

  test(`${name}: an enqueue taken out of its unit leaves the others of the same message`, async () => {
    let store = await withQueues(factory, 1, 2, 3);
    const unit = store.begin();
    const id = unit.storeMessage(sampleMessage("shared"));
    for (const queueId of [1, 2, 3]) unit.enqueue(queueId, id, sampleEntry(1));
    unit.dequeue(1, samplePlace(1, id));
    unit.removeQueue(2);
    await committed(unit);
    const next = store.begin();
    next.redelivered(3, samplePlace(1, id), 2);
    await committed(next);
    store = await view(store);
    assert.deepEqual(
      [await page(store, 1), await page(store, 2), await page(store, 3)],
      [[], [], ["1:shared"]],
    );
    await store.close();
  });

  test(`${name}: a large message comes back byte by byte, alone and shared`, async () => {
    let store = await withQueues(factory, 1, 2);
    const bytes = Buffer.alloc(3_000_001, "0123456789");
    const parts = { bytes, bodyStart: 3, bodyEnd: bytes.length - 2, end: bytes.length, groupKey: "grün" };
    const unit = store.begin();
    unit.enqueue(1, unit.storeMessage(sampleMessage("", parts)), sampleEntry(1));
    const shared = unit.storeMessage(sampleMessage("", parts));
    unit.enqueue(1, shared, sampleEntry(2));
    unit.enqueue(2, shared, sampleEntry(1));
    await committed(unit);
    store = await view(store);
    for (const { message } of [...(await store.page(1, EVERYTHING)), ...(await store.page(2, EVERYTHING))]) {
      assert.ok(bytes.equals(message.bytes.subarray(message.start, message.end)));
      assert.equal(message.body().length, bytes.length - 5);
      assert.equal(message.groupKey, "grün");
    }
    await store.close();
  });
}

/** Pages. */
export function pageTests(name: string, factory: StoreFactory, view: View): void {
  test(`${name}: pages go on where the last one ended, past gaps, until nothing is left`, async () => {
    let store = await withQueues(factory, 1);
    const sequences = Array.from({ length: 2_500 }, (_, at) => at * 3 + 1);
    const unit = store.begin();
    for (const sequence of sequences) {
      unit.enqueue(1, unit.storeMessage(sampleMessage(`m${sequence}`)), sampleEntry(sequence));
    }
    await committed(unit);
    store = await view(store);
    const found: string[] = [];
    for (let from = 0; ; ) {
      const entries: readonly LoadedEntry[] = await store.page(1, { ...EVERYTHING, from, maxEntries: 999 });
      if (entries.length === 0) break;
      assert.ok(entries.length <= 999);
      found.push(...entries.map(({ sequence, message }) => `${sequence}:${bodyText(message)}`));
      from = entries.at(-1)!.sequence + 1;
    }
    assert.deepEqual(
      found,
      sequences.map((sequence) => `${sequence}:m${sequence}`),
    );
    await store.close();
  });

  test(`${name}: a page has what was committed when it was asked for, whatever follows`, async () => {
    const store = await withQueues(factory, 1);
    const unit = store.begin();
    for (const sequence of [1, 2, 3]) {
      unit.enqueue(1, unit.storeMessage(sampleMessage("x")), sampleEntry(sequence));
    }
    await committed(unit);
    const [first] = await store.page(1, EVERYTHING);
    const asked = page(store, 1);
    const next = store.begin();
    next.dequeue(1, first!);
    next.enqueue(1, next.storeMessage(sampleMessage("y")), sampleEntry(4));
    await committed(next);
    assert.deepEqual(await asked, ["1:x", "2:x", "3:x"]);
    assert.deepEqual(await page(store, 1), ["2:x", "3:x", "4:y"]);
    await store.close();
  });

  test(`${name}: many queues keep their entries apart`, async () => {
    const ids = Array.from({ length: 300 }, (_, at) => at + 1);
    let store = await withQueues(factory, ...ids);
    const unit = store.begin();
    const shared = unit.storeMessage(sampleMessage("to all"));
    for (const id of ids) unit.enqueue(id, shared, sampleEntry(id));
    await committed(unit);
    store = await view(store);
    const states = await store.queues();
    assert.deepEqual(
      states.map(({ queue, lastSequence, entryCount }) => [queue.queueId, lastSequence, entryCount]),
      ids.map((id) => [id, id, 1]),
    );
    for (const id of [1, 150, 256, 300]) assert.deepEqual(await page(store, id), [`${id}:to all`]);
    await store.close();
  });
}

/** Transient entries: as others while the store is open, gone when it is opened again. */
export function transientTests(name: string, factory: StoreFactory): void {
  async function mixed(): Promise<MessageStore> {
    const store = await withQueues(factory, 1, 2);
    const unit = store.begin();
    for (const sequence of [1, 2, 3, 4, 5, 6]) {
      const id = unit.storeMessage(sampleMessage(`m${sequence}`));
      unit.enqueue(1, id, sampleEntry(sequence, { transient: sequence % 2 === 0 }));
    }
    const both = unit.storeMessage(sampleMessage("both"));
    unit.enqueue(1, both, sampleEntry(7));
    for (const sequence of [1, 2]) unit.enqueue(2, both, sampleEntry(sequence, { transient: true }));
    await committed(unit);
    return store;
  }

  test(`${name}: transient and other entries make one page, in order`, async () => {
    const store = await mixed();
    assert.deepEqual(await page(store, 1), ["1:m1", "2:m2", "3:m3", "4:m4", "5:m5", "6:m6", "7:both"]);
    assert.deepEqual(await page(store, 1, { from: 2, maxEntries: 3 }), ["2:m2", "3:m3", "4:m4"]);
    assert.deepEqual(await page(store, 2), ["1:both", "2:both"]);
    const [, second] = await store.page(1, EVERYTHING);
    assert.equal(second!.transient, true);
    const unit = store.begin();
    unit.dequeue(1, second!);
    unit.redelivered(1, (await store.page(1, { ...EVERYTHING, from: 4 }))[0]!, 5);
    await committed(unit);
    const left = await store.page(1, { ...EVERYTHING, to: 5 });
    assert.deepEqual(
      left.map(({ sequence, redeliveryCount }) => [sequence, redeliveryCount]),
      [
        [1, 0],
        [3, 0],
        [4, 5],
        [5, 0],
      ],
    );
    await store.close();
  });

  const { reopen } = factory;
  if (reopen === undefined) return;
  test(`${name}: transient entries are gone when it is opened again`, async () => {
    const store = await reopen(await mixed());
    assert.deepEqual(await page(store, 1), ["1:m1", "3:m3", "5:m5", "7:both"]);
    assert.deepEqual(await page(store, 2), []);
    const counts = (await store.queues()).map(({ entryCount, bytes }) => [entryCount, bytes]);
    assert.deepEqual(counts, [
      [4, 20],
      [0, 0],
    ]);
    await store.close();
  });
}
