import {
  type LoadedEntry,
  type MessageStore,
  messageHeadSize,
  type PageBounds,
  writeMessageHead,
} from "@tsapollo/domain";
import { IdSet } from "../id-set.ts";
import type { ArchiveCodecs } from "./archive-codecs.ts";
import { writeEntry, writeMap, writeMessage, writeQueue } from "./records.ts";
import { TarWriter } from "./tar-file.ts";

const PAGE: Omit<PageBounds, "from"> = {
  to: Number.MAX_SAFE_INTEGER,
  maxEntries: 1_000,
  maxBytes: 4 * 1024 * 1024,
};
/** Keys of messages that only one entry has; others have the store's own ids. */
const FIRST_OWN_KEY = 2 ** 50;

/** How much was exported or imported so far. */
export interface ArchiveProgress {
  readonly queues: number;
  readonly entries: number;
}

/**
 * Writes everything a store has into an archive. [instance 19]
 * @throws BrokerError STORE_FAILED
 */
export async function exportStore(
  store: MessageStore,
  file: string,
  codecs: ArchiveCodecs,
  onProgress: (progress: ArchiveProgress) => void = () => undefined,
): Promise<ArchiveProgress> {
  const writer = new TarWriter(file);
  try {
    const exporter = new Exporter(store, writer, codecs, onProgress);
    await exporter.run();
    await writer.finish();
    return exporter;
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

class Exporter implements ArchiveProgress {
  readonly #store: MessageStore;
  readonly #writer: TarWriter;
  readonly #codecs: ArchiveCodecs;
  readonly #onProgress: (progress: ArchiveProgress) => void;
  readonly #written: IdSet = new IdSet();
  queues = 0;
  entries = 0;

  constructor(
    store: MessageStore,
    writer: TarWriter,
    codecs: ArchiveCodecs,
    onProgress: (progress: ArchiveProgress) => void,
  ) {
    this.#store = store;
    this.#writer = writer;
    this.#codecs = codecs;
    this.#onProgress = onProgress;
  }

  async run(): Promise<void> {
    await this.#writer.add("ver", Buffer.from("1"));
    const states = await this.#store.queues();
    for (const { queue } of states) await this.#entriesOf(queue.queueId);
    for (const state of states) await this.#writer.add("que", writeQueue(state));
    this.queues = states.length;
    for (const [key, value] of await this.#store.states())
      await this.#writer.add("map", writeMap(key, value));
  }

  async #entriesOf(queueId: number): Promise<void> {
    for (let from = 0; ; ) {
      const page = await this.#store.page(queueId, { ...PAGE, from });
      if (page.length === 0) return;
      for (const entry of page) if (!entry.transient) await this.#entry(queueId, entry);
      from = page.at(-1)!.sequence + 1;
      this.#onProgress(this);
    }
  }

  async #entry(queueId: number, entry: LoadedEntry): Promise<void> {
    this.entries += 1;
    const shared = entry.messageId !== 0;
    const messageKey = shared ? entry.messageId : FIRST_OWN_KEY + this.entries;
    if (!shared || this.#written.add(entry.messageId)) await this.#message(messageKey, entry);
    await this.#writer.add("qen", writeEntry(queueId, messageKey, entry));
  }

  async #message(messageKey: number, { message }: LoadedEntry): Promise<void> {
    const head = Buffer.allocUnsafe(messageHeadSize(message));
    writeMessageHead(message, head, 0);
    const value = this.#codecs.toArchive(message);
    const { expiresAtMs, codec } = message;
    await this.#writer.add("msg", writeMessage({ messageKey, codec: codec.id, value, expiresAtMs, head }));
  }
}
