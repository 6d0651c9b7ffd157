import { rmSync } from "node:fs";
import type { CodecLookup, Message, MessageStore, UnitOfWork } from "@tsapollo/domain";
import { readMessageRecord } from "@tsapollo/domain";
import { ClassicLevel } from "classic-level";
import { storeFailed } from "../failures.ts";
import { asBuffer } from "../shelf.ts";
import type { ArchiveCodecs } from "./archive-codecs.ts";
import type { ArchiveProgress } from "./export-store.ts";
import {
  type EntryRecord,
  type QueueRecord,
  readEntry,
  readMap,
  readMessage,
  readQueue,
  STATE_PREFIX,
} from "./records.ts";
import { readTar } from "./tar-file.ts";

const UNIT_BYTES = 4 * 1024 * 1024;
const BATCH_FILES = 500;
const MESSAGE = 0;
const ENTRY = 1;

/** What an import needs. */
export interface ImportParts {
  readonly store: MessageStore;
  readonly file: string;
  readonly codecs: CodecLookup;
  readonly archiveCodecs: ArchiveCodecs;
  /** A folder for sorting, which is made and removed; as large as the archive's content. */
  readonly workFolder: string;
  readonly onProgress?: (progress: ArchiveProgress) => void;
}

/** What became of an archive. */
export interface ImportReport extends ArchiveProgress {
  readonly messages: number;
  readonly states: number;
  /** Messages in encodings that this broker does not know, by encoding. */
  readonly skippedMessages: ReadonlyMap<string, number>;
  /** Apollo's own named values, such as sessions: they mean nothing here. */
  readonly skippedStates: number;
  /** Entries whose message or queue is not in the archive. */
  readonly invalidEntries: number;
}

/**
 * Replaces everything a store has by what an archive has. The archive is read to its end before the store is
 * touched: one that is damaged changes nothing. [instance 19]
 * @throws BrokerError STORE_FAILED
 */
export async function importStore(parts: ImportParts): Promise<ImportReport> {
  rmSync(parts.workFolder, { recursive: true, force: true });
  const work = new ClassicLevel<Uint8Array, Uint8Array>(parts.workFolder, {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  try {
    await work.open();
    const importer = new Importer(parts, work);
    await importer.sort();
    await parts.store.purge();
    await importer.load();
    return importer;
  } finally {
    await work.close();
    rmSync(parts.workFolder, { recursive: true, force: true });
  }
}

class Importer implements ImportReport {
  readonly #parts: ImportParts;
  readonly #work: ClassicLevel<Uint8Array, Uint8Array>;
  readonly #records: Map<number, QueueRecord> = new Map();
  readonly #states: Map<string, Buffer> = new Map();
  readonly #queueIds: Map<number, number> = new Map();
  readonly #highest: Map<number, number> = new Map();
  readonly skippedMessages: Map<string, number> = new Map();
  #unit: UnitOfWork;
  messages = 0;
  queues = 0;
  entries = 0;
  states = 0;
  skippedStates = 0;
  invalidEntries = 0;

  constructor(parts: ImportParts, work: ClassicLevel<Uint8Array, Uint8Array>) {
    this.#parts = parts;
    this.#work = work;
    this.#unit = parts.store.begin(true); // entries come by message, not by queue
  }

  /** Reads the archive; messages and entries end up by message. */
  async sort(): Promise<void> {
    let batch = this.#work.batch();
    let number = 0;
    let versioned = false;
    for await (const { name, content } of readTar(this.#parts.file)) {
      number += 1;
      const kind = name.slice(name.lastIndexOf(".") + 1);
      if (kind === "ver") {
        checkVersion(content);
        versioned = true;
      } else if (kind === "msg") batch.put(workKey(readMessage(content).messageKey, MESSAGE, 0), content);
      else if (kind === "qen") batch.put(workKey(readEntry(content).messageKey, ENTRY, number), content);
      else if (kind === "que") this.#addQueue(readQueue(content));
      else if (kind === "map") this.#addState(content);
      else throw storeFailed(`Unknown entry: ${name}`);
      if (batch.length < BATCH_FILES && content.length < UNIT_BYTES) continue;
      await batch.write();
      batch = this.#work.batch();
    }
    await batch.write();
    if (!versioned) throw storeFailed(`'${this.#parts.file}' is no archive of a store: it has no version`);
  }

  #addQueue(record: QueueRecord): void {
    if (record.key !== undefined) this.#records.set(record.queueKey, record);
  }

  #addState(content: Buffer): void {
    const { key, value } = readMap(content);
    if (key.startsWith(STATE_PREFIX)) this.#states.set(key.slice(STATE_PREFIX.length), value);
    else this.skippedStates += 1;
  }

  /** Fills the store. */
  async load(): Promise<void> {
    this.#loadQueues();
    for (const [key, value] of this.#states) this.#unit.putState(key, value);
    this.states = this.#states.size;
    let message: Message | undefined;
    let messageKey = -1;
    let messageId = 0;
    let skipped = false;
    const iterator = this.#work.iterator({ highWaterMarkBytes: 1024 * 1024 });
    for await (const [key, value] of iterator) {
      const at = asBuffer(key);
      const ownerKey = Number(at.readBigUInt64BE(0));
      if (at[8] === MESSAGE) {
        await this.#commit(UNIT_BYTES);
        messageKey = ownerKey;
        message = this.#readMessage(asBuffer(value));
        skipped = message === undefined;
        messageId = 0;
        continue;
      }
      if (ownerKey === messageKey && skipped) continue;
      const entry = readEntry(asBuffer(value));
      const queueId = this.#queueIds.get(entry.queueKey);
      if (ownerKey !== messageKey || message === undefined || queueId === undefined) {
        this.invalidEntries += 1;
        continue;
      }
      if (messageId === 0) {
        messageId = this.#unit.storeMessage(message);
        this.messages += 1;
      }
      this.#enqueue(queueId, messageId, entry, message);
    }
    await this.#commit(0);
    await this.#restoreSequences();
  }

  #loadQueues(): void {
    let queueId = this.#parts.store.lastQueueId;
    for (const { queueKey, key, description } of this.#records.values()) {
      queueId += 1;
      this.#queueIds.set(queueKey, queueId);
      this.#unit.putQueue({ queueId, key: key!, description });
    }
    this.queues = this.#records.size;
  }

  #readMessage(content: Buffer): Message | undefined {
    const { codec, value, head, expiresAtMs } = readMessage(content);
    const { archiveCodecs, codecs } = this.#parts;
    let message: Message | undefined;
    if (head === undefined) message = archiveCodecs.fromApollo(codec, value, expiresAtMs);
    else {
      const own = codecs(codec) === undefined ? undefined : archiveCodecs.contentOf(codec, value);
      const record = own === undefined ? undefined : Buffer.concat([head, own]);
      if (record !== undefined) message = readMessageRecord(record, 0, record.length, codecs);
    }
    if (message === undefined) this.skippedMessages.set(codec, (this.skippedMessages.get(codec) ?? 0) + 1);
    return message;
  }

  #enqueue(queueId: number, messageId: number, entry: EntryRecord, message: Message): void {
    const { sequence, redeliveryCount, expiresAtMs, via, retained } = entry;
    const sizeBytes = entry.sizeBytes > 0 ? entry.sizeBytes : message.sizeBytes;
    const rest = { redeliveryCount, expiresAtMs, via, retained, transient: false };
    this.#unit.enqueue(queueId, messageId, { sequence, sizeBytes, ...rest });
    this.#highest.set(queueId, Math.max(this.#highest.get(queueId) ?? 0, sequence));
    this.entries += 1;
  }

  /** Sequences go on where they were, also of queues that are empty by now. */
  async #restoreSequences(): Promise<void> {
    const marker = this.#parts.archiveCodecs.fromApollo("raw", Buffer.alloc(0), 0);
    for (const { queueKey, lastSequence } of this.#records.values()) {
      const queueId = this.#queueIds.get(queueKey)!;
      if (marker === undefined || lastSequence <= (this.#highest.get(queueId) ?? 0)) continue;
      const rest = { sizeBytes: 0, expiresAtMs: 0, redeliveryCount: 0, via: undefined, retained: false };
      const messageId = this.#unit.storeMessage(marker);
      this.#unit.enqueue(queueId, messageId, { sequence: lastSequence, transient: false, ...rest });
      await this.#commit(0);
      this.#unit.dequeue(queueId, { sequence: lastSequence, messageId, sizeBytes: 0, transient: false });
      await this.#commit(0);
    }
  }

  async #commit(limit: number): Promise<void> {
    const unit = this.#unit;
    if (unit.isEmpty || unit.pendingBytes < limit) return;
    await new Promise<void>((done, fail) => {
      unit.commit((error) => (error === undefined ? done() : fail(error)));
    });
    this.#unit = this.#parts.store.begin(true);
    this.#parts.onProgress?.(this);
  }
}

function checkVersion(content: Buffer): void {
  const version = content.toString().trim();
  if (version !== "1") throw storeFailed(`Cannot import from an export file of version: ${version}`);
}

function workKey(messageKey: number, kind: number, number: number): Buffer {
  const key = Buffer.allocUnsafe(15);
  key.writeBigUInt64BE(BigInt(messageKey), 0);
  key[8] = kind;
  key.writeUIntBE(number, 9, 6);
  return key;
}
