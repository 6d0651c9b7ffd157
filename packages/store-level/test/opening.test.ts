import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type LogFields, SILENT_LOGGER } from "@tsapollo/domain";
import { committed, EVERYTHING, sampleEntry, sampleMessage } from "@tsapollo/testkit";
import { ClassicLevel } from "classic-level";
import { LevelStore } from "../src/index.ts";
import { CODECS, emptyFolder, openStore } from "./support.ts";

for (const [what, fill] of [
  ["leveldb_store", (at: string) => writeFileSync(join(at, "store-version.txt"), "leveldb_store:3")],
  ["bdb_store", (at: string) => writeFileSync(join(at, "00000000.jdb"), "")],
] as const) {
  test(`a directory of Apollo's ${what} is refused with the way to bring it over [instance 21.3]`, async () => {
    const directory = emptyFolder();
    fill(directory);
    const before = readdirSync(directory);
    await assert.rejects(openStore(directory), {
      code: "STORE_FAILED",
      message: /store of Apache Apollo .*apollo-broker store-export.*broker store-import/,
    });
    assert.deepEqual(readdirSync(directory), before, "nothing was changed");
  });
}

test("another LevelDB database is refused", async () => {
  const directory = emptyFolder();
  const other = new ClassicLevel(directory);
  await other.put("a", "1");
  await other.close();
  await assert.rejects(openStore(directory), { code: "STORE_FAILED", message: /is no message store/ });
});

for (const [what, format] of [
  ["an older", "tsapollo 1"],
  ["a later", "tsapollo 3"],
]) {
  test(`${what} format is refused with the way to bring it over`, async () => {
    const directory = emptyFolder();
    await (await openStore(directory)).close();
    const raw = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
      keyEncoding: "view",
      valueEncoding: "view",
    });
    await raw.put(Buffer.from("\u0001format"), Buffer.from(format!));
    await raw.close();
    await assert.rejects(openStore(directory), {
      code: "STORE_FAILED",
      message: new RegExp(`format '${format}'; this version knows 'tsapollo 2'.*store-export`),
    });
  });
}

test("a directory that cannot be made is told", async () => {
  const directory = emptyFolder();
  writeFileSync(join(directory, "file"), "");
  await assert.rejects(openStore(join(directory, "file", "data")), { code: "STORE_FAILED" });
});

test("a store that is open elsewhere: fails at once when asked to", async () => {
  const directory = emptyFolder();
  const store = await openStore(directory);
  await assert.rejects(openStore(directory), { code: "STORE_FAILED", message: /in use by another process/ });
  await store.close();
});

test("a store that is open elsewhere: waits, says so once, and opens when it is let go", async () => {
  const directory = emptyFolder();
  const first = await openStore(directory);
  const told: string[] = [];
  const pauses: number[] = [];
  const logger = { ...SILENT_LOGGER, warn: (_: LogFields, event: string) => void told.push(event) };
  const second = new LevelStore({
    directory,
    codecs: CODECS,
    logger,
    pause: async (ms) => {
      pauses.push(ms);
      if (pauses.length === 3) await first.close();
    },
  });
  await second.open();
  assert.equal(told.length, 1);
  assert.match(told[0]!, /Another process/);
  assert.deepEqual(pauses, [1_000, 1_000, 1_000]);
  await second.close();
});

test("a store that is closed while it waits stops waiting", async () => {
  const directory = emptyFolder();
  const first = await openStore(directory);
  const second: LevelStore = new LevelStore({ directory, codecs: CODECS, pause: async () => second.close() });
  await assert.rejects(second.open(), { code: "STORE_FAILED" });
  await first.close();
});

test("what an interrupted copy left is no store", async () => {
  const directory = emptyFolder();
  const partial = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  await partial.put(Buffer.of(3, 0, 0, 0, 0, 0, 1), Buffer.from("x"));
  await partial.close();
  await assert.rejects(openStore(directory), { code: "STORE_FAILED" });
});

test("swapped entries of a process that ended are deleted, and nothing is created for them before they come", async () => {
  const directory = emptyFolder();
  mkdirSync(join(directory, "swap"));
  writeFileSync(join(directory, "swap", "old"), "x");
  const store = await openStore(directory);
  assert.equal(existsSync(join(directory, "swap")), false);
  const unit = store.begin();
  unit.putQueue({ queueId: 1, key: "queue:a", description: "{}" });
  unit.enqueue(1, unit.storeMessage(sampleMessage("x")), sampleEntry(1, { transient: true }));
  await committed(unit);
  assert.equal(existsSync(join(directory, "swap")), true);
  assert.equal((await store.page(1, EVERYTHING)).length, 1);
  await store.close();
  assert.equal(existsSync(join(directory, "swap")), false);
});
