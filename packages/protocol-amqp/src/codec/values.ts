import { decodeError } from "../conditions.ts";

/** What a value that is checked may come to, so that decoding it is bounded. */
export interface ValueLimits {
  /** How deep values may nest. */
  readonly depthMax: number;
  /** All elements of compound values and arrays together. */
  readonly elementsMax: number;
  /** Elements of arrays that take no byte each, together: a few bytes may claim billions of them. */
  readonly emptyElementsMax: number;
  /** Whether arrays may hold lists, maps and arrays. */
  readonly compoundArrays: boolean;
}

/** Of performatives, which are decoded at once. */
export const DECODED: ValueLimits = Object.freeze({
  depthMax: 32,
  elementsMax: 65_536,
  emptyElementsMax: 65_536,
  compoundArrays: false,
});

/** Of what is passed on as it came: any program that reads messages can read it. */
export const PASSED_ON: ValueLimits = Object.freeze({
  depthMax: 256,
  elementsMax: Number.POSITIVE_INFINITY,
  emptyElementsMax: 65_536,
  compoundArrays: true,
});

/** Descriptors one before the other. */
const DESCRIPTORS_MAX = 32;

/** Reads four bytes as an unsigned number. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Writes an unsigned number as four bytes; returns the next index. */
export function putUint32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

/** A part of bytes as text. */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}

/**
 * Where a value ends, by its outermost size. What is inside compound values is not looked at. [AMQP 1.2]
 * @throws AmqpError decode-error when it does not end before `end`
 */
export function valueEnd(bytes: Uint8Array, at: number, end: number): number {
  let start = at;
  for (let descriptors = 0; bytes[start] === 0x00 && start < end; descriptors += 1) {
    if (descriptors >= DESCRIPTORS_MAX) throw decodeError("A value has too many descriptors");
    start = plainEnd(bytes, start + 1, end); // a descriptor that is described itself is read as no type below
  }
  return plainEnd(bytes, start, end);
}

function plainEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) throw decodeError("A value is missing where the bytes end");
  const next = at + 1 + widthOf(bytes, at, end);
  if (next > end)
    throw decodeError(`A value of type 0x${bytes[at]!.toString(16)} is longer than what holds it`);
  return next;
}

function widthOf(bytes: Uint8Array, at: number, end: number): number {
  const code = bytes[at]!;
  switch (code >>> 4) {
    case 0x4:
      return 0;
    case 0x5:
      return 1;
    case 0x6:
      return 2;
    case 0x7:
      return 4;
    case 0x8:
      return 8;
    case 0x9:
      return 16;
    case 0xa:
    case 0xc:
    case 0xe:
      if (at + 1 >= end) break;
      return 1 + bytes[at + 1]!;
    case 0xb:
    case 0xd:
    case 0xf:
      if (at + 4 >= end) break;
      return 4 + readUint32(bytes, at + 1);
    default:
      throw decodeError(`0x${code.toString(16).padStart(2, "0")} is no type`);
  }
  throw decodeError("The size of a value is missing where the bytes end");
}

/** Types there are; the high half says how long they are. [AMQP 1.6] */
const TYPES: Uint8Array = table([
  0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x60, 0x61, 0x70, 0x71, 0x72,
  0x73, 0x74, 0x80, 0x81, 0x82, 0x83, 0x84, 0x94, 0x98, 0xa0, 0xb0, 0xa1, 0xb1, 0xa3, 0xb3, 0xc0, 0xd0, 0xc1,
  0xd1, 0xe0, 0xf0,
]);

/**
 * Checks values with everything inside: types, sizes, counts, depth. What passes can be given to any decoder. One
 * object checks one value after the other.
 */
export class ValueChecker {
  readonly #limits: ValueLimits;
  #left = 0;
  #emptyLeft = 0;
  /** Of the compound value or array that was opened last: how many elements, and where they begin. */
  #count = 0;
  #first = 0;

  constructor(limits: ValueLimits) {
    this.#limits = limits;
  }

  /**
   * Checks one value.
   * @returns where it ends
   * @throws AmqpError decode-error
   */
  check(bytes: Uint8Array, at: number, end: number): number {
    this.begin();
    return this.goOn(bytes, at, end);
  }

  /** What is checked from now on comes to the limits together. */
  begin(): void {
    this.#left = this.#limits.elementsMax;
    this.#emptyLeft = this.#limits.emptyElementsMax;
  }

  /** Checks one more value since {@link begin}; otherwise as {@link check}. */
  goOn(bytes: Uint8Array, at: number, end: number): number {
    return this.#value(bytes, at, end, 0);
  }

  #value(bytes: Uint8Array, at: number, end: number, depth: number): number {
    this.#deeper(depth);
    if (at < end && bytes[at] === 0x00) {
      const described = this.#value(bytes, at + 1, end, depth + 1);
      return this.#value(bytes, described, end, depth + 1);
    }
    const next = plainEnd(bytes, at, end);
    const code = bytes[at]!;
    if (code >= 0xc0) this.#content(bytes, code, at + 1, next, depth);
    else checkType(code);
    return next;
  }

  #deeper(depth: number): void {
    const { depthMax } = this.#limits;
    if (depth > depthMax) throw decodeError(`Values are nested more than ${depthMax} deep`);
  }

  /** What follows a type: sizes were looked at before. */
  #content(bytes: Uint8Array, code: number, at: number, end: number, depth: number): void {
    checkType(code);
    const kind = code >>> 4;
    if (kind === 0xc || kind === 0xd) this.#compound(bytes, code, at, end, depth);
    else if (kind === 0xe || kind === 0xf) this.#array(bytes, code, at, end, depth);
  }

  /** Reads the count behind the size of a compound value or array. */
  #open(bytes: Uint8Array, code: number, at: number, end: number): void {
    const wide = (code & 0x10) !== 0;
    const countAt = at + (wide ? 4 : 1);
    this.#first = countAt + (wide ? 4 : 1);
    if (this.#first > end) throw decodeError("The count of a compound value is missing");
    this.#count = wide ? readUint32(bytes, countAt) : bytes[countAt]!;
    this.#left -= this.#count;
    if (this.#left >= 0) return;
    throw decodeError(`A value has more than ${this.#limits.elementsMax} elements`);
  }

  #compound(bytes: Uint8Array, code: number, at: number, end: number, depth: number): void {
    this.#open(bytes, code, at, end);
    const count = this.#count;
    let next = this.#first;
    for (let index = 0; index < count; index += 1) next = this.#value(bytes, next, end, depth + 1);
    if (next !== end) throw decodeError("A compound value is longer than its elements");
    if ((code & 0x0f) === 1 && count % 2 !== 0) throw decodeError("A map has a key without a value");
  }

  /** The type stands once before all elements. */
  #array(bytes: Uint8Array, arrayCode: number, at: number, end: number, depth: number): void {
    this.#open(bytes, arrayCode, at, end);
    const count = this.#count;
    let typeAt = this.#first;
    while (typeAt < end && bytes[typeAt] === 0x00) {
      depth += 1;
      typeAt = this.#value(bytes, typeAt + 1, end, depth);
    }
    if (typeAt >= end) {
      if (count === 0 && typeAt === end) return;
      throw decodeError("An array has no type");
    }
    const code = bytes[typeAt]!;
    this.#elements(bytes, code, count, typeAt + 1, end, depth);
  }

  #elements(bytes: Uint8Array, code: number, count: number, at: number, end: number, depth: number): void {
    checkType(code);
    this.#deeper(depth + 1);
    const isCompound = code >>> 4 >= 0xc;
    if (isCompound && !this.#limits.compoundArrays)
      throw decodeError("Arrays of compound values are not read");
    if (code >>> 4 === 4) this.#emptyLeft -= count;
    if (this.#emptyLeft < 0) throw decodeError("Arrays have too many elements that take no byte");
    let next = at;
    if (code >>> 4 !== 4) {
      for (let index = 0; index < count; index += 1) {
        const start = next;
        next += elementWidth(bytes, code, start, end);
        if (next > end) throw decodeError("An array is shorter than its elements");
        if (isCompound) this.#content(bytes, code, start, next, depth + 1);
      }
    }
    if (next !== end) throw decodeError("An array is longer than its elements");
  }
}

/** 1 for each of the codes; a look into it is faster than into a set. */
function table(codes: readonly number[]): Uint8Array {
  const found = new Uint8Array(256);
  for (const code of codes) found[code] = 1;
  return found;
}

function checkType(code: number): void {
  if (TYPES[code] === 0) throw decodeError(`0x${code.toString(16).padStart(2, "0")} is no type`);
}

/** Bytes of an element of an array, whose type stands elsewhere; may be more than there are. */
export function elementWidth(bytes: Uint8Array, code: number, at: number, end: number): number {
  switch (code >>> 4) {
    case 0x4:
      return 0;
    case 0xa:
    case 0xc:
    case 0xe:
      return at < end ? 1 + bytes[at]! : 1;
    case 0xb:
    case 0xd:
    case 0xf:
      return at + 4 <= end ? 4 + readUint32(bytes, at) : 4;
    default:
      return 1 << ((code >>> 4) - 5);
  }
}
