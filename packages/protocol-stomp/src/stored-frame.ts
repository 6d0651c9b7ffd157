import { BrokerError, Message, type MessageCodec, type RetainAction } from "@tsapollo/domain";
import { indexOfByte, LF, unescapeHeader } from "@tsapollo/stomp-parser";
import { findHeader } from "./header-lines.ts";

const CR = 13;
const PRIORITY_DEFAULT = 4;

/**
 * A message of the text of its frame: command, header lines, an empty line, body, without the NUL. That is how Apollo
 * exports messages. [instance 19]
 * @param expiresAtMs when it expires, if its headers do not say so
 * @throws BrokerError PROTOCOL_VIOLATION when it is no frame
 */
export function readStoredFrame(codec: MessageCodec, text: Uint8Array, expiresAtMs: number): Message {
  const start = indexOfByte(text, LF, 0, text.length) + 1;
  const bodyStart = start === 0 ? -1 : endOfHeaders(text, start);
  if (bodyStart === -1) throw new BrokerError("PROTOCOL_VIOLATION", "A stored STOMP frame is cut off");
  const bytes = withoutReturns(text, start, bodyStart);
  const removed = bodyStart - start - (bytes.length - (text.length - bodyStart));
  const headersEnd = bodyStart - start - removed;
  const header = (name: string): string | undefined => {
    const value = findHeader(bytes, 0, headersEnd - 1, name);
    return value === undefined ? undefined : unescapeHeader(value);
  };
  return new Message({
    codec,
    bytes,
    start: 0,
    bodyStart: headersEnd,
    bodyEnd: bytes.length,
    end: bytes.length,
    borrowed: false,
    persistent: header("persistent")?.trim().toLowerCase() === "true",
    retain: retainOf(header("retain")),
    expiresAtMs: wholeNumber(header("expires")) ?? expiresAtMs,
    priority: Math.min(9, wholeNumber(header("priority")) ?? PRIORITY_DEFAULT),
    groupKey: header("message_group"),
  });
}

/** Index behind the empty line. */
function endOfHeaders(text: Uint8Array, start: number): number {
  for (let line = start; ; ) {
    const end = indexOfByte(text, LF, line, text.length);
    if (end === -1) return -1;
    if (end === line || (end === line + 1 && text[line] === CR)) return end + 1;
    line = end + 1;
  }
}

/** Headers and body, without the carriage returns that end lines of STOMP 1.2. */
function withoutReturns(text: Uint8Array, start: number, bodyStart: number): Uint8Array {
  const bytes = new Uint8Array(text.length - start);
  let at = 0;
  for (let index = start; index < bodyStart; index += 1) {
    if (text[index] !== CR || text[index + 1] !== LF) bytes[at++] = text[index]!;
  }
  bytes.set(text.subarray(bodyStart), at);
  return bytes.slice(0, at + text.length - bodyStart);
}

function retainOf(value: string | undefined): RetainAction {
  return value === "set" ? "set" : value === "remove" ? "clear" : "none";
}

function wholeNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value.trim()) ? Number(value) : undefined;
}
