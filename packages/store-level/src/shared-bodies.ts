import { IdSet } from "./id-set.ts";

const CACHED_MAX = 100_000;
/** References, parts. */
const RECORD_BYTES = 8;

/** How many entries refer to a body, and of how many parts it is. */
export interface BodyUse {
  readonly references: number;
  readonly parts: number;
}

/**
 * Knows which message ids are bodies of their own, and how often they are used: in memory for the last ones, by a
 * read for others. Marks cost a bit for each message, and only where shared ones live.
 */
export class SharedBodies {
  readonly #read: (bodyId: number) => Buffer | undefined;
  readonly #shared: IdSet = new IdSet();
  readonly #uses: Map<number, BodyUse> = new Map();
  /** Ids up to this one are from before: all that are asked for are shared. */
  readonly #before: number;

  /**
   * @param before highest id that was given when the store was opened
   * @param read fetches the record of a body's use
   */
  constructor(before: number, read: (bodyId: number) => Buffer | undefined) {
    this.#before = before;
    this.#read = read;
  }

  /** Whether a message is a body of its own; otherwise it is inside its only entry. 0 never is. */
  isShared(messageId: number): boolean {
    if (messageId === 0) return false;
    if (messageId <= this.#before) return true;
    return this.#shared.has(messageId);
  }

  /** How a body is used now; undefined when its record is missing or damaged. */
  use(bodyId: number): BodyUse | undefined {
    const known = this.#uses.get(bodyId);
    if (known !== undefined) return known;
    const record = this.#read(bodyId);
    if (record === undefined || record.length !== RECORD_BYTES) return undefined;
    return { references: record.readUInt32BE(0), parts: record.readUInt32BE(4) };
  }

  /** A body's use was written. */
  written(bodyId: number, use: BodyUse): void {
    if (use.references === 0) {
      this.#uses.delete(bodyId);
      this.#shared.delete(bodyId);
      return;
    }
    if (!this.#uses.has(bodyId) && bodyId > this.#before) this.#shared.add(bodyId);
    this.#uses.set(bodyId, use);
    if (this.#uses.size > CACHED_MAX) this.#uses.delete(this.#uses.keys().next().value!);
  }
}

/** The record of a body's use. */
export function useRecord(
  { references, parts }: BodyUse,
  into: Buffer = Buffer.allocUnsafe(RECORD_BYTES),
): Buffer {
  into.writeUInt32BE(references, 0);
  into.writeUInt32BE(parts, 4);
  return into;
}
