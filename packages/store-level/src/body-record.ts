import { crc32 } from "node:zlib";
import {
  BrokerError,
  type CodecLookup,
  type Message,
  messageHeadSize,
  readMessageRecord,
  writeMessageHead,
  writeMessageRecord,
} from "@tsapollo/domain";

/** Messages above this are kept in parts of this size, which are written without being copied. */
export const PART_BYTES: number = 256 * 1024;
const FIXED_BYTES = 12;
const HIGH = 2 ** 32;

/*
 * Part 0: 0 CRC-32 of what follows, begun with the body's id   4 number of parts   8 size of the content
 *        12 CRC-32 of part 1, of part 2, … · message record; its content is in the other parts when there are any
 */

/** How many parts a message takes. */
export function partsOf(message: Message): number {
  return message.sizeBytes > PART_BYTES ? 1 + Math.ceil(message.sizeBytes / PART_BYTES) : 1;
}

/** Part 0 of a message's body. */
export function firstPart(bodyId: number, message: Message): Buffer {
  const parts = partsOf(message);
  const headAt = FIXED_BYTES + 4 * (parts - 1);
  const content = parts === 1 ? message.sizeBytes : 0;
  const record = Buffer.allocUnsafe(headAt + messageHeadSize(message) + content);
  record.writeUInt32BE(parts, 4);
  record.writeUInt32BE(message.sizeBytes, 8);
  for (let part = 1; part < parts; part++) {
    record.writeUInt32BE(crc32(laterPart(message, part)), FIXED_BYTES + 4 * (part - 1));
  }
  if (parts === 1) writeMessageRecord(message, record, headAt);
  else writeMessageHead(message, record, headAt);
  record.writeUInt32BE(crc32(record.subarray(4), bodyId % HIGH), 0);
  return record;
}

/** Part 1, 2, … of a message's content: a view of its bytes. */
export function laterPart(message: Message, part: number): Uint8Array {
  const from = message.start + (part - 1) * PART_BYTES;
  return message.bytes.subarray(from, Math.min(from + PART_BYTES, message.end));
}

/**
 * Reads a message back.
 * @param readPart fetches part 1, 2, …
 * @throws BrokerError STORE_FAILED when a part is damaged or missing, or its encoding is unknown
 */
export async function readBody(
  bodyId: number,
  first: Buffer | undefined,
  readPart: (part: number) => Promise<Uint8Array | undefined>,
  codecs: CodecLookup,
): Promise<Message> {
  if (first === undefined) throw damaged(bodyId, "it is missing");
  if (first.length < FIXED_BYTES || crc32(first.subarray(4), bodyId % HIGH) !== first.readUInt32BE(0)) {
    throw damaged(bodyId, "its checksum is wrong");
  }
  const parts = first.readUInt32BE(4);
  const headAt = FIXED_BYTES + 4 * (parts - 1);
  if (parts === 1) return readMessageRecord(first, headAt, first.length, codecs);
  const head = first.length - headAt;
  const record = Buffer.allocUnsafe(head + first.readUInt32BE(8));
  record.set(first.subarray(headAt));
  let next = head;
  for (let part = 1; part < parts; part++) {
    const piece = await readPart(part);
    const expected = first.readUInt32BE(FIXED_BYTES + 4 * (part - 1));
    if (piece === undefined || next + piece.length > record.length || crc32(piece) !== expected) {
      throw damaged(bodyId, `its part ${part} of ${parts - 1} is missing or has a wrong checksum`);
    }
    record.set(piece, next);
    next += piece.length;
  }
  return readMessageRecord(record, 0, record.length, codecs);
}

function damaged(bodyId: number, what: string): BrokerError {
  return new BrokerError("STORE_FAILED", `The stored message ${bodyId} is damaged: ${what}`);
}
