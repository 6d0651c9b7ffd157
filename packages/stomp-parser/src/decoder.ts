import { COLON, CR, indexOfByte, LF, NUL, utf8Text } from "./bytes.ts";
import { StompError } from "./errors.ts";
import { StompFrame } from "./frame.ts";
import { DEFAULT_STOMP_LIMITS, type StompLimits } from "./limits.ts";
import type { StompVersion } from "./version.ts";
import { commandOf, HEADER, knownHeaderOf } from "./words.ts";

/** Takes what a decoder finds. It must not throw. */
export interface FrameSink {
  /** A whole frame, valid until this returns. `false`: stop after it. */
  frame(frame: StompFrame): boolean;
}

/** What the next byte belongs to. */
type Stage = "between" | "command" | "headers" | "sized body" | "open body";

/** Longest length that is read as a number. */
const LENGTH_DIGITS_MAX = 15;

/** How much of a bad header line an error shows, in bytes. */
const LINE_SHOWN_MAX = 256;

/**
 * Finds frames in bytes that somebody else keeps. What is left of an unfinished frame is presented again with
 * more bytes behind it, wherever it lies then; the decoder remembers how far it came, counted from the frame's
 * first byte, and never looks at a byte twice. How the stream was cut never shows.
 */
export class StompDecoder {
  /** May be replaced between frames. */
  limits: StompLimits;
  /**
   * What the two sides speak; undefined until they agreed. It decides on white space: in 1.0 and before the
   * agreement names and values are trimmed, 1.1 keeps everything, 1.2 drops one CR before the LF.
   */
  version: StompVersion | undefined = undefined;
  /** Line ends seen between frames so far: heart-beats, for who counts them. */
  newlines = 0;
  readonly #frame: StompFrame = new StompFrame();
  #stage: Stage = "between";
  /** These count from the first byte of the frame. */
  #scanned = 0;
  #headersStart = 0;
  #lineStart = 0;
  #colon = -1;
  #bodyStart = 0;
  #bodyLength = 0;

  constructor(limits: StompLimits = DEFAULT_STOMP_LIMITS) {
    this.limits = limits;
  }

  /** How many bytes from the first unfinished frame on are needed to go on; 0: any more will do. */
  get bytesWanted(): number {
    return this.#stage === "sized body" ? this.#bodyStart + this.#bodyLength + 1 : 0;
  }

  /**
   * Takes whole frames from `bytes[start..end)` and returns where the first unfinished one begins.
   * @throws StompError when the bytes are not STOMP or exceed a limit; nothing can be decoded afterwards
   */
  decode(bytes: Uint8Array, start: number, end: number, sink: FrameSink): number {
    let at = start;
    for (;;) {
      if (this.#stage === "between") {
        at = this.#skipNewlines(bytes, at, end);
        if (at === end || (bytes[at] === CR && at + 1 === end)) return at;
        this.#begin();
      }
      const next = this.#scan(bytes, at, end);
      if (next === -1) return at;
      this.#stage = "between";
      at = next;
      if (!sink.frame(this.#frame)) return at;
    }
  }

  #skipNewlines(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (bytes[at] === LF) at += 1;
      else if (bytes[at] === CR && bytes[at + 1] === LF && at + 1 < end) at += 2;
      else break;
      this.newlines += 1;
    }
    return at;
  }

  #begin(): void {
    this.#stage = "command";
    this.#scanned = 0;
    this.#lineStart = 0;
    this.#colon = -1;
    this.#frame.reset(this.version);
  }

  /** Goes on with the frame at `start`; returns the offset behind it, or -1 when it is not all there. */
  #scan(bytes: Uint8Array, start: number, end: number): number {
    if (this.#stage === "command" && !this.#scanCommand(bytes, start, end)) return -1;
    if (this.#stage === "headers" && !this.#scanHeaders(bytes, start, end)) return -1;
    const bodyEnd =
      this.#stage === "sized body"
        ? this.#scanSizedBody(bytes, start, end)
        : this.#scanOpenBody(bytes, start, end);
    if (bodyEnd === -1) return -1;
    const frame = this.#frame;
    frame.bytes = bytes;
    frame.start = start;
    frame.headersStart = start + this.#headersStart;
    frame.bodyStart = start + this.#bodyStart;
    frame.bodyEnd = bodyEnd;
    return bodyEnd + 1;
  }

  #scanCommand(bytes: Uint8Array, start: number, end: number): boolean {
    const max = this.limits.commandLengthMax;
    let at = start + this.#scanned;
    while (at < end && bytes[at] !== LF) at += 1;
    if (max !== -1 && at - start > max) throw new StompError("COMMAND_TOO_LONG");
    this.#scanned = at - start;
    if (at === end) return false;
    let from = start;
    let to = at;
    if (this.version === undefined || this.version === "1.0") {
      while (from < to && isBlank(bytes[from]!)) from += 1;
      while (to > from && isBlank(bytes[to - 1]!)) to -= 1;
    } else if (this.version === "1.2" && to > from && bytes[to - 1] === CR) {
      to -= 1;
    }
    this.#frame.setCommand(commandOf(bytes, from, to), from - start, to - start);
    this.#stage = "headers";
    this.#scanned = at + 1 - start;
    this.#headersStart = this.#scanned;
    this.#lineStart = this.#scanned;
    return true;
  }

  #scanHeaders(bytes: Uint8Array, start: number, end: number): boolean {
    const max = this.limits.headerLengthMax === -1 ? Number.MAX_SAFE_INTEGER : this.limits.headerLengthMax;
    let line = start + this.#lineStart;
    let colon = this.#colon === -1 ? -1 : start + this.#colon;
    let at = start + this.#scanned;
    for (;;) {
      if (colon === -1) {
        while (at < end && bytes[at] !== LF && bytes[at] !== COLON) at += 1;
        if (at < end && bytes[at] === COLON) colon = at;
      }
      while (at < end && bytes[at] !== LF) at += 1;
      if (at - line > max) throw new StompError("HEADER_TOO_LONG");
      if (at === end) break;
      if (this.#endLine(bytes, start, line, colon, at)) return true;
      at += 1;
      line = at;
      colon = -1;
    }
    this.#scanned = at - start;
    this.#lineStart = line - start;
    this.#colon = colon === -1 ? -1 : colon - start;
    return false;
  }

  /** Takes one line, without its LF; returns whether it was the empty one that ends the headers. */
  #endLine(bytes: Uint8Array, start: number, line: number, colon: number, end: number): boolean {
    let nameStart = line;
    let nameEnd = colon;
    let valueStart = colon + 1;
    let valueEnd = end;
    if (this.version === "1.2") {
      if (valueEnd > line && bytes[valueEnd - 1] === CR) valueEnd -= 1;
    } else if (this.version !== "1.1") {
      while (valueEnd > line && isBlank(bytes[valueEnd - 1]!)) valueEnd -= 1;
    }
    if (valueEnd === line) {
      if (end !== line) this.#frame.trimmed = true;
      this.#endHeaders(bytes, start, end + 1);
      return true;
    }
    if (this.version === undefined || this.version === "1.0") {
      while (nameStart < nameEnd && isBlank(bytes[nameStart]!)) nameStart += 1;
      while (nameEnd > nameStart && isBlank(bytes[nameEnd - 1]!)) nameEnd -= 1;
      while (valueStart < valueEnd && isBlank(bytes[valueStart]!)) valueStart += 1;
      if (valueEnd < valueStart) valueEnd = valueStart;
    }
    if (nameEnd <= nameStart) {
      throw new StompError(
        "HEADER_MALFORMED",
        `Unable to parser header line [${utf8Text(bytes, line, Math.min(end, line + LINE_SHOWN_MAX))}]`,
      );
    }
    const frame = this.#frame;
    const { headersMax } = this.limits;
    if (headersMax !== -1 && frame.headerCount >= headersMax) throw new StompError("TOO_MANY_HEADERS");
    frame.addHeader(
      knownHeaderOf(bytes, nameStart, nameEnd),
      nameStart - start,
      nameEnd - start,
      valueStart - start,
      valueEnd - start,
    );
    if (nameStart !== line || nameEnd !== colon || valueStart !== colon + 1 || valueEnd !== end) {
      frame.trimmed = true;
    }
    return false;
  }

  #endHeaders(bytes: Uint8Array, start: number, bodyStart: number): void {
    this.#bodyStart = bodyStart - start;
    this.#scanned = this.#bodyStart;
    const frame = this.#frame;
    frame.bytes = bytes;
    frame.start = start;
    const index = frame.indexOf(HEADER.contentLength);
    if (index === -1) {
      this.#stage = "open body";
      return;
    }
    const length = readLength(bytes, frame.valueStart(index), frame.valueEnd(index));
    if (length === -1) throw new StompError("LENGTH_INVALID");
    const max = this.limits.dataLengthMax;
    if (max !== -1 && length > max) throw new StompError("DATA_TOO_LONG");
    this.#bodyLength = length;
    this.#stage = "sized body";
  }

  #scanSizedBody(bytes: Uint8Array, start: number, end: number): number {
    const bodyEnd = start + this.#bodyStart + this.#bodyLength;
    if (bodyEnd >= end) return -1;
    if (bytes[bodyEnd] !== NUL) {
      throw new StompError(
        "TERMINATOR_MISSING",
        `Expected null terminator after ${this.#bodyLength} content bytes`,
      );
    }
    return bodyEnd;
  }

  #scanOpenBody(bytes: Uint8Array, start: number, end: number): number {
    const found = indexOfByte(bytes, NUL, start + this.#scanned, end);
    const max = this.limits.dataLengthMax;
    const bodyStart = start + this.#bodyStart;
    if (max !== -1 && (found === -1 ? end : found) - bodyStart > max) throw new StompError("DATA_TOO_LONG");
    this.#scanned = end - start;
    return found;
  }
}

function isBlank(byte: number): boolean {
  return byte <= 0x20;
}

/** The number that digits spell; -1 when it is none, or longer than any length can be. */
function readLength(bytes: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > LENGTH_DIGITS_MAX) return -1;
  let length = 0;
  for (let at = start; at < end; at += 1) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}
