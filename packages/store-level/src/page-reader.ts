import type { CodecLookup, LoadedEntry, Message, PageBounds } from "@tsapollo/domain";
import { readBody } from "./body-record.ts";
import { type EntryRecord, inlineMessage, loadedEntry, readEntryRecord } from "./entry-record.ts";
import { bodyKey, entryKey, KIND, sequenceOf } from "./keys.ts";
import { asBuffer, type Shelf } from "./shelf.ts";

const CHUNK_BYTES_MIN = 16 * 1024;
const CHUNK_BYTES_MAX = 1024 * 1024;
const CHUNK_ENTRIES = 1_000;

type Snapshot = ReturnType<Shelf["database"]["snapshot"]>;

/** Where one database is read for a page. */
export interface PageSource {
  readonly shelf: Shelf;
  /** Taken when the page was asked for. */
  readonly snapshot: Snapshot;
  readonly transient: boolean;
  /** Entries outside are not there yet or no more. */
  isVisible(sequence: number): boolean;
  /** Sequences that may have a redelivery counter. */
  readonly counterLow: number;
  readonly counterHigh: number;
}

/**
 * Reads one database's part of a page.
 * @throws BrokerError STORE_FAILED for damaged records
 */
export async function readPage(
  source: PageSource,
  queueId: number,
  bounds: PageBounds,
  codecs: CodecLookup,
): Promise<LoadedEntry[]> {
  const records = await entryRecords(source, queueId, bounds);
  if (records.length === 0) return [];
  const first = records[0]!.entry.sequence;
  const last = records.at(-1)!.entry.sequence;
  const counters = await countersOf(source, queueId, first, last);
  const bodies = new Bodies(source, codecs);
  await bodies.read(records);
  return records.map((record) => {
    const { entry, bodyId } = record;
    const count = counters?.get(entry.sequence) ?? entry.redeliveryCount;
    const message = bodyId === 0 ? inlineMessage(record, codecs) : bodies.get(bodyId);
    return loadedEntry(entry, count, bodyId, message);
  });
}

async function entryRecords(source: PageSource, queueId: number, bounds: PageBounds): Promise<EntryRecord[]> {
  const { shelf, snapshot, transient } = source;
  const records: EntryRecord[] = [];
  const values = shelf.database.values({
    gte: entryKey(KIND.entry, queueId, bounds.from),
    lte: entryKey(KIND.entry, queueId, bounds.to),
    snapshot,
    highWaterMarkBytes: Math.max(CHUNK_BYTES_MIN, Math.min(bounds.maxBytes, CHUNK_BYTES_MAX)),
  });
  try {
    let bytes = 0;
    for (;;) {
      const chunk = await values.nextv(
        Math.min(CHUNK_ENTRIES, Math.max(1, bounds.maxEntries - records.length)),
      );
      if (chunk.length === 0) return records;
      for (const value of chunk) {
        if (records.length >= bounds.maxEntries) return records;
        if (records.length > 0 && bytes >= bounds.maxBytes) return records;
        const record = readEntryRecord(queueId, asBuffer(value), transient);
        if (!source.isVisible(record.entry.sequence)) continue;
        bytes += record.entry.sizeBytes;
        records.push(record);
      }
    }
  } finally {
    await values.close();
  }
}

async function countersOf(
  { shelf, snapshot, counterLow, counterHigh }: PageSource,
  queueId: number,
  first: number,
  last: number,
): Promise<Map<number, number> | undefined> {
  if (first > counterHigh || last < counterLow) return undefined;
  const gte = entryKey(KIND.counter, queueId, first);
  const lte = entryKey(KIND.counter, queueId, last);
  const found = await shelf.database.iterator({ gte, lte, snapshot }).all();
  return new Map(found.map(([key, value]) => [sequenceOf(asBuffer(key)), asBuffer(value).readUInt32BE(0)]));
}

/** Shared bodies of a page; each is read once. */
class Bodies {
  readonly #source: PageSource;
  readonly #codecs: CodecLookup;
  readonly #messages: Map<number, Message> = new Map();

  constructor(source: PageSource, codecs: CodecLookup) {
    this.#source = source;
    this.#codecs = codecs;
  }

  async read(records: readonly EntryRecord[]): Promise<void> {
    const ids = new Set<number>();
    for (const { bodyId } of records) if (bodyId !== 0) ids.add(bodyId);
    if (ids.size === 0) return;
    const { shelf, snapshot } = this.#source;
    const wanted = [...ids];
    const firsts = await shelf.database.getMany(
      wanted.map((id) => bodyKey(id, 0)),
      { snapshot },
    );
    for (let at = 0; at < wanted.length; at++) {
      const id = wanted[at]!;
      const first = firsts[at];
      const part = (number: number): Promise<Uint8Array | undefined> =>
        shelf.database.get(bodyKey(id, number), { snapshot, fillCache: false });
      const known = first === undefined ? undefined : asBuffer(first);
      this.#messages.set(id, await readBody(id, known, part, this.#codecs));
    }
  }

  get(bodyId: number): Message {
    return this.#messages.get(bodyId)!;
  }
}
