import { BrokerError, Message, type RetainAction } from "@tsapollo/domain";
import {
  COLON,
  copyBytes,
  HEADER,
  headerMax,
  LF,
  type StompFrame,
  type StompVersion,
  writeHeader,
  writeHeaderText,
} from "@tsapollo/stomp-parser";
import { DECIMAL_MAX, headerInteger, headerIsTrue, writeDecimal } from "./header-numbers.ts";
import type { StompMessageCodec } from "./message-codec.ts";
import { readNotBefore } from "./not-before.ts";

/** Room in which small messages are put together; shared by all connections, used for one call at a time. */
export const SCRATCH_BYTES = 65_536;

const EXPIRES = Buffer.from("expires:");
const MESSAGE_ID_NAME = "message-id";
const PRIORITY_DEFAULT = 4;
const PRIORITY_MAX = 9;

/** What is put before the headers of every message of one connection. */
export interface ComposerParts {
  readonly codec: StompMessageCodec;
  readonly scratch: Uint8Array;
  readonly version: StompVersion;
  readonly clientId: string;
  /** Names who sends. */
  readonly userHeaders: readonly (readonly [string, string])[];
  readonly timestampHeader: string | undefined;
}

/**
 * Makes messages of SEND frames: the headers as they came, and before them those the broker adds, in the order
 * of [messaging 15.6]: user, timestamp, `message-id`, `expires`, rewritten `reply-to` and `destination`. They are put into the message here, once, so
 * that every subscriber sees the same.
 */
export class SendComposer {
  readonly #codec: StompMessageCodec;
  readonly #scratch: Uint8Array;
  readonly #clientId: string;
  readonly #userHeaders: Uint8Array;
  /** `name:`, to be followed by the time. */
  readonly #timestamp: Uint8Array;
  /** `message-id:` and the client id, to be followed by the counter. */
  readonly #messageId: Uint8Array;
  readonly #addedMax: number;
  /** Whether every message gets a header, also one with an id and without `ttl`. */
  readonly #alwaysAdds: boolean;
  #counter = 0;

  constructor(parts: ComposerParts) {
    this.#codec = parts.codec;
    this.#scratch = parts.scratch;
    this.#clientId = parts.clientId;
    this.#userHeaders = headerLines(parts.userHeaders, parts.version);
    const { timestampHeader } = parts;
    this.#timestamp =
      timestampHeader === undefined ? new Uint8Array(0) : openHeader(timestampHeader, "", parts.version);
    this.#messageId = openHeader(MESSAGE_ID_NAME, parts.clientId, parts.version);
    const fixed = this.#userHeaders.length + this.#timestamp.length + this.#messageId.length + EXPIRES.length;
    this.#alwaysAdds = this.#userHeaders.length + this.#timestamp.length > 0;
    this.#addedMax = fixed + 3 * (DECIMAL_MAX + 1);
  }

  /** An id for a message that has none: the client's id and a counter. [messaging 13] */
  nextMessageId(): string {
    this.#counter += 1;
    return this.#clientId + this.#counter;
  }

  /**
   * The message a SEND frame holds. Its bytes are the frame's, the shared scratch, or its own.
   * @param lines `reply-to` and `destination` as others must read them, if the frame does not say so
   * @throws BrokerError PROTOCOL_VIOLATION when a number is none, or out of its range
   */
  compose(frame: StompFrame, borrowed: boolean, nowMs: number, lines: Uint8Array | undefined): Message {
    const expiresGiven = frame.indexOf(HEADER.expires) !== -1;
    const ttlMs = expiresGiven ? 0 : headerInteger(frame, frame.indexOf(HEADER.ttl), "ttl", 0);
    const expires = expiresGiven ? headerInteger(frame, frame.indexOf(HEADER.expires), "expires", 0) : 0;
    const expiresAtMs = ttlMs > 0 ? nowMs + ttlMs : Math.max(0, expires);
    const notBeforeMs = readNotBefore(frame, nowMs);
    const priority = priorityOf(frame);
    const idIndex = frame.indexOf(HEADER.messageId);
    const needsId = idIndex === -1 || frame.valueStart(idIndex) === frame.valueEnd(idIndex);
    let { bytes, bodyEnd } = frame;
    let start = frame.headersStart;
    let { bodyStart } = frame;
    let isBorrowed = borrowed;
    if (needsId || ttlMs > 0 || lines !== undefined || this.#alwaysAdds || frame.trimmed) {
      const room = this.#addedMax + bodyEnd - start + (lines === undefined ? 0 : lines.length);
      isBorrowed = room <= this.#scratch.length;
      bytes = isBorrowed ? this.#scratch : new Uint8Array(room);
      let at = this.#writeAdded(bytes, needsId, ttlMs > 0 ? expiresAtMs : 0, nowMs);
      if (lines !== undefined) at = copyBytes(bytes, at, lines, 0, lines.length);
      at = frame.trimmed ? writeLines(bytes, at, frame) : copyBytes(bytes, at, frame.bytes, start, bodyStart);
      start = 0;
      bodyStart = at;
      bodyEnd = copyBytes(bytes, at, frame.bytes, frame.bodyStart, bodyEnd);
    }
    return new Message({
      codec: this.#codec,
      bytes,
      start,
      bodyStart,
      bodyEnd,
      end: bodyEnd,
      borrowed: isBorrowed,
      persistent: headerIsTrue(frame, frame.indexOf(HEADER.persistent)),
      retain: retainOf(frame),
      expiresAtMs,
      priority,
      groupKey: groupKeyOf(frame),
      notBeforeMs,
    });
  }

  #writeAdded(target: Uint8Array, needsId: boolean, expiresAtMs: number, nowMs: number): number {
    let at = copyBytes(target, 0, this.#userHeaders, 0, this.#userHeaders.length);
    if (this.#timestamp.length > 0) {
      at = copyBytes(target, at, this.#timestamp, 0, this.#timestamp.length);
      at = writeDecimal(target, at, nowMs);
      target[at++] = LF;
    }
    if (needsId) {
      this.#counter += 1;
      at = copyBytes(target, at, this.#messageId, 0, this.#messageId.length);
      at = writeDecimal(target, at, this.#counter);
      target[at++] = LF;
    }
    if (expiresAtMs > 0) {
      at = copyBytes(target, at, EXPIRES, 0, EXPIRES.length);
      at = writeDecimal(target, at, expiresAtMs);
      target[at++] = LF;
    }
    return at;
  }
}

/** Header lines without the white space that was trimmed, and the empty line. */
function writeLines(target: Uint8Array, start: number, frame: StompFrame): number {
  let at = start;
  for (let index = 0; index < frame.headerCount; index += 1) {
    at = copyBytes(target, at, frame.bytes, frame.nameStart(index), frame.nameEnd(index));
    target[at++] = COLON;
    at = copyBytes(target, at, frame.bytes, frame.valueStart(index), frame.valueEnd(index));
    target[at++] = LF;
  }
  target[at++] = LF;
  return at;
}

function priorityOf(frame: StompFrame): number {
  const index = frame.indexOf(HEADER.priority);
  const priority = headerInteger(frame, index, "priority", PRIORITY_DEFAULT);
  if (priority >= 0 && priority <= PRIORITY_MAX) return priority;
  const text = `Internal Server Error: the priority header is not from 0 to 9: '${frame.value(index)}'`;
  throw new BrokerError("PROTOCOL_VIOLATION", text);
}

function retainOf(frame: StompFrame): RetainAction {
  const index = frame.indexOf(HEADER.retain);
  if (index === -1) return "none";
  const value = frame.rawValue(index);
  return value === "set" ? "set" : value === "remove" ? "clear" : "none";
}

function groupKeyOf(frame: StompFrame): string | undefined {
  const index = frame.indexOf(HEADER.messageGroup);
  return index === -1 ? undefined : frame.value(index);
}

function headerLines(headers: readonly (readonly [string, string])[], version: StompVersion): Uint8Array {
  let size = 0;
  for (const [name, value] of headers) size += headerMax(name, value);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const [name, value] of headers) at = writeHeader(bytes, at, name, value, version);
  return bytes.slice(0, at);
}

/** `name:beginning of the value` */
function openHeader(name: string, value: string, version: StompVersion): Uint8Array {
  const bytes = new Uint8Array(headerMax(name, value));
  let at = writeHeaderText(bytes, 0, name, version);
  bytes[at++] = COLON;
  return bytes.slice(0, writeHeaderText(bytes, at, value, version));
}
