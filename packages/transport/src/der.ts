/** One element of DER-encoded data. */
export interface DerElement {
  /** The identifier byte: class, form and number. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Identifier, length and content. */
  readonly whole: Uint8Array;
}

/** Reads consecutive DER elements. @throws RangeError when the bytes are no DER */
export function readDer(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    let start = at + 2;
    let size = bytes[at + 1] ?? Number.NaN;
    if (size > 0x80) {
      const digits = size & 0x7f;
      start += digits;
      size = 0;
      for (let i = at + 2; i < start; i++) size = size * 256 + (bytes[i] ?? Number.NaN);
    }
    // Not a number, indefinite length and too long all fail here; multi-byte tags do not occur in what we read.
    if (!(start + size <= bytes.length) || size === 0x80 || (tag & 0x1f) === 0x1f)
      throw new RangeError("not DER");
    elements.push({
      tag,
      content: bytes.subarray(start, start + size),
      whole: bytes.subarray(at, start + size),
    });
    at = start + size;
  }
  return elements;
}

/** The text of an object identifier: `2.5.4.3`. */
export function oidText(content: Uint8Array): string {
  const arcs: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(value / 40));
      arcs.push(first, value - first * 40);
    } else arcs.push(value);
    value = 0;
  }
  return arcs.join(".");
}
