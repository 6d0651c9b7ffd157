import { BrokerError } from "@tsapollo/domain";

const PAGE_IDS = 65_536;
const CACHED_MAX = 100_000;
/** References, parts. */
const RECORD_BYTES = 8;

interface Marks {
  readonly bits: Uint8Array;
  count: number;
}

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
  readonly #marks: Map<number, Marks> = new Map();
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
    const marks = this.#marks.get(Math.floor(messageId / PAGE_IDS));
    const at = messageId % PAGE_IDS;
    return marks !== undefined && (marks.bits[at >> 3]! & (1 << (at & 7))) !== 0;
  }

  /**
   * How a body is used now.
   * @throws BrokerError STORE_FAILED when its record is missing or damaged
   */
  use(bodyId: number): BodyUse {
    const known = this.#uses.get(bodyId);
    if (known !== undefined) return known;
    const record = this.#read(bodyId);
    if (record === undefined || record.length !== RECORD_BYTES) {
      throw new BrokerError("STORE_FAILED", `The stored message ${bodyId} has no valid count of its entries`);
    }
    return { references: record.readUInt32BE(0), parts: record.readUInt32BE(4) };
  }

  /** A body's use was written. */
  written(bodyId: number, use: BodyUse): void {
    if (use.references === 0) {
      this.#uses.delete(bodyId);
      this.#unmark(bodyId);
      return;
    }
    if (!this.#uses.has(bodyId)) this.#mark(bodyId);
    this.#uses.set(bodyId, use);
    if (this.#uses.size > CACHED_MAX) this.#uses.delete(this.#uses.keys().next().value!);
  }

  #mark(bodyId: number): void {
    if (bodyId <= this.#before) return;
    const page = Math.floor(bodyId / PAGE_IDS);
    const marks = this.#marks.get(page) ?? { bits: new Uint8Array(PAGE_IDS >> 3), count: 0 };
    this.#marks.set(page, marks);
    const at = bodyId % PAGE_IDS;
    const bit = 1 << (at & 7);
    if ((marks.bits[at >> 3]! & bit) !== 0) return;
    marks.bits[at >> 3]! |= bit;
    marks.count += 1;
  }

  #unmark(bodyId: number): void {
    const page = Math.floor(bodyId / PAGE_IDS);
    const marks = this.#marks.get(page);
    const at = bodyId % PAGE_IDS;
    const bit = 1 << (at & 7);
    if (marks === undefined || (marks.bits[at >> 3]! & bit) === 0) return;
    marks.bits[at >> 3]! &= ~bit;
    marks.count -= 1;
    if (marks.count === 0) this.#marks.delete(page);
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
