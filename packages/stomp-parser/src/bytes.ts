/** Bytes that mean something in a frame. */
export const NUL = 0x00;
/** Ends a line. */
export const LF = 0x0a;
/** May stand before LF, from version 1.2 on. */
export const CR = 0x0d;
/** Between a header's name and value. */
export const COLON = 0x3a;
/** Begins an escape. */
export const BACKSLASH = 0x5c;

/** Below this many bytes a loop is faster than a native call; see the package's benchmark. */
const LOOP_BYTES_MAX = 48;

/** Copies `source[start..end)` to `target` at an offset; returns the offset behind it. */
export function copyBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  if (end - start <= LOOP_BYTES_MAX) {
    let to = at;
    for (let from = start; from < end; from += 1, to += 1) target[to] = source[from]!;
    return to;
  }
  target.set(source.subarray(start, end), at);
  return at + end - start;
}

/** The position of a byte in `bytes[start..end)`, or -1. */
export function indexOfByte(bytes: Uint8Array, byte: number, start: number, end: number): number {
  const loopEnd = Math.min(end, start + LOOP_BYTES_MAX);
  for (let at = start; at < loopEnd; at += 1) if (bytes[at] === byte) return at;
  if (loopEnd === end) return -1;
  const found = bytes.subarray(loopEnd, end).indexOf(byte);
  return found === -1 ? -1 : loopEnd + found;
}

/** Whether `bytes[start..end)` are exactly `expected`. */
export function bytesEqual(bytes: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  if (end - start !== expected.length) return false;
  for (let at = start, index = 0; at < end; at += 1, index += 1) {
    if (bytes[at] !== expected[index]) return false;
  }
  return true;
}

/** `bytes[start..end)` read as UTF-8; what is not UTF-8 becomes the replacement character. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string {
  return asBuffer(bytes).toString("utf8", start, end);
}

/** `bytes[start..end)` with one character for each byte, so that the bytes can be had back. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  return asBuffer(bytes).toString("latin1", start, end);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
