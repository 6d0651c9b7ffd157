import type { CodecLookup, LoadedEntry, Message, PageBounds } from "@tsapollo/domain";
import { readBody } from "./body-record.ts";
import {
  type BundleHead,
  ENTRIES_AT,
  entriesEnd,
  nextEntryAt,
  offsetAt,
  readBundleHead,
  SPAN_MAX,
} from "./bundle-record.ts";
import { type EntryDraft, readEntry } from "./entry-record.ts";
import { bundleOf } from "./find-bundle.ts";
import { isMissing } from "./gone-record.ts";
import { bodyKey, entryKey, KIND, sequenceOf } from "./keys.ts";
import type { KnownBundle } from "./known-bundles.ts";
import { asBuffer, type Shelf } from "./shelf.ts";

const CHUNK_BYTES_MIN = 16 * 1024;
const CHUNK_BYTES_MAX = 1024 * 1024;
const CHUNK_BUNDLES = 1_000;
/** As many entries are expected in a bundle at first, until it is seen that they are fewer. */
const EXPECTED_ENTRIES = 16;

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
  /** Last sequences of bundles of which something may be gone. */
  readonly goneLow: number;
  readonly goneHigh: number;
  /** Hears of every bundle that was read. */
  found(bundle: KnownBundle): void;
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
  const reader = new PageReader(source, queueId, bounds, codecs);
  await reader.read();
  const { drafts } = reader;
  if (drafts.length === 0) return [];
  const counters = await countersOf(source, queueId, drafts[0]!.sequence, drafts.at(-1)!.sequence);
  if (counters !== undefined) {
    for (const draft of drafts) {
      draft.redeliveryCount = counters.get(draft.sequence) ?? draft.redeliveryCount;
    }
  }
  if (reader.hasShared) await readShared(source, drafts, codecs);
  return drafts as LoadedEntry[]; // each has its message now
}

class PageReader {
  readonly #source: PageSource;
  readonly #queueId: number;
  readonly #bounds: PageBounds;
  readonly #codecs: CodecLookup;
  readonly drafts: EntryDraft[] = [];
  #bytes = 0;
  hasShared = false;

  constructor(source: PageSource, queueId: number, bounds: PageBounds, codecs: CodecLookup) {
    this.#source = source;
    this.#queueId = queueId;
    this.#bounds = bounds;
    this.#codecs = codecs;
  }

  get #isFull(): boolean {
    const { maxEntries, maxBytes } = this.#bounds;
    const { length } = this.drafts;
    return length >= maxEntries || (length > 0 && this.#bytes >= maxBytes);
  }

  async read(): Promise<void> {
    const { shelf, snapshot } = this.#source;
    const { from, to, maxEntries, maxBytes } = this.#bounds;
    const values = shelf.database.values({
      gte: entryKey(KIND.entry, this.#queueId, from),
      // one that ends behind the last sequence may begin before it
      lte: entryKey(KIND.entry, this.#queueId, Math.min(to, Number.MAX_SAFE_INTEGER - SPAN_MAX) + SPAN_MAX),
      snapshot,
      highWaterMarkBytes: Math.max(CHUNK_BYTES_MIN, Math.min(maxBytes, CHUNK_BYTES_MAX)),
    });
    try {
      let bundles = Math.ceil(maxEntries / EXPECTED_ENTRIES);
      while (!this.#isFull) {
        const chunk = await values.nextv(Math.max(1, Math.min(bundles, CHUNK_BUNDLES)));
        if (chunk.length === 0 || !(await this.#chunk(chunk))) return;
        bundles *= 4;
      }
    } finally {
      await values.close();
    }
  }

  /** @returns whether more may follow */
  async #chunk(chunk: readonly Uint8Array[]): Promise<boolean> {
    const records = chunk.map(asBuffer);
    const heads = records.map((record) => readBundleHead(this.#queueId, record));
    const gone = await this.#goneOf(heads[0]!.last, heads.at(-1)!.last);
    for (let at = 0; at < records.length; at++) {
      if (this.#isFull || heads[at]!.first > this.#bounds.to) return false;
      this.#bundle(heads[at]!, records[at]!, gone?.get(heads[at]!.last));
    }
    return true;
  }

  async #goneOf(first: number, last: number): Promise<Map<number, Buffer> | undefined> {
    const { shelf, snapshot, goneLow, goneHigh } = this.#source;
    if (first > goneHigh || last < goneLow) return undefined;
    const gte = entryKey(KIND.gone, this.#queueId, first);
    const lte = entryKey(KIND.gone, this.#queueId, last);
    const found = await shelf.database.iterator({ gte, lte, snapshot }).all();
    return new Map(found.map(([key, value]) => [sequenceOf(asBuffer(key)), asBuffer(value)]));
  }

  #bundle(head: BundleHead, record: Buffer, gone: Buffer | undefined): void {
    const source = this.#source;
    const { from, to } = this.#bounds;
    const bundle = bundleOf(this.#queueId, head, record, gone);
    const { first, missing } = bundle;
    source.found(bundle);
    const end = entriesEnd(record);
    for (let at = ENTRIES_AT; at < end && !this.#isFull; at = nextEntryAt(record, at)) {
      const offset = offsetAt(record, at);
      const sequence = first + offset;
      if (sequence < from || (missing !== undefined && isMissing(missing, offset))) continue;
      if (sequence > to) return;
      if (!source.isVisible(sequence)) continue;
      const draft = readEntry(record, at, sequence, source.transient, this.#codecs);
      if (draft.message === undefined) this.hasShared = true;
      this.#bytes += draft.sizeBytes;
      this.drafts.push(draft);
    }
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

/** Gives entries their shared messages; each is read once. */
async function readShared(
  { shelf, snapshot }: PageSource,
  drafts: readonly EntryDraft[],
  codecs: CodecLookup,
): Promise<void> {
  const messages = new Map<number, Message | undefined>();
  for (const { messageId, message } of drafts) if (message === undefined) messages.set(messageId, undefined);
  const ids = [...messages.keys()];
  const firsts = await shelf.database.getMany(
    ids.map((id) => bodyKey(id, 0)),
    { snapshot },
  );
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at]!;
    const first = firsts[at];
    const part = (number: number): Promise<Uint8Array | undefined> =>
      shelf.database.get(bodyKey(id, number), { snapshot, fillCache: false });
    const known = first === undefined ? undefined : asBuffer(first);
    messages.set(id, await readBody(id, known, part, codecs));
  }
  for (const draft of drafts) draft.message ??= messages.get(draft.messageId);
}
