import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadedEntry, MessageStore, UnitOfWork } from "@tsapollo/domain";
import { committed, EVERYTHING, sampleEntry, sampleMessage } from "@tsapollo/testkit";
import { openStore } from "./support.ts";

/*
 * Run by full-disk.test.ts in a process with little room: fills a store until it fails, makes room, goes on, and looks
 * at everything after opening it again. Prints how often it failed.
 */
const PER_UNIT = 20;
const BODY_BYTES = 5_000;
const UNITS_MAX = 1_500;
const BALLAST_BYTES = 24 * 1024 * 1024;

const [directory, hasBallast] = [process.argv[2]!, process.argv[3] === "ballast"];
const ballast = join(directory, "..", "ballast");
process.on("SIGXFSZ", () => undefined); // a limit on sizes is to look like a full disk

function content(sequence: number): Buffer {
  const bytes = Buffer.alloc(BODY_BYTES);
  let state = sequence;
  for (let at = 0; at < bytes.length; at++) {
    if (hasBallast) state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = hasBallast ? state >>> 24 : state;
  }
  return bytes;
}

function nextUnit(store: MessageStore, first: number): UnitOfWork {
  const unit = store.begin();
  if (first === 1) unit.putQueue({ queueId: 1, key: "queue:a", description: "{}" });
  for (let sequence = first; sequence < first + PER_UNIT; sequence++) {
    const bytes = content(sequence);
    const message = sampleMessage("", { bytes, bodyEnd: bytes.length, end: bytes.length });
    unit.enqueue(1, unit.storeMessage(message), sampleEntry(sequence));
  }
  return unit;
}

async function everything(store: MessageStore): Promise<LoadedEntry[]> {
  const all: LoadedEntry[] = [];
  for (let from = 0; ; from = all.at(-1)!.sequence + 1) {
    const page = await store.page(1, { ...EVERYTHING, from, maxEntries: 100 });
    if (page.length === 0) return all;
    all.push(...page);
  }
}

function check(entries: readonly LoadedEntry[], first: number, last: number): void {
  if (entries.length !== last - first + 1)
    throw new Error(`${entries.length} entries, not ${first} to ${last}`);
  entries.forEach(({ sequence, message }, at) => {
    if (sequence !== first + at) throw new Error(`${sequence} at place ${at}`);
    if (!content(sequence).equals(message.body())) throw new Error(`${sequence} has the wrong content`);
  });
}

if (hasBallast) writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES, "x"));
let failures = 0;
let store = await openStore(directory, { writeBufferBytes: hasBallast ? 1024 * 1024 : 32 * 1024 * 1024 });
let next = 1;
for (let round = 0; round < UNITS_MAX && (failures === 0 || round < 10); round++) {
  const unit = nextUnit(store, next);
  for (;;) {
    try {
      await committed(unit);
      break;
    } catch {
      failures += 1;
      check(await everything(store), 1, next - 1);
      if (hasBallast) rmSync(ballast, { force: true });
    }
  }
  next += PER_UNIT;
}
const drained = store.begin();
const [first] = await store.page(1, { ...EVERYTHING, maxEntries: 1 });
drained.dequeue(1, first!);
await committed(drained);
await store.close();
store = await openStore(directory, { paranoid: true });
check(await everything(store), 2, next - 1);
await store.close();
process.stdout.write(`failures: ${failures}\n`);
