import { BACKSLASH, COLON, CR, LF } from "./bytes.ts";
import type { StompVersion } from "./version.ts";

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\", c: ":", n: "\n", r: "\r" };

/** Undoes the escapes of a header; a backslash before anything else stays what it is. [messaging 15.2] */
export function unescapeHeader(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\([\\cnr])/g, (_pair, what: string) => ESCAPES[what]!);
}

const BLANK = 0x20;
const REPLACEMENT = 0xfffd;

/**
 * What stands for a byte: itself, or the second character of an escape. 1.0 has no escapes, so there a line
 * feed, which would end the header, becomes a blank; 1.1 has none for CR.
 */
function escapeOf(byte: number, version: StompVersion): number {
  if (version === "1.0") return 0;
  if (byte === BACKSLASH) return BACKSLASH;
  if (byte === COLON) return 0x63;
  if (byte === LF) return 0x6e;
  return byte === CR && version === "1.2" ? 0x72 : 0;
}

/**
 * Writes a header's name or value as UTF-8 with the escapes of a version; returns the offset behind it. There
 * must be room for {@link headerTextMax} bytes.
 */
export function writeHeaderText(target: Uint8Array, at: number, text: string, version: StompVersion): number {
  let to = at;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      const second = unit === BACKSLASH || unit === COLON || unit <= CR ? escapeOf(unit, version) : 0;
      if (second === 0) {
        target[to++] = unit === LF ? BLANK : unit;
      } else {
        target[to++] = BACKSLASH;
        target[to++] = second;
      }
    } else {
      const point = codePointAt(text, index);
      if (point > 0xffff) index += 1;
      to = writeCodePoint(target, to, point);
    }
  }
  return to;
}

/** Most bytes that {@link writeHeaderText} needs for a text. */
export function headerTextMax(text: string): number {
  return text.length * 3;
}

function codePointAt(text: string, index: number): number {
  const point = text.codePointAt(index)!;
  return point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point;
}

function writeCodePoint(target: Uint8Array, at: number, point: number): number {
  let to = at;
  if (point < 0x800) {
    target[to++] = 0xc0 | (point >> 6);
  } else {
    if (point < 0x1_0000) {
      target[to++] = 0xe0 | (point >> 12);
    } else {
      target[to++] = 0xf0 | (point >> 18);
      target[to++] = 0x80 | ((point >> 12) & 0x3f);
    }
    target[to++] = 0x80 | ((point >> 6) & 0x3f);
  }
  target[to++] = 0x80 | (point & 0x3f);
  return to;
}
