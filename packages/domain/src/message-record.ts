import { BrokerError } from "./errors.ts";
import { Message, type MessageCodec, type RetainAction } from "./message.ts";

/** Finds the codec of an encoding by its id; undefined when no protocol of this broker has it. */
export type CodecLookup = (id: string) => MessageCodec | undefined;

const VERSION = 1;
const PERSISTENT = 1;
const GROUPED = 2;
const RETAIN_SHIFT = 2;
const RETAIN_ACTIONS: readonly RetainAction[] = ["none", "set", "clear"];
/** version, flags, priority, length of the codec's id, expiry, not-before, head length, body length */
const FIXED_SIZE = 28;

/*
 *  0 version   1 flags   2 priority   3 codec id length   4 expires (float64)   12 not before (float64)
 * 20 bodyStart - start (uint32)      24 bodyEnd - start (uint32)
 * 28 codec id (ASCII) · [uint16 length · group key (UTF-8)] · content
 */

/** How many bytes the record of a message takes. */
export function messageRecordSize(message: Message): number {
  return messageHeadSize(message) + message.sizeBytes;
}

/** How many bytes the record of a message takes before its content. */
export function messageHeadSize(message: Message): number {
  const group = message.groupKey === undefined ? 0 : 2 + Buffer.byteLength(message.groupKey);
  return FIXED_SIZE + message.codec.id.length + group;
}

/**
 * Writes everything there is to know of a message, its encoding's own bytes included: what stores, retained
 * messages and schedules keep.
 * @returns index of the byte after it; `target` must have {@link messageRecordSize} bytes from `at` on
 */
export function writeMessageRecord(message: Message, target: Buffer, at: number): number {
  const next = writeMessageHead(message, target, at);
  target.set(message.bytes.subarray(message.start, message.end), next);
  return next + message.sizeBytes;
}

/**
 * Writes the record of a message up to its content, which follows as it is: who writes large messages in pieces
 * need not copy them.
 * @returns index of the byte after it; `target` must have {@link messageHeadSize} bytes from `at` on
 */
export function writeMessageHead(message: Message, target: Buffer, at: number): number {
  const { codec, groupKey } = message;
  const retain = RETAIN_ACTIONS.indexOf(message.retain) << RETAIN_SHIFT;
  target[at] = VERSION;
  target[at + 1] = (message.persistent ? PERSISTENT : 0) | (groupKey === undefined ? 0 : GROUPED) | retain;
  target[at + 2] = message.priority;
  target[at + 3] = codec.id.length;
  target.writeDoubleBE(message.expiresAtMs, at + 4);
  target.writeDoubleBE(message.notBeforeMs, at + 12);
  target.writeUInt32BE(message.bodyStart - message.start, at + 20);
  target.writeUInt32BE(message.bodyEnd - message.start, at + 24);
  let next = at + FIXED_SIZE;
  next += target.write(codec.id, next, "latin1");
  if (groupKey !== undefined) {
    const length = target.write(groupKey, next + 2, "utf8");
    target.writeUInt16BE(length, next);
    next += 2 + length;
  }
  return next;
}

/**
 * Reads a message from `bytes[start..end)`, which it refers to from then on.
 * @throws BrokerError STORE_FAILED when the record is damaged, of a later version or of an unknown encoding
 */
export function readMessageRecord(bytes: Buffer, start: number, end: number, codecs: CodecLookup): Message {
  if (end - start < FIXED_SIZE) throw damaged("it is cut off");
  if (bytes[start] !== VERSION) throw damaged(`its version is ${bytes[start]}, not ${VERSION}`);
  const flags = bytes[start + 1]!;
  let next = start + FIXED_SIZE;
  const codecEnd = next + bytes[start + 3]!;
  const codecId = bytes.toString("latin1", next, codecEnd);
  const codec = codecs(codecId);
  if (codec === undefined) throw damaged(`its encoding '${codecId}' is unknown`);
  next = codecEnd;
  let groupKey: string | undefined;
  if ((flags & GROUPED) !== 0) {
    const groupEnd = next + 2 + (next + 2 <= end ? bytes.readUInt16BE(next) : 0);
    groupKey = bytes.toString("utf8", next + 2, groupEnd);
    next = groupEnd;
  }
  const bodyStart = next + bytes.readUInt32BE(start + 20);
  const bodyEnd = next + bytes.readUInt32BE(start + 24);
  if (next > end || bodyStart > bodyEnd || bodyEnd > end) throw damaged("it is cut off");
  return new Message({
    codec,
    bytes,
    start: next,
    bodyStart,
    bodyEnd,
    end,
    borrowed: false,
    persistent: (flags & PERSISTENT) !== 0,
    retain: RETAIN_ACTIONS[(flags >> RETAIN_SHIFT) & 3] ?? "none",
    expiresAtMs: bytes.readDoubleBE(start + 4),
    priority: bytes[start + 2]!,
    groupKey,
    notBeforeMs: bytes.readDoubleBE(start + 12),
    amongNeighbours: true,
  });
}

function damaged(what: string): BrokerError {
  return new BrokerError("STORE_FAILED", `A stored message cannot be read: ${what}`);
}
