import { decodeError } from "../conditions.ts";
import { scalar } from "./scalars.ts";
import { elementWidth, readUint32, ValueChecker, type ValueLimits, valueEnd } from "./values.ts";

/** What is worth saying in JSON. */
const LIMITS: ValueLimits = Object.freeze({
  depthMax: 32,
  elementsMax: 262_144,
  emptyElementsMax: 65_536,
  compoundArrays: true,
});

/**
 * Any value as what JSON can say: lists and arrays, maps with their keys as text, bytes in base64, numbers that
 * JSON cannot hold as text.
 * @throws AmqpError decode-error when it is damaged, nested too deep, or too large
 */
export function jsonOf(bytes: Uint8Array, start: number, end: number): unknown {
  new ValueChecker(LIMITS).check(bytes, start, end);
  return convert(bytes, start, end);
}

function convert(bytes: Uint8Array, start: number, end: number): unknown {
  const code = bytes[start]!;
  switch (code) {
    case 0x00:
      return convert(bytes, valueEnd(bytes, start + 1, end), end);
    case 0x40:
      return null;
    case 0x45:
      return [];
    case 0xc0:
    case 0xd0:
      return elements(bytes, start, end);
    case 0xc1:
    case 0xd1:
      return object(elements(bytes, start, end));
    case 0xe0:
    case 0xf0:
      return arrayElements(bytes, start, end);
    default:
      return plain(scalar(bytes, start, end));
  }
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value === "bigint") return String(value);
  return value === undefined || (typeof value === "number" && !Number.isFinite(value)) ? null : value;
}

function elements(bytes: Uint8Array, start: number, end: number): unknown[] {
  const wide = (bytes[start]! & 0x10) !== 0;
  const found: unknown[] = [];
  for (let at = start + (wide ? 9 : 3); at < end; ) {
    const next = valueEnd(bytes, at, end);
    found.push(convert(bytes, at, next));
    at = next;
  }
  return found;
}

function object(items: readonly unknown[]): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (let at = 0; at + 1 < items.length; at += 2) {
    const key = items[at];
    entries.push([typeof key === "string" ? key : JSON.stringify(key), items[at + 1]]);
  }
  return Object.fromEntries(entries);
}

/** The type of an array's elements stands once: each is read as if it stood before it. */
function arrayElements(bytes: Uint8Array, start: number, end: number): unknown[] {
  const wide = bytes[start] === 0xf0;
  const count = wide ? readUint32(bytes, start + 5) : bytes[start + 2]!;
  let at = start + (wide ? 9 : 3);
  if (count === 0) return [];
  if (bytes[at] === 0x00) at = valueEnd(bytes, at + 1, end);
  const code = bytes[at]!;
  at += 1;
  const found: unknown[] = [];
  for (let index = 0; index < count; index += 1) {
    const size = elementWidth(bytes, code, at, end);
    if (at + size > end) throw decodeError("An array is shorter than its elements");
    const element = new Uint8Array(size + 1);
    element[0] = code;
    element.set(bytes.subarray(at, at + size), 1);
    found.push(convert(element, 0, size + 1));
    at += size;
  }
  return found;
}
