import { decodeError } from "../conditions.ts";

/** How deep values may nest, and how many elements one of them may have. */
const DEPTH_MAX = 32;
const ELEMENTS_MAX = 65_536;

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
    if (descriptors >= DEPTH_MAX) throw decodeError("A value has too many descriptors");
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
const TYPES: ReadonlySet<number> = new Set([
  0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x60, 0x61, 0x70, 0x71, 0x72,
  0x73, 0x74, 0x80, 0x81, 0x82, 0x83, 0x84, 0x94, 0x98, 0xa0, 0xb0, 0xa1, 0xb1, 0xa3, 0xb3, 0xc0, 0xd0, 0xc1,
  0xd1, 0xe0, 0xf0,
]);

/**
 * Checks a value with everything inside: types, sizes, counts, depth. What passes can be given to any decoder.
 * @returns where it ends
 * @throws AmqpError decode-error
 */
export function checkValue(bytes: Uint8Array, at: number, end: number, depth = 0): number {
  if (depth > DEPTH_MAX) throw decodeError(`Values are nested more than ${DEPTH_MAX} deep`);
  if (at < end && bytes[at] === 0x00) {
    const described = checkValue(bytes, at + 1, end, depth + 1);
    return checkValue(bytes, described, end, depth + 1);
  }
  const next = plainEnd(bytes, at, end);
  const code = bytes[at]!;
  checkType(code);
  const kind = code >>> 4;
  if (kind === 0xc || kind === 0xd) checkCompound(bytes, at, next, depth);
  else if (kind === 0xe || kind === 0xf) checkArray(bytes, at, next, depth);
  return next;
}

function checkType(code: number): void {
  if (!TYPES.has(code)) throw decodeError(`0x${code.toString(16).padStart(2, "0")} is no type`);
}

/** Where the count of a compound value or array stands, by its type; what follows is behind it. */
function countOf(bytes: Uint8Array, at: number, end: number): { count: number; first: number } {
  const wide = (bytes[at]! & 0x10) !== 0;
  const countAt = at + (wide ? 5 : 2);
  const first = countAt + (wide ? 4 : 1);
  if (first > end) throw decodeError("The count of a compound value is missing");
  const count = wide ? readUint32(bytes, countAt) : bytes[countAt]!;
  if (count > ELEMENTS_MAX)
    throw decodeError(`A value has ${count} elements; at most ${ELEMENTS_MAX} are read`);
  return { count, first };
}

function checkCompound(bytes: Uint8Array, at: number, end: number, depth: number): void {
  const { count, first } = countOf(bytes, at, end);
  let next = first;
  for (let index = 0; index < count; index += 1) next = checkValue(bytes, next, end, depth + 1);
  if (next !== end) throw decodeError("A compound value is longer than its elements");
  if ((bytes[at]! & 0x0f) === 1 && count % 2 !== 0) throw decodeError("A map has a key without a value");
}

function checkArray(bytes: Uint8Array, at: number, end: number, depth: number): void {
  const { count, first } = countOf(bytes, at, end);
  let typeAt = first;
  if (typeAt < end && bytes[typeAt] === 0x00) typeAt = checkValue(bytes, first + 1, end, depth + 1);
  if (typeAt >= end) {
    if (count === 0 && typeAt === end) return;
    throw decodeError("An array has no type");
  }
  const code = bytes[typeAt]!;
  checkType(code);
  if (code >>> 4 >= 0xc) throw decodeError("Arrays of compound values are not read");
  let next = typeAt + 1;
  for (let index = 0; index < count; index += 1) {
    // the type stands once before all elements: an element is measured as if its type stood right before it
    next += elementWidth(bytes, code, next, end);
    if (next > end) throw decodeError("An array is shorter than its elements");
  }
  if (next !== end) throw decodeError("An array is longer than its elements");
}

/** Bytes of an element of an array, whose type stands elsewhere; may be more than there are. */
export function elementWidth(bytes: Uint8Array, code: number, at: number, end: number): number {
  const kind = code >>> 4;
  if (kind === 0xa) return at < end ? 1 + bytes[at]! : 1;
  if (kind === 0xb) return at + 4 <= end ? 4 + readUint32(bytes, at) : 4;
  return kind === 0x4 ? 0 : 1 << (kind - 5);
}
