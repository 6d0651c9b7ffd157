import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageStore, StoredPlace, UnitOfWork } from "@tsapollo/domain";
import { bodyText, committed, EVERYTHING, sampleEntry, sampleMessage } from "@tsapollo/testkit";
import { ClassicLevel } from "classic-level";
import { emptyFolder, openStore } from "./support.ts";
import { WriteFaults } from "./write-faults.ts";

const faults = await WriteFaults.install();
const COUNT = 40;

/** What databases hold on to until it is closed: batches, iterators, snapshots. */
const resources: Set<unknown> = new Set();
watchResources();

interface Holder {
  attachResource(resource: unknown): void;
  detachResource(resource: unknown): void;
}

function watchResources(): void {
  const holder = ClassicLevel.prototype as unknown as Holder;
  const { attachResource, detachResource } = holder;
  holder.attachResource = function (this: Holder, resource: unknown): void {
    resources.add(resource);
    attachResource.call(this, resource);
  };
  holder.detachResource = function (this: Holder, resource: unknown): void {
    resources.delete(resource);
    detachResource.call(this, resource);
  };
}

/** Transient entries, each with a message of its own that both queues share. */
async function sharing(): Promise<{ store: MessageStore; places: StoredPlace[] }> {
  const store = await openStore(emptyFolder());
  const unit = store.begin();
  for (const queueId of [1, 2]) unit.putQueue({ queueId, key: `queue:${queueId}`, description: "{}" });
  const places: StoredPlace[] = [];
  for (let sequence = 1; sequence <= COUNT; sequence++) {
    const messageId = unit.storeMessage(sampleMessage(`m${sequence}`));
    const entry = sampleEntry(sequence, { transient: true });
    for (const queueId of [1, 2]) unit.enqueue(queueId, messageId, entry);
    places.push({ ...entry, messageId });
  }
  await committed(unit);
  return { store, places };
}

async function small(store: MessageStore, number: number): Promise<void> {
  const unit: UnitOfWork = store.begin();
  unit.putState("a", Buffer.of(number));
  await committed(unit);
}

async function everythingIsThere(store: MessageStore): Promise<void> {
  const page = await store.page(2, EVERYTHING);
  assert.deepEqual(
    page.map(({ message }) => bodyText(message)),
    Array.from({ length: COUNT }, (_, at) => `m${at + 1}`),
  );
}

for (const turns of [0, 1, 2, 3, 4, 6, 8, 12, 16, 24]) {
  test(`swapped messages stay for others when a queue is drained and removed, ${turns} turns of work later`, async () => {
    const { store, places } = await sharing();
    const unit = store.begin();
    for (const place of places) unit.dequeue(1, place);
    unit.removeQueue(1);
    await committed(unit);
    for (let turn = 0; turn < turns; turn++) await new Promise((done) => setImmediate(done));
    for (let number = 0; number < 20; number++) await small(store, number);
    await everythingIsThere(store);
    await store.close();
  });
}

test("an acknowledgement of a swapped message for a queue that was removed changes nothing", async () => {
  const { store, places } = await sharing();
  const removal = store.begin();
  removal.removeQueue(1);
  await committed(removal);
  for (let again = 0; again < 3; again++) {
    const unit = store.begin();
    for (const place of places) unit.dequeue(1, place);
    await committed(unit);
    await small(store, again);
  }
  await everythingIsThere(store);
  await store.close();
});

test("what is swapped can be read when the swap space failed just before", async () => {
  const { store } = await sharing();
  const unit = store.begin();
  unit.enqueue(1, unit.storeMessage(sampleMessage("more")), sampleEntry(COUNT + 1, { transient: true }));
  faults.fault = "before";
  faults.all = true;
  await assert.rejects(committed(unit), { code: "STORE_FAILED", message: /swap space/ });
  faults.fault = "none";
  faults.all = false;
  await everythingIsThere(store);
  await store.close();
});

test("units that fail with the swap space hold no memory", async () => {
  const { store } = await sharing();
  await everythingIsThere(store);
  const before = resources.size;
  const unit = store.begin();
  for (const [at, transient] of [true, false].entries()) {
    const entry = sampleEntry(COUNT + 1 + at, { transient });
    unit.enqueue(1, unit.storeMessage(sampleMessage("more")), entry);
  }
  faults.fault = "before";
  faults.all = true;
  for (let again = 0; again < 3; again++) await assert.rejects(committed(unit));
  faults.fault = "none";
  faults.all = false;
  await committed(unit);
  assert.ok(resources.size <= before, `${resources.size} instead of ${before}`);
  await store.close();
});
