import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageStore, PageBounds } from "@tsapollo/domain";
import { bodyText, sampleMessage } from "./sample-message.ts";
import { groupTests } from "./store-conformance-groups.ts";
import { bodyTests, pageTests, transientTests } from "./store-conformance-more.ts";
import { modelTests } from "./store-model.ts";
import { committed, EVERYTHING, sampleEntry, samplePlace } from "./store-samples.ts";

/** How the suite gets at a store. */
export interface StoreFactory {
  /** A fresh, open, empty store. */
  open(): Promise<MessageStore>;
  /** Closes a store and opens what it left; undefined for a store that forgets. */
  readonly reopen: ((store: MessageStore) => Promise<MessageStore>) | undefined;
  /** What its title begins with. */
  readonly title: string;
  /** For a store that can be copied: an empty folder, and how a copy is opened. */
  readonly copies?: { folder(): string; open(directory: string): Promise<MessageStore> };
}

async function sequences(
  store: MessageStore,
  queueId: number,
  bounds?: Partial<PageBounds>,
): Promise<number[]> {
  const page = await store.page(queueId, { ...EVERYTHING, ...bounds });
  return page.map(({ sequence }) => sequence);
}

async function queueKeys(store: MessageStore): Promise<string[]> {
  return (await store.queues()).map(({ queue }) => queue.key);
}

const QUEUE = { queueId: 1, key: "queue:a", description: "{}" };

/** What every {@link MessageStore} promises. A store that survives its process is tested again after reopening. */
export function storeConformance(name: string, factory: StoreFactory): void {
  const views: [string, (store: MessageStore) => Promise<MessageStore>][] = [["", async (store) => store]];
  if (factory.reopen !== undefined) views.push([", reopened", factory.reopen]);
  for (const [suffix, view] of views) {
    entryTests(`${name}${suffix}`, factory, view);
    removalTests(`${name}${suffix}`, factory, view);
    stateTests(`${name}${suffix}`, factory, view);
    bodyTests(`${name}${suffix}`, factory, view);
    pageTests(`${name}${suffix}`, factory, view);
    groupTests(`${name}${suffix}`, factory, view);
  }
  commitTests(name, factory);
  transientTests(name, factory);
  modelTests(name, factory);
  backupTests(name, factory);
}

function entryTests(
  name: string,
  factory: StoreFactory,
  view: (store: MessageStore) => Promise<MessageStore>,
): void {
  test(`${name}: a committed message is in its queue and can be loaded`, async () => {
    let store = await factory.open();
    const unit = store.begin();
    unit.putQueue(QUEUE);
    const id = unit.storeMessage(sampleMessage("hello", { persistent: true, priority: 7 }));
    unit.enqueue(
      1,
      id,
      sampleEntry(1, { via: "topic:t", retained: true, expiresAtMs: 99, redeliveryCount: 2 }),
    );
    await committed(unit);
    store = await view(store);
    assert.deepEqual(await store.queues(), [
      { queue: QUEUE, lastSequence: 1, entryCount: 1, bytes: 5, earliestExpiryMs: 99 },
    ]);
    assert.equal(store.lastQueueId, 1);
    const [loaded] = await store.page(1, EVERYTHING);
    const { message, messageId: _, ...rest } = loaded!;
    assert.deepEqual(
      rest,
      sampleEntry(1, { via: "topic:t", retained: true, expiresAtMs: 99, redeliveryCount: 2 }),
    );
    assert.equal(bodyText(message), "hello");
    assert.equal(message.persistent, true);
    assert.equal(message.priority, 7);
    await store.close();
  });

  test(`${name}: entries come in sequence order, from a sequence on, up to a limit`, async () => {
    let store = await factory.open();
    const unit = store.begin();
    unit.putQueue(QUEUE);
    for (const sequence of [1, 2, 3, 4, 5])
      unit.enqueue(1, unit.storeMessage(sampleMessage("x")), sampleEntry(sequence));
    await committed(unit);
    store = await view(store);
    assert.deepEqual(await sequences(store, 1, { from: 2, maxEntries: 3 }), [2, 3, 4]);
    assert.deepEqual(await sequences(store, 1, { from: 2, to: 3 }), [2, 3]);
    assert.deepEqual(await sequences(store, 1, { maxBytes: 1 }), [1], "at least one, however large");
    assert.deepEqual(await sequences(store, 2), []);
    await store.close();
  });

  test(`${name}: a redelivery counter is kept until the entry goes`, async () => {
    let store = await factory.open();
    const unit = store.begin();
    unit.putQueue(QUEUE);
    const id = unit.storeMessage(sampleMessage("hello"));
    unit.enqueue(1, id, sampleEntry(1));
    await committed(unit);
    const second = store.begin();
    second.redelivered(1, samplePlace(1, id), 3);
    await committed(second);
    store = await view(store);
    const [loaded] = await store.page(1, EVERYTHING);
    assert.equal(loaded!.redeliveryCount, 3);
    const third = store.begin();
    third.dequeue(1, loaded!);
    await committed(third);
    assert.deepEqual(await sequences(store, 1), []);
    await store.close();
  });

  test(`${name}: sequences go on where they were, also when nothing is left`, async () => {
    let store = await factory.open();
    const unit = store.begin();
    unit.putQueue(QUEUE);
    const id = unit.storeMessage(sampleMessage("hello"));
    unit.enqueue(1, id, sampleEntry(41));
    await committed(unit);
    const second = store.begin();
    second.dequeue(1, samplePlace(41, id));
    await committed(second);
    store = await view(store);
    assert.deepEqual(await store.queues(), [
      { queue: QUEUE, lastSequence: 41, entryCount: 0, bytes: 0, earliestExpiryMs: 0 },
    ]);
    await store.close();
  });
}

function removalTests(
  name: string,
  factory: StoreFactory,
  view: (store: MessageStore) => Promise<MessageStore>,
): void {
  test(`${name}: a message in two queues stays until both have let it go`, async () => {
    let store = await factory.open();
    const first = store.begin();
    first.putQueue(QUEUE);
    first.putQueue({ queueId: 2, key: "dsub:b", description: '{"topics":[]}' });
    const id = first.storeMessage(sampleMessage("hello"));
    first.enqueue(1, id, sampleEntry(1));
    first.enqueue(2, id, sampleEntry(1));
    await committed(first);
    const second = store.begin();
    second.dequeue(1, samplePlace(1, id));
    await committed(second);
    store = await view(store);
    assert.deepEqual(await sequences(store, 1), []);
    const [left] = await store.page(2, EVERYTHING);
    assert.equal(bodyText(left!.message), "hello");
    const third = store.begin();
    third.dequeue(2, left!);
    await committed(third);
    assert.deepEqual(await sequences(store, 2), []);
    await store.close();
  });

  test(`${name}: removing a queue removes its entries and what only it had`, async () => {
    let store = await factory.open();
    const first = store.begin();
    first.putQueue(QUEUE);
    const id = first.storeMessage(sampleMessage("hello"));
    first.enqueue(1, id, sampleEntry(1));
    await committed(first);
    const second = store.begin();
    second.removeQueue(1);
    await committed(second);
    store = await view(store);
    assert.deepEqual(await store.queues(), []);
    assert.deepEqual(await sequences(store, 1), []);
    assert.equal(store.lastQueueId, 1, "ids are never used again");
    await store.close();
  });

  test(`${name}: purge empties it`, async () => {
    let store = await factory.open();
    const unit = store.begin();
    unit.putQueue(QUEUE);
    unit.putState("a", Buffer.from("1"));
    await committed(unit);
    await store.purge();
    store = await view(store);
    assert.deepEqual(await queueKeys(store), []);
    assert.equal((await store.states()).size, 0);
    await store.close();
  });
}

function stateTests(
  name: string,
  factory: StoreFactory,
  view: (store: MessageStore) => Promise<MessageStore>,
): void {
  test(`${name}: named values are set, replaced, listed and removed`, async () => {
    let store = await factory.open();
    const first = store.begin();
    first.putState("mqtt:b", Buffer.from("1"));
    first.putState("mqtt:a", Buffer.from("2"));
    first.putState("other", Buffer.from("3"));
    first.putState("mqtt:b", Buffer.from("4"));
    await committed(first);
    store = await view(store);
    const states = await store.states();
    assert.deepEqual([...states.keys()].sort(), ["mqtt:a", "mqtt:b", "other"]);
    assert.equal(Buffer.from(states.get("mqtt:b")!).toString(), "4");
    const second = store.begin();
    second.removeState("mqtt:a");
    await committed(second);
    assert.equal((await store.states()).has("mqtt:a"), false);
    await store.close();
  });
}

function commitTests(name: string, factory: StoreFactory): void {
  test(`${name}: an enqueue and its dequeue in one unit leave nothing`, async () => {
    const store = await factory.open();
    const first = store.begin();
    first.putQueue(QUEUE);
    await committed(first);
    const unit = store.begin();
    const id = unit.storeMessage(sampleMessage("hello"));
    unit.enqueue(1, id, sampleEntry(1));
    assert.equal(unit.isEmpty, false);
    assert.ok(unit.pendingBytes > 0);
    unit.dequeue(1, samplePlace(1, id));
    assert.equal(unit.isEmpty, true);
    await committed(unit);
    assert.deepEqual(await sequences(store, 1), []);
    await store.close();
  });

  test(`${name}: commits call back later, once, in order`, async () => {
    const store = await factory.open();
    const calls: number[] = [];
    const waits: Promise<void>[] = [];
    for (const number of [1, 2, 3]) {
      const unit = store.begin();
      unit.putState("n", Buffer.from(String(number)));
      waits.push(
        new Promise((done) => {
          unit.commit(() => {
            calls.push(number);
            done();
          });
        }),
      );
    }
    assert.deepEqual(calls, [], "never before commit returns");
    await Promise.all(waits);
    assert.deepEqual(calls, [1, 2, 3]);
    assert.equal(Buffer.from((await store.states()).get("n")!).toString(), "3");
    await store.close();
  });

  test(`${name}: close waits for commits under way`, async () => {
    const store = await factory.open();
    const unit = store.begin();
    unit.putState("n", Buffer.from("1"));
    let durable = false;
    unit.commit(() => {
      durable = true;
    });
    await store.close();
    assert.equal(durable, true);
  });

  test(`${name}: its title names it`, async () => {
    const store = await factory.open();
    assert.ok(store.title.startsWith(factory.title));
    await store.close();
  });
}

function backupTests(name: string, factory: StoreFactory): void {
  const { copies } = factory;
  if (copies === undefined) {
    test(`${name}: what it keeps cannot be copied, and it says so`, async () => {
      const store = await factory.open();
      await assert.rejects(store.backup("nowhere"), { code: "STORE_FAILED" });
      await store.close();
    });
    return;
  }
  test(`${name}: a copy has what was durable when it was asked for, while work goes on`, async () => {
    const store = await factory.open();
    const unit = store.begin();
    unit.putQueue(QUEUE);
    for (let sequence = 1; sequence <= 3_000; sequence++) {
      unit.enqueue(1, unit.storeMessage(sampleMessage(`m${sequence}`)), sampleEntry(sequence));
    }
    unit.putState("a", Buffer.from("1"));
    await committed(unit);
    const folder = copies.folder();
    const copying = store.backup(folder);
    const next = store.begin();
    for (const entry of await store.page(1, { ...EVERYTHING, maxEntries: 2_000 })) next.dequeue(1, entry);
    next.putState("a", Buffer.from("2"));
    await committed(next);
    await copying;
    await assert.rejects(store.backup(folder), { code: "STORE_FAILED" }, "never over something else");
    await store.close();
    const copy = await copies.open(folder);
    assert.equal((await sequences(copy, 1)).length, 3_000);
    assert.equal(Buffer.from((await copy.states()).get("a")!).toString(), "1");
    assert.equal((await copy.queues())[0]!.entryCount, 3_000);
    await copy.close();
  });
}
