import { decodeError } from "../conditions.ts";
import { readUint32, valueEnd } from "./values.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
const NULL = 0x40;

/**
 * Walks the fields of a list, in order; fields that are null or left out at the end read as the default given. One
 * object serves many lists, one after the other, and allocates nothing.
 */
export class FieldReader {
  bytes: Uint8Array = NOTHING;
  /** Bounds of the last binary, text or value that was read. */
  start = 0;
  end = 0;
  #at = 0;
  #limit = 0;
  #left = 0;

  /**
   * Begins with the list at an index.
   * @returns where the list ends
   * @throws AmqpError decode-error when there is no list
   */
  open(bytes: Uint8Array, at: number, limit: number): number {
    this.bytes = bytes;
    const code = at < limit ? bytes[at]! : 0;
    if (code === 0xc0 && at + 2 < limit) {
      this.#limit = at + 2 + bytes[at + 1]!;
      this.#left = bytes[at + 2]!;
      this.#at = at + 3;
    } else if (code === 0xd0 && at + 8 < limit) {
      this.#limit = at + 5 + readUint32(bytes, at + 1);
      this.#left = readUint32(bytes, at + 5);
      this.#at = at + 9;
    } else if (code === 0x45) {
      this.#limit = at + 1;
      this.#left = 0;
      this.#at = at + 1;
    } else throw decodeError("A list is expected");
    if (this.#limit > limit || this.#at > this.#limit)
      throw decodeError("A list is longer than what holds it");
    return this.#limit;
  }

  /** Moves to the next field's type; -1 when there is none or it is null. */
  #next(): number {
    if (this.#left === 0) return -1;
    this.#left -= 1;
    if (this.#at >= this.#limit) throw decodeError("A list has fewer fields than it says");
    const code = this.bytes[this.#at]!;
    this.#at += 1;
    return code === NULL ? -1 : code;
  }

  #take(count: number): number {
    const at = this.#at;
    this.#at = at + count;
    if (this.#at > this.#limit) throw decodeError("A field is longer than its list");
    return at;
  }

  /** An unsigned number of any width up to 32 bits, or the fallback. */
  uint(fallback: number): number {
    const code = this.#next();
    switch (code) {
      case -1:
        return fallback;
      case 0x43:
        return 0;
      case 0x52:
        return this.bytes[this.#take(1)]!;
      case 0x70:
        return readUint32(this.bytes, this.#take(4));
      default:
        throw wrongType(code, "an unsigned int");
    }
  }

  /** An unsigned byte, or the fallback. */
  ubyte(fallback: number): number {
    const code = this.#next();
    if (code === -1) return fallback;
    if (code !== 0x50) throw wrongType(code, "an unsigned byte");
    return this.bytes[this.#take(1)]!;
  }

  /** 1, 0, or the fallback. */
  flag(fallback: number): number {
    const code = this.#next();
    if (code === 0x41) return 1;
    if (code === 0x42) return 0;
    if (code === -1) return fallback;
    if (code !== 0x56) throw wrongType(code, "a boolean");
    const value = this.bytes[this.#take(1)]!;
    if (value > 1) throw decodeError("A boolean is neither 0 nor 1");
    return value;
  }

  /** Milliseconds, or the fallback. */
  timestamp(fallback: number): number {
    const code = this.#next();
    if (code === -1) return fallback;
    if (code !== 0x83) throw wrongType(code, "a timestamp");
    const at = this.#take(8);
    return (readUint32(this.bytes, at) | 0) * 4_294_967_296 + readUint32(this.bytes, at + 4);
  }

  /** Bounds of a binary in `start`, `end`; `false` when there is none. */
  binary(): boolean {
    return this.#variable(0xa0, "a binary");
  }

  /** Bounds of a text in `start`, `end`; `false` when there is none. */
  string(): boolean {
    return this.#variable(0xa1, "a string");
  }

  #variable(narrow: number, what: string): boolean {
    const code = this.#next();
    if (code === -1) return false;
    const wide = narrow + 0x10;
    if (code !== narrow && code !== wide) throw wrongType(code, what);
    const size = code === narrow ? this.bytes[this.#take(1)]! : readUint32(this.bytes, this.#take(4));
    this.start = this.#take(size);
    this.end = this.#at;
    return true;
  }

  /** Bounds of a value of any type, with its type, in `start`, `end`; `false` when there is none. */
  any(): boolean {
    if (this.#next() === -1) return false;
    this.start = this.#at - 1;
    this.end = valueEnd(this.bytes, this.start, this.#limit);
    this.#at = this.end;
    return true;
  }
}

function wrongType(code: number, wanted: string): Error {
  return decodeError(`A field has the type 0x${code.toString(16).padStart(2, "0")} where ${wanted} belongs`);
}
