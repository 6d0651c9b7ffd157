/*
 * The first byte of a key says what the record is. Numbers are big-endian, so that LevelDB's order is ours: bundles of
 * entries of a queue lie together, by the last sequence that each may have.
 *
 *   1 name             about the store itself          6 queue, sequence  bundle of entries, most with their messages
 *   2 key (UTF-8)      named value                     7 queue, sequence  redelivery counter of one entry
 *   3 queue            its key and description         8 body, part       message that several entries share, or a large one
 *   4 queue            what its entries amount to      9 body             how many entries refer to it
 *   5 queue            removed, its entries go        10 queue, sequence  which entries of a bundle are gone
 *                      bit by bit
 */

/** Kinds of records: the first byte of their keys. */
export const KIND = {
  store: 1,
  state: 2,
  queue: 3,
  summary: 4,
  removed: 5,
  entry: 6,
  counter: 7,
  body: 8,
  references: 9,
  gone: 10,
} as const;

const ID_BYTES = 6;
const HIGH = 2 ** 32;
/** Kind, queue id, sequence. */
const ENTRY_KEY_BYTES = 14;
const BODY_KEY_BYTES = 11;

/** Key of a bundle of entries, of what is gone of it, or of an entry's redelivery counter. */
export function entryKey(
  kind: number,
  queueId: number,
  sequence: number,
  into: Buffer = Buffer.allocUnsafe(ENTRY_KEY_BYTES),
): Buffer {
  into[0] = kind;
  into.writeUIntBE(queueId, 1, ID_BYTES);
  into.writeUIntBE(Math.floor(sequence / HIGH), 7, 3);
  into.writeUInt32BE(sequence % HIGH, 10);
  return into;
}

/** Sequence in such a key. */
export function sequenceOf(key: Buffer): number {
  return key.readUIntBE(7, 3) * HIGH + key.readUInt32BE(10);
}

/** Key of a record with one number: queue, summary, removed queue, references. */
export function idKey(kind: number, id: number, into: Buffer = Buffer.allocUnsafe(1 + ID_BYTES)): Buffer {
  into[0] = kind;
  into.writeUIntBE(id, 1, ID_BYTES);
  return into;
}

/** Number in the key of such a record. */
export function idOf(key: Buffer): number {
  return key.readUIntBE(1, ID_BYTES);
}

/** Key of a part of a body. */
export function bodyKey(
  bodyId: number,
  part: number,
  into: Buffer = Buffer.allocUnsafe(BODY_KEY_BYTES),
): Buffer {
  idKey(KIND.body, bodyId, into);
  into.writeUInt32BE(part, 1 + ID_BYTES);
  return into;
}

/** Key with a name: of a named value, or of a record about the store. */
export function nameKey(kind: number, name: string): Buffer {
  return Buffer.concat([Buffer.of(kind), Buffer.from(name)]);
}

/** Name in such a key. */
export function nameOf(key: Buffer): string {
  return key.toString("utf8", 1);
}

/** Range of everything of a kind. */
export function kindRange(kind: number): { readonly gte: Buffer; readonly lt: Buffer } {
  return { gte: Buffer.of(kind), lt: Buffer.of(kind + 1) };
}

/** A key right behind another one that no record ever has. */
export function keyBehind(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

/** Keys that the writer of a batch uses again and again: LevelDB copies them at once. */
export class KeyScratch {
  readonly #entry: Buffer = Buffer.allocUnsafe(ENTRY_KEY_BYTES);
  readonly #id: Buffer = Buffer.allocUnsafe(1 + ID_BYTES);
  readonly #body: Buffer = Buffer.allocUnsafe(BODY_KEY_BYTES);

  entry(kind: number, queueId: number, sequence: number): Buffer {
    return entryKey(kind, queueId, sequence, this.#entry);
  }

  id(kind: number, id: number): Buffer {
    return idKey(kind, id, this.#id);
  }

  body(bodyId: number, part: number): Buffer {
    return bodyKey(bodyId, part, this.#body);
  }
}
