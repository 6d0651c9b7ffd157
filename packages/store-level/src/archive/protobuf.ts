import { BrokerError } from "@tsapollo/domain";

const VARINT = 0;
const LENGTH = 2;

/** The little of Protocol Buffers that archives need: whole numbers up to 2^53, and bytes. */
export class ProtoWriter {
  readonly #parts: Uint8Array[] = [];

  /** A whole number that is not negative. */
  int(field: number, value: number): this {
    this.#parts.push(varint(field * 8 + VARINT), varint(value));
    return this;
  }

  /** A whole number, negative ones too (`sint64`). */
  sint(field: number, value: number): this {
    return this.int(field, value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** Bytes, or text in UTF-8. They are not copied before {@link ProtoWriter.framed}. */
  bytes(field: number, value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    this.#parts.push(varint(field * 8 + LENGTH), varint(bytes.length), bytes);
    return this;
  }

  /** The message, its length before it. */
  framed(): Buffer {
    const size = this.#parts.reduce((sum, { length }) => sum + length, 0);
    return Buffer.concat([varint(size), ...this.#parts]);
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** Fields of a message; of those that occur several times the last one. Unknown ones do no harm. */
export class ProtoReader {
  readonly #bytes: Buffer;
  #at = 0;
  readonly #numbers: Map<number, number> = new Map();
  readonly #fields: Map<number, Buffer> = new Map();

  /**
   * @param framed the message, its length before it
   * @throws BrokerError STORE_FAILED when it is no such message
   */
  constructor(framed: Buffer) {
    this.#bytes = framed;
    const size = this.#varint();
    const end = this.#at + size;
    if (end > framed.length) throw damaged();
    while (this.#at < end) {
      const tag = this.#varint();
      const field = Math.floor(tag / 8);
      if (tag % 8 === VARINT) this.#numbers.set(field, this.#varint());
      else if (tag % 8 === LENGTH) this.#fields.set(field, this.#take(this.#varint()));
      else if (tag % 8 === 1) this.#take(8);
      else if (tag % 8 === 5) this.#take(4);
      else throw damaged();
    }
    if (this.#at !== end) throw damaged();
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || factor > 2 ** 63) throw damaged();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw damaged();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  /** A whole number; 0 when it is missing. */
  int(field: number): number {
    return this.#numbers.get(field) ?? 0;
  }

  /** A whole number that may be negative (`sint64`). */
  sint(field: number): number {
    const value = this.int(field);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Bytes; undefined when they are missing. */
  bytes(field: number): Buffer | undefined {
    return this.#fields.get(field);
  }

  /** Text; undefined when it is missing. */
  text(field: number): string | undefined {
    return this.#fields.get(field)?.toString();
  }
}

function damaged(): BrokerError {
  return new BrokerError("STORE_FAILED", "The archive is damaged: a record in it cannot be read");
}
