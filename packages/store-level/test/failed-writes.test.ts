import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageStore, UnitOfWork } from "@tsapollo/domain";
import { bodyText, committed, EVERYTHING, sampleEntry, sampleMessage, samplePlace } from "@tsapollo/testkit";
import { ClassicLevel } from "classic-level";
import { emptyFolder, openStore } from "./support.ts";
import { type Fault, WriteFaults } from "./write-faults.ts";

const faults = await WriteFaults.install();
const FAULTS: readonly Fault[] = ["before", "after"];

interface Fixture {
  readonly directory: string;
  readonly store: MessageStore;
  readonly pauses: number[];
}

async function fixture(): Promise<Fixture> {
  faults.fault = "none";
  faults.all = false;
  const directory = emptyFolder();
  const pauses: number[] = [];
  const store = await openStore(directory, { pause: async (ms) => void pauses.push(ms) });
  const unit = store.begin();
  for (const queueId of [1, 2]) unit.putQueue({ queueId, key: `queue:${queueId}`, description: "{}" });
  add(unit, 1, 1);
  await committed(unit);
  return { directory, store, pauses };
}

function add(unit: UnitOfWork, queueId: number, sequence: number, transient = false): number {
  const messageId = unit.storeMessage(sampleMessage(`m${sequence}`));
  unit.enqueue(queueId, messageId, sampleEntry(sequence, { transient }));
  return messageId;
}

async function content(store: MessageStore, queueId: number): Promise<string> {
  const entries = await store.page(queueId, EVERYTHING);
  return entries.map(({ sequence, message }) => `${sequence}:${bodyText(message)}`).join(" ");
}

for (const fault of FAULTS) {
  const when = fault === "before" ? "nothing was written" : "everything was written";
  test(`after a failure (${when}) the unit can be committed again, reduced, and only that is there`, async () => {
    const { directory, store } = await fixture();
    const unit = store.begin();
    const second = add(unit, 1, 2);
    add(unit, 1, 3);
    const shared = unit.storeMessage(sampleMessage("shared"));
    unit.enqueue(1, shared, sampleEntry(4));
    unit.enqueue(2, shared, sampleEntry(1));
    unit.putState("a", Buffer.from("1"));
    unit.dequeue(1, samplePlace(1, 0));
    faults.fault = fault;
    await assert.rejects(committed(unit), { code: "STORE_FAILED", message: /No space left/ });
    faults.fault = "none";
    assert.equal(unit.isEmpty, false);
    const states = (await store.queues()).map(({ lastSequence, entryCount }) => [lastSequence, entryCount]);
    assert.deepEqual(states, [
      [1, 1],
      [0, 0],
    ]);
    unit.dequeue(1, samplePlace(2, second));
    unit.dequeue(2, samplePlace(1, shared));
    await committed(unit);
    assert.equal(await content(store, 1), "3:m3 4:shared");
    await store.close();
    const again = await openStore(directory, { paranoid: true });
    assert.equal(await content(again, 1), "3:m3 4:shared");
    assert.equal(await content(again, 2), "");
    await again.close();
  });

  test(`what failed (${when}) and was given up is not there after a restart`, async () => {
    const { directory, store } = await fixture();
    const unit = store.begin();
    add(unit, 1, 2);
    unit.dequeue(1, samplePlace(1, 0));
    faults.fault = fault;
    await assert.rejects(committed(unit));
    faults.fault = "none";
    const next = store.begin();
    next.putState("b", Buffer.from("1"));
    await committed(next);
    await store.close();
    const again = await openStore(directory, { paranoid: true });
    assert.equal(await content(again, 1), "1:m1");
    await again.close();
  });

  test(`units that wait behind a failed one (${when}) fail with it, in order`, async () => {
    const { store } = await fixture();
    faults.fault = fault;
    const order: string[] = [];
    await Promise.all(
      [2, 3, 4].map(async (sequence) => {
        const unit = store.begin();
        add(unit, 1, sequence);
        await committed(unit).catch(() => order.push(`${sequence} failed`));
      }),
    );
    faults.fault = "none";
    assert.deepEqual(order, ["2 failed", "3 failed", "4 failed"]);
    assert.equal(await content(store, 1), "1:m1");
    await store.close();
  });

  test(`transient entries of a failed unit (${when}) are not there`, async () => {
    const { store } = await fixture();
    const unit = store.begin();
    add(unit, 1, 2, true);
    add(unit, 1, 3);
    faults.fault = fault;
    await assert.rejects(committed(unit));
    faults.fault = "none";
    assert.equal(await content(store, 1), "1:m1");
    const next = store.begin();
    add(next, 1, 4, true);
    await committed(next);
    assert.equal(await content(store, 1), "1:m1 4:m4");
    await committed(unit);
    assert.equal(await content(store, 1), "1:m1 2:m2 3:m3 4:m4");
    await store.close();
  });
}

test("it is opened again at most once a second", async () => {
  const { store, pauses } = await fixture();
  faults.fault = "before";
  const unit = store.begin();
  add(unit, 1, 2);
  for (let attempt = 0; attempt < 4; attempt++) await assert.rejects(committed(unit));
  faults.fault = "none";
  await committed(unit);
  assert.equal(pauses.length, 3, "the first attempt after the first failure comes at once");
  assert.ok(pauses.every((ms) => ms > 0 && ms <= 1_000));
  assert.equal(await content(store, 1), "1:m1 2:m2");
  await store.close();
});

test("a swap space that cannot be written fails the unit, and works again afterwards", async () => {
  const { store } = await fixture();
  const unit = store.begin();
  add(unit, 1, 2, true);
  add(unit, 1, 3);
  faults.fault = "before";
  faults.all = true;
  await assert.rejects(committed(unit), { code: "STORE_FAILED", message: /swap space/ });
  assert.equal(await content(store, 1), "1:m1");
  faults.fault = "none";
  await committed(unit);
  assert.equal(await content(store, 1), "1:m1 2:m2 3:m3");
  await store.close();
});

for (const fault of FAULTS) {
  test(`a purge that fails (${fault} it was written) leaves everything, and can be tried again`, async () => {
    const { directory, store } = await fixture();
    faults.fault = fault;
    await assert.rejects(store.purge());
    faults.fault = "none";
    assert.equal(await content(store, 1), "1:m1");
    const unit = store.begin();
    add(unit, 1, 2);
    await committed(unit);
    await store.purge();
    assert.deepEqual(await store.queues(), []);
    await store.close();
    const again = await openStore(directory, { paranoid: true });
    assert.deepEqual(await again.queues(), []);
    await again.close();
  });
}

test("a purge that fails half-way is finished before anything else is written", async () => {
  const { directory, store } = await fixture();
  const { clear } = ClassicLevel.prototype;
  ClassicLevel.prototype.clear = async () => faults.fail();
  try {
    await assert.rejects(store.purge());
  } finally {
    ClassicLevel.prototype.clear = clear;
  }
  assert.deepEqual(await store.queues(), []);
  const unit = store.begin();
  unit.putQueue({ queueId: 3, key: "queue:3", description: "{}" });
  add(unit, 3, 1);
  await committed(unit);
  await store.close();
  const again = await openStore(directory, { paranoid: true });
  assert.deepEqual(
    (await again.queues()).map(({ queue }) => queue.queueId),
    [3],
  );
  assert.equal(await content(again, 3), "1:m1");
  await again.close();
});
