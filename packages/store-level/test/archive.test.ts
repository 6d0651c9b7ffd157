import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  type LoadedEntry,
  Message,
  type MessageStore,
  messageRecordSize,
  writeMessageRecord,
} from "@tsapollo/domain";
import { bodyText, committed, EVERYTHING, PLAIN_CODEC, sampleEntry, sampleMessage } from "@tsapollo/testkit";
import fc from "fast-check";
import { pack } from "tar-stream";
import { ProtoWriter } from "../src/archive/protobuf.ts";
import { type ArchiveCodecs, exportStore, type ImportReport, importStore } from "../src/index.ts";
import { CODECS, emptyFolder, openStore } from "./support.ts";

/** Content as Apollo has it begins with a line that is not ours; `raw` is a body and nothing else. */
const ARCHIVE_CODECS: ArchiveCodecs = {
  toArchive: (message) => {
    const content = message.bytes.subarray(message.start, message.end);
    return Buffer.concat([Buffer.from("PLAIN\n"), content]);
  },
  contentOf: (_, value) => value.subarray(6),
  fromApollo: (codec, value, expiresAtMs) => {
    if (codec === "openwire") return undefined;
    return sampleMessage(value.toString(), { expiresAtMs, persistent: true });
  },
};

async function imported(store: MessageStore, file: string): Promise<ImportReport> {
  const workFolder = join(emptyFolder(), "work");
  const parts = { store, file, codecs: CODECS, archiveCodecs: ARCHIVE_CODECS, workFolder };
  try {
    return await importStore(parts);
  } finally {
    assert.equal(existsSync(workFolder), false, "the work folder is gone");
  }
}

/** Everything a store has, without the ids that may differ. */
async function contentOf(store: MessageStore): Promise<unknown> {
  const queues: unknown[] = [];
  for (const { queue, earliestExpiryMs: _, ...totals } of await store.queues()) {
    // a lower bound
    const entries = await store.page(queue.queueId, EVERYTHING);
    const { key, description } = queue;
    queues.push({ key, description, totals, entries: entries.map(withoutPlace) });
  }
  const states = [...(await store.states())].map(([key, value]) => [key, Buffer.from(value).toString("hex")]);
  return { queues, states: states.sort() };
}

function withoutPlace({ messageId: _, message, ...entry }: LoadedEntry): unknown {
  const record = Buffer.alloc(messageRecordSize(message));
  writeMessageRecord(message, record, 0);
  return { ...entry, message: record.toString("hex") };
}

const someMessage = fc.record({
  body: fc.uint8Array({ maxLength: 40 }),
  persistent: fc.boolean(),
  retain: fc.constantFrom("none", "set", "clear"),
  expiresAtMs: fc.constantFrom(0, 1, 1.7e12),
  priority: fc.integer({ min: 0, max: 9 }),
  groupKey: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
  notBeforeMs: fc.constantFrom(0, 2e12),
  targets: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
  via: fc.option(fc.constant("topic:t.\\u00e4"), { nil: undefined }),
  retained: fc.boolean(),
  redeliveryCount: fc.integer({ min: 0, max: 3 }),
});

test("what is exported comes back as it was [instance 19]", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(someMessage, { maxLength: 12 }),
      fc.array(fc.tuple(fc.string(), fc.uint8Array({ maxLength: 20 })), { maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 30 })),
      async (messages, states, gone) => {
        const source = await openStore(emptyFolder(), { sync: false });
        const unit = source.begin();
        const last = [0, 0, 0, 0];
        unit.putQueue({ queueId: 1, key: "queue:a.b", description: "{}" });
        unit.putQueue({ queueId: 2, key: "queue:\\u00e4\\d", description: "{}" });
        unit.putQueue({ queueId: 3, key: "dsub:c", description: '{"topics":["x.*"],"selector":"a = 1"}' });
        for (const { body, targets, via, retained, redeliveryCount, ...parts } of messages) {
          const bytes = Buffer.from(body);
          const end = bytes.length;
          const borrowed = false;
          const message = new Message({
            codec: PLAIN_CODEC,
            bytes,
            start: 0,
            bodyStart: 0,
            bodyEnd: end,
            end,
            borrowed,
            ...parts,
          });
          const id = unit.storeMessage(message);
          for (const queueId of new Set(targets)) {
            last[queueId]! += 2;
            const { expiresAtMs } = parts;
            const rest = { sizeBytes: 7, via, retained, redeliveryCount, expiresAtMs };
            unit.enqueue(queueId, id, sampleEntry(last[queueId]!, rest));
          }
        }
        for (const [key, value] of states) unit.putState(key, value);
        await committed(unit);
        const next = source.begin();
        for (const entry of await source.page(1, EVERYTHING))
          if (gone.includes(entry.sequence)) next.dequeue(1, entry);
        for (const entry of await source.page(2, EVERYTHING)) next.dequeue(2, entry);
        await committed(next);
        const file = join(emptyFolder(), "archive.tgz");
        await exportStore(source, file, ARCHIVE_CODECS);
        const target = await openStore(emptyFolder(), { sync: false });
        await imported(target, file);
        assert.deepEqual(await contentOf(target), await contentOf(source));
        await source.close();
        await target.close();
      },
    ),
    { numRuns: 40 },
  );
});

/** An archive as Apollo writes it. */
async function apolloArchive(files: readonly [string, Uint8Array][]): Promise<string> {
  const tar = pack();
  files.forEach(([kind, content], number) => {
    tar.entry({ name: `${number}.${kind}`, mode: 0o644 }, Buffer.from(content));
  });
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const file = join(emptyFolder(), "apollo.tgz");
  writeFileSync(file, gzipSync(Buffer.concat(chunks)));
  return file;
}

const VERSION: [string, Uint8Array] = ["ver", Buffer.from("1")];

function apolloMessage(key: number, codec: string, value: string): [string, Uint8Array] {
  // compression says snappy although the value is as it was: Apollo does that
  const record = new ProtoWriter().int(1, key).bytes(2, codec).int(3, value.length).bytes(4, value);
  return ["msg", record.sint(5, 1_234).int(6, 1).framed()];
}

function apolloEntry(queueKey: number, sequence: number, messageKey: number): [string, Uint8Array] {
  const record = new ProtoWriter().int(1, queueKey).int(2, sequence).int(3, messageKey).int(4, 9).int(6, 2);
  return ["qen", record.sint(7, 1_234).bytes(8, Buffer.of(1, 2)).bytes(9, "x").bytes(9, "y").framed()];
}

function apolloQueue(key: number, kind: string, data: unknown): [string, Uint8Array] {
  const record = new ProtoWriter().int(1, key).bytes(2, kind);
  return ["que", record.bytes(3, data === undefined ? "" : JSON.stringify(data)).framed()];
}

test("an archive of Apollo's is loaded, new and old names alike [instance 19]", async () => {
  const file = await apolloArchive([
    VERSION,
    apolloMessage(100, "raw", "one"),
    apolloMessage(200, "raw", "two"),
    apolloMessage(300, "openwire", "three"),
    apolloEntry(1, 5, 100),
    apolloEntry(2, 1, 100),
    apolloEntry(1, 6, 200),
    apolloEntry(1, 7, 300),
    apolloEntry(1, 8, 999),
    apolloEntry(4, 1, 200),
    apolloQueue(1, "ptp", { "@class": "queue_destination", name: "a.b", path: [] }),
    apolloQueue(2, "ptp", { path: ["old", "wo.rd"] }),
    apolloQueue(3, "ds", {
      "@class": "dsub_destination",
      name: "me",
      selector: "x > 1",
      topics: [{ name: "t.*" }, { path: ["u"] }],
    }),
    apolloQueue(4, "tmp", undefined),
    ["map", new ProtoWriter().bytes(1, "long-counter:session_counter").bytes(2, Buffer.of(5)).framed()],
  ]);
  const store = await openStore(emptyFolder());
  const report = await imported(store, file);
  assert.deepEqual(
    (await store.queues()).map(({ queue }) => [queue.key, queue.description]),
    [
      ["queue:a.b", "{}"],
      ["queue:old.wo\\drd", "{}"],
      ["dsub:me", '{"topics":["t.*","u"],"selector":"x > 1"}'],
    ],
  );
  const entries = await store.page(1, EVERYTHING);
  assert.deepEqual(
    entries.map(({ sequence, redeliveryCount, expiresAtMs, sizeBytes, message }) => {
      return [sequence, redeliveryCount, expiresAtMs, sizeBytes, bodyText(message)];
    }),
    [
      [5, 2, 1_234, 9, "one"],
      [6, 2, 1_234, 9, "two"],
    ],
  );
  assert.equal((await store.page(2, EVERYTHING)).length, 1);
  assert.deepEqual([...report.skippedMessages], [["openwire", 1]]);
  assert.equal(report.invalidEntries, 2, "one without a message, one of a topic's own queue");
  assert.equal(report.skippedStates, 1);
  await store.close();
});

const GOOD_QUEUE = apolloQueue(1, "ptp", { name: "a" });
for (const [what, files, text] of [
  ["of a later version", [["ver", Buffer.from("2")]], /Cannot import from an export file of version: 2/],
  ["without a version", [GOOD_QUEUE], /has no version/],
  ["with an unknown file", [VERSION, ["xyz", Buffer.of(1)]], /Unknown entry: 1\.xyz/],
  ["with a damaged record", [VERSION, ["msg", Buffer.from([200, 1, 8])]], /damaged/],
] as [string, [string, Uint8Array][], RegExp][]) {
  test(`an archive ${what} is refused and changes nothing`, async () => {
    const file = await apolloArchive(files);
    const store = await openStore(emptyFolder());
    const unit = store.begin();
    unit.putState("a", Buffer.from("1"));
    await committed(unit);
    await assert.rejects(imported(store, file), { code: "STORE_FAILED", message: text });
    assert.equal((await store.states()).size, 1);
    await store.close();
  });
}

test("a file that is no archive, is cut off or is missing is refused", async () => {
  const whole = await apolloArchive([VERSION, apolloMessage(1, "raw", "x".repeat(5_000)), GOOD_QUEUE]);
  const folder = emptyFolder();
  const cut = join(folder, "cut");
  writeFileSync(cut, readFileSync(whole).subarray(0, 60));
  const other = join(folder, "other");
  writeFileSync(other, "no archive");
  const store = await openStore(emptyFolder());
  for (const file of [cut, other, join(folder, "missing")]) {
    await assert.rejects(imported(store, file), { code: "STORE_FAILED", message: new RegExp(`'${file}'`) });
  }
  await store.close();
});

test("an export that fails leaves no file behind", async () => {
  const store = await openStore(emptyFolder());
  const folder = emptyFolder();
  await assert.rejects(exportStore(store, join(folder, "missing", "a.tgz"), ARCHIVE_CODECS), {
    code: "STORE_FAILED",
  });
  assert.deepEqual(readdirSync(folder), []);
  await store.close();
});
