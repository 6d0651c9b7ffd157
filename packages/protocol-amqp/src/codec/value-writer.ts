import type { PropertyValue } from "@tsapollo/domain";
import { putUint32 } from "./values.ts";

/** Encodes values of messages; grows as needed. */
export class ValueWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(64, size));
  }

  /** What was written; the writer must not be used any more. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  null(): void {
    this.byte(0x40);
  }

  string(text: string): void {
    this.#variable(0xa1, Buffer.from(text));
  }

  symbol(text: string): void {
    this.#variable(0xa3, Buffer.from(text, "latin1"));
  }

  binary(bytes: Uint8Array): void {
    this.#variable(0xa0, bytes);
  }

  #variable(narrow: number, bytes: Uint8Array): void {
    this.#room(5);
    if (bytes.length <= 255) {
      this.#bytes[this.#at] = narrow;
      this.#bytes[this.#at + 1] = bytes.length;
      this.#at += 2;
    } else {
      this.#bytes[this.#at] = narrow + 0x10;
      this.#at = putUint32(this.#bytes, this.#at + 1, bytes.length);
    }
    this.raw(bytes);
  }

  ulong(value: bigint): void {
    this.#room(9);
    this.#bytes[this.#at] = 0x80;
    this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, value), this.#at + 1);
    this.#at += 9;
  }

  timestamp(ms: number): void {
    this.#room(9);
    this.#bytes[this.#at] = 0x83;
    this.#bytes.writeBigInt64BE(BigInt(ms), this.#at + 1);
    this.#at += 9;
  }

  uint(value: number): void {
    this.#room(5);
    this.#bytes[this.#at] = 0x70;
    this.#at = putUint32(this.#bytes, this.#at + 1, value);
  }

  /** A property with the type that keeps it: whole numbers are longs, others doubles. */
  property(value: PropertyValue): void {
    if (typeof value === "string") return this.string(value);
    if (typeof value === "boolean") return this.byte(value ? 0x41 : 0x42);
    if (value instanceof Uint8Array) return this.binary(value);
    this.#room(9);
    if (typeof value === "number" && !Number.isSafeInteger(value)) {
      this.#bytes[this.#at] = 0x82;
      this.#bytes.writeDoubleBE(value, this.#at + 1);
    } else {
      this.#bytes[this.#at] = 0x81;
      this.#bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(value)), this.#at + 1);
    }
    this.#at += 9;
  }

  /** Begins a described list or map; its size and count are filled in by {@link ValueWriter.end}. */
  begin(descriptor: number, code: 0xd0 | 0xd1): number {
    this.raw(Uint8Array.of(0x00, 0x53, descriptor, code));
    this.#room(8);
    this.#at += 8;
    return this.#at;
  }

  /** Ends what began at a mark. */
  end(mark: number, count: number): void {
    putUint32(this.#bytes, mark - 8, this.#at - mark + 4);
    putUint32(this.#bytes, mark - 4, count);
  }
}
