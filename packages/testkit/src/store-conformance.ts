import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageStore, StoredEntry, UnitOfWork } from "@tsapollo/domain";
import { bodyText, sampleMessage } from "./sample-message.ts";

/** How the suite gets at a store. */
export interface StoreFactory {
  /** A fresh, open, empty store. */
  open(): Promise<MessageStore>;
  /** Closes a store and opens what it left; undefined for a store that forgets. */
  readonly reopen: ((store: MessageStore) => Promise<MessageStore>) | undefined;
  /** What its title begins with. */
  readonly title: string;
}

/** Commits and waits until it is durable. */
export async function committed(unit: UnitOfWork): Promise<void> {
  await new Promise<void>((done, fail) => {
    unit.commit((error) => (error === undefined ? done() : fail(error)));
  });
}

function entry(sequence: number, messageId: number, rest?: Partial<StoredEntry>): StoredEntry {
  const common = { sizeBytes: 5, expiresAtMs: 0, redeliveryCount: 0, via: undefined, retained: false };
  return { sequence, messageId, ...common, ...rest };
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
  }
  commitTests(name, factory);
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
    unit.enqueue(1, entry(1, id, { via: "topic:t", retained: true, expiresAtMs: 99, redeliveryCount: 2 }));
    await committed(unit);
    store = await view(store);
    assert.deepEqual(await store.queues(), [QUEUE]);
    assert.deepEqual(await store.entries(1, 0, 10), [
      entry(1, id, { via: "topic:t", retained: true, expiresAtMs: 99, redeliveryCount: 2 }),
    ]);
    const message = await store.load(id);
    assert.equal(bodyText(message!), "hello");
    assert.equal(message!.persistent, true);
    assert.equal(message!.priority, 7);
    await store.close();
  });

  test(`${name}: entries come in sequence order, from a sequence on, up to a limit`, async () => {
    let store = await factory.open();
    const unit = store.begin();
    unit.putQueue(QUEUE);
    for (const sequence of [1, 2, 3, 4, 5])
      unit.enqueue(1, entry(sequence, unit.storeMessage(sampleMessage("x"))));
    await committed(unit);
    store = await view(store);
    const found = await store.entries(1, 2, 3);
    assert.deepEqual(
      found.map(({ sequence }) => sequence),
      [2, 3, 4],
    );
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
    first.enqueue(1, entry(1, id));
    first.enqueue(2, entry(1, id));
    await committed(first);
    const second = store.begin();
    second.dequeue(1, 1);
    await committed(second);
    store = await view(store);
    assert.deepEqual(await store.entries(1, 0, 10), []);
    assert.equal(bodyText((await store.load(id))!), "hello");
    const third = store.begin();
    third.dequeue(2, 1);
    await committed(third);
    assert.equal(await store.load(id), undefined);
    await store.close();
  });

  test(`${name}: removing a queue removes its entries and what only it had`, async () => {
    let store = await factory.open();
    const first = store.begin();
    first.putQueue(QUEUE);
    const id = first.storeMessage(sampleMessage("hello"));
    first.enqueue(1, entry(1, id));
    await committed(first);
    const second = store.begin();
    second.removeQueue(1);
    await committed(second);
    store = await view(store);
    assert.deepEqual(await store.queues(), []);
    assert.deepEqual(await store.entries(1, 0, 10), []);
    assert.equal(await store.load(id), undefined);
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
    assert.deepEqual(await store.queues(), []);
    assert.equal(await store.state("a"), undefined);
    await store.close();
  });
}

function stateTests(
  name: string,
  factory: StoreFactory,
  view: (store: MessageStore) => Promise<MessageStore>,
): void {
  test(`${name}: named values are set, replaced, listed by prefix and removed`, async () => {
    let store = await factory.open();
    const first = store.begin();
    first.putState("mqtt:b", Buffer.from("1"));
    first.putState("mqtt:a", Buffer.from("2"));
    first.putState("other", Buffer.from("3"));
    first.putState("mqtt:b", Buffer.from("4"));
    await committed(first);
    store = await view(store);
    assert.deepEqual(await store.stateKeys("mqtt:"), ["mqtt:a", "mqtt:b"]);
    assert.deepEqual(Buffer.from((await store.state("mqtt:b"))!).toString(), "4");
    const second = store.begin();
    second.removeState("mqtt:a");
    await committed(second);
    assert.equal(await store.state("mqtt:a"), undefined);
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
    unit.enqueue(1, entry(1, id));
    assert.equal(unit.isEmpty, false);
    unit.dequeue(1, 1);
    assert.equal(unit.isEmpty, true);
    await committed(unit);
    assert.equal(await store.load(id), undefined);
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
    assert.equal(Buffer.from((await store.state("n"))!).toString(), "3");
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
