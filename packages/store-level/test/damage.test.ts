import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BrokerError, type MessageStore, SILENT_LOGGER } from "@tsapollo/domain";
import { bodyText, committed, EVERYTHING, sampleEntry, sampleMessage } from "@tsapollo/testkit";
import { ClassicLevel } from "classic-level";
import { emptyFolder, openStore } from "./support.ts";

const UNITS = 60;
const PER_UNIT = 5;

function body(sequence: number): string {
  return `${sequence} `.repeat(1 + ((sequence * 37) % 400));
}

/** A closed store: each unit adds some messages to one queue and a shared one to another. */
async function closedStore(flushed: boolean): Promise<string> {
  const directory = emptyFolder();
  let store = await openStore(directory);
  let sequence = 0;
  for (let number = 1; number <= UNITS; number++) {
    const unit = store.begin();
    if (number === 1) {
      for (const queueId of [1, 2]) unit.putQueue({ queueId, key: `queue:${queueId}`, description: "{}" });
    }
    for (let count = 0; count < PER_UNIT; count++) {
      sequence += 1;
      const id = unit.storeMessage(sampleMessage(body(sequence)));
      unit.enqueue(1, id, sampleEntry(sequence));
      if (count === 0) unit.enqueue(2, id, sampleEntry(number));
    }
    await committed(unit);
  }
  await store.close();
  if (flushed) {
    store = await openStore(directory); // what was in the log becomes a sorted file
    await store.close();
  }
  return directory;
}

function newest(directory: string, ending: string): string {
  const names = readdirSync(directory).filter((name) => name.endsWith(ending));
  return join(directory, names.sort().at(-1)!);
}

/** Every entry is right; returns how many there are in each queue. */
async function goodEntries(store: MessageStore): Promise<[number, number]> {
  const first = await store.page(1, EVERYTHING);
  const second = await store.page(2, EVERYTHING);
  for (const { sequence, message } of first) assert.equal(bodyText(message), body(sequence));
  for (const { sequence, message } of second) {
    assert.equal(bodyText(message), body((sequence - 1) * PER_UNIT + 1));
  }
  return [first.length, second.length];
}

function copyOf(directory: string): string {
  const copy = emptyFolder();
  cpSync(directory, copy, { recursive: true });
  return copy;
}

test("a log that is cut off anywhere leaves a beginning of whole units", async () => {
  const original = await closedStore(false);
  const size = readFileSync(newest(original, ".log")).length;
  let before = 0;
  for (let step = 1; step <= 40; step++) {
    const directory = copyOf(original);
    truncateSync(newest(directory, ".log"), Math.floor((size * step) / 40));
    const store = await openStore(directory, { paranoid: true });
    const [first, second] = await goodEntries(store);
    assert.equal(first, second * PER_UNIT, "whole units");
    assert.ok(second >= before, "the more is left, the more is there");
    before = second;
    await store.close();
  }
  assert.equal(before, UNITS);
});

for (const [ending, flushed] of [
  [".log", false],
  [".ldb", true],
] as const) {
  test(`a changed byte in the newest ${ending} is never taken for a message`, async () => {
    const original = await closedStore(flushed);
    const bytes = readFileSync(newest(original, ending));
    let refused = 0;
    for (let step = 0; step < 60; step++) {
      const directory = copyOf(original);
      const changed = Buffer.from(bytes);
      const at = Math.floor((bytes.length * (step + 0.5)) / 60);
      changed[at]! ^= 1 << (step % 8);
      writeFileSync(newest(directory, ending), changed);
      for (const paranoid of [false, true]) {
        let store: MessageStore | undefined;
        try {
          store = await openStore(directory, { paranoid });
          const [first, second] = await goodEntries(store);
          assert.equal(first, second * PER_UNIT, `byte ${at}`);
        } catch (error) {
          assert.ok(error instanceof BrokerError, String(error));
          assert.equal(error.code, "STORE_FAILED");
          refused += 1;
        }
        await store?.close();
      }
    }
    assert.ok(refused > 30, `${refused}`);
  });
}

test("damage in the middle of the log is told with the file and what to do", async () => {
  const directory = await closedStore(false);
  const path = newest(directory, ".log");
  const bytes = readFileSync(path);
  bytes[1_000]! ^= 1;
  writeFileSync(path, bytes);
  await assert.rejects(openStore(directory), (error: BrokerError) => {
    assert.equal(error.code, "STORE_FAILED");
    assert.ok(error.message.includes(path), error.message);
    assert.match(error.message, /Restore a backup, or move the directory away/);
    return true;
  });
  assert.ok(readFileSync(path).equals(bytes), "nothing was changed");
});

test("damage is told also when LevelDB would leave out everything behind it: a log of one block", async () => {
  const directory = emptyFolder();
  const store = await openStore(directory);
  for (let sequence = 1; sequence <= 10; sequence++) {
    const unit = store.begin();
    if (sequence === 1) unit.putQueue({ queueId: 1, key: "queue:1", description: "{}" });
    unit.enqueue(1, unit.storeMessage(sampleMessage(body(1))), sampleEntry(sequence));
    await committed(unit);
  }
  await store.close();
  const path = newest(directory, ".log");
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  writeFileSync(path, bytes);
  await assert.rejects(openStore(directory), /is damaged: .*\.log is unreadable at byte/);
});

for (const [what, name, text] of [
  ["CURRENT", "CURRENT", /CURRENT is missing/],
  ["a sorted file", ".ldb", /damaged \(.*missing files/],
] as const) {
  test(`without ${what} it does not open, and does not begin anew`, async () => {
    const directory = await closedStore(true);
    const gone = newest(directory, name);
    const bytes = readFileSync(gone);
    writeFileSync(`${gone}.away`, bytes);
    rmSync(gone);
    await assert.rejects(openStore(directory), { code: "STORE_FAILED", message: text });
    writeFileSync(gone, bytes);
    const store = await openStore(directory, { paranoid: true });
    assert.deepEqual(await goodEntries(store), [UNITS * PER_UNIT, UNITS]);
    await store.close();
  });
}

test("a message whose count of entries is lost stays, and nobody stands still over it", async () => {
  const directory = await closedStore(true);
  const raw = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  const counts = { gte: Buffer.of(9), lt: Buffer.of(10) };
  const [lost, short] = await raw.keys({ ...counts, limit: 2 }).all();
  await raw.del(lost!);
  await raw.put(short!, Buffer.alloc(3));
  await raw.close();
  const errors: object[] = [];
  const logger = { ...SILENT_LOGGER, error: (fields: object) => void errors.push(fields) };
  let store = await openStore(directory, { logger });
  const unit = store.begin();
  for (const entry of (await store.page(1, EVERYTHING)).slice(0, 3 * PER_UNIT)) unit.dequeue(1, entry);
  await committed(unit);
  assert.deepEqual(errors, [{ directory, entries: 2 }]);
  await store.close();
  store = await openStore(directory, { paranoid: true });
  assert.deepEqual(await goodEntries(store), [(UNITS - 3) * PER_UNIT, UNITS]);
  await store.close();
});
