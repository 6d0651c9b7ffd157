import { closeSync, openSync, readSync } from "node:fs";
import { crc32c } from "./crc32c.ts";

/*
 * LevelDB's log (doc/log_format.md there): blocks of 32 KiB with fragments of records,
 * each: masked CRC-32C of type and data (4, little-endian) · length (2) · type (1) · data.
 */
const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

/** A record of a log. */
export interface LogRecord {
  /** Where it begins in the file. */
  readonly at: number;
  /** The beginning of its data. */
  readonly head: Buffer;
}

/** What a log is made of. */
export interface LogContent {
  /** Whole records, in order. */
  readonly records: readonly LogRecord[];
  /** Where the first thing stands that is no whole record; undefined when there is none. */
  readonly badAt: number | undefined;
  /** Whether whole records follow it: then it is no torn end. */
  readonly goodAfterBad: boolean;
}

/** Reads a log as LevelDB will. Holds one block in memory, and the first bytes of each record. */
export function readLog(path: string, headBytes: number): LogContent {
  const reader = new LogReader(headBytes);
  const file = openSync(path, "r");
  try {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    for (let at = 0; ; at += BLOCK_BYTES) {
      const length = readSync(file, block, 0, BLOCK_BYTES, at);
      reader.block(block.subarray(0, length), at);
      if (length < BLOCK_BYTES) break;
    }
  } finally {
    closeSync(file);
  }
  return reader.finish();
}

class LogReader implements LogContent {
  readonly #headBytes: number;
  readonly records: LogRecord[] = [];
  badAt: number | undefined = undefined;
  goodAfterBad = false;
  #begun: LogRecord | undefined = undefined;

  constructor(headBytes: number) {
    this.#headBytes = headBytes;
  }

  block(block: Buffer, blockAt: number): void {
    let at = 0;
    while (at + HEADER_BYTES <= block.length) {
      const length = block.readUInt16LE(at + 4);
      const type = block[at + 6]!;
      const end = at + HEADER_BYTES + length;
      if (type === 0 && length === 0) return this.#bad(blockAt + at);
      if (end > block.length) return this.#bad(blockAt + at);
      if (!checksumHolds(block, at, end)) {
        // LevelDB leaves the rest of the block out; whether something good is there tells damage from a torn end
        this.#bad(blockAt + at);
        at = end;
        continue;
      }
      this.#fragment(type, blockAt + at, block.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    if (at < block.length && block.length < BLOCK_BYTES) this.#bad(blockAt + at);
  }

  #fragment(type: number, at: number, data: Buffer): void {
    if (type === FULL || type === FIRST) this.#begin(at, data);
    else if ((type !== MIDDLE && type !== LAST) || this.#begun === undefined) this.#bad(at);
    else this.#goOn(this.#begun, data);
    if ((type === FULL || type === LAST) && this.#begun !== undefined) {
      if (this.badAt !== undefined) this.goodAfterBad = true;
      this.records.push(this.#begun);
      this.#begun = undefined;
    }
  }

  #begin(at: number, data: Buffer): void {
    if (this.#begun !== undefined) this.#bad(this.#begun.at);
    this.#begun = { at, head: Buffer.from(data.subarray(0, this.#headBytes)) };
  }

  #goOn({ at, head }: LogRecord, data: Buffer): void {
    if (head.length >= this.#headBytes) return;
    this.#begun = { at, head: Buffer.concat([head, data.subarray(0, this.#headBytes - head.length)]) };
  }

  #bad(at: number): void {
    this.badAt ??= this.#begun?.at ?? at;
    this.#begun = undefined;
  }

  finish(): LogContent {
    if (this.#begun !== undefined) this.#bad(this.#begun.at);
    return this;
  }
}

function checksumHolds(block: Buffer, at: number, end: number): boolean {
  const masked = block.readUInt32LE(at);
  const rotated = (masked - 0xa282ead8) >>> 0;
  return crc32c(block, at + 6, end) === ((rotated >>> 17) | (rotated << 15)) >>> 0;
}
