import { type CodecLookup, type LoadedEntry, type Message, readMessageRecord } from "@tsapollo/domain";
import { bodyIdAt, ENTRY_FIXED_BYTES, FLAG, nextEntryAt, sizeAt } from "./bundle-record.ts";

/** An entry that is being read: what it shares and how often it was sent before may follow. */
export interface EntryDraft extends Omit<LoadedEntry, "message" | "redeliveryCount"> {
  redeliveryCount: number;
  /** Undefined as long as it is not read: then `messageId` is its body. */
  message: Message | undefined;
}

/**
 * Reads the entry that begins at `at` in a bundle. Its message is a view of the bundle: whoever keeps it keeps 64 KiB.
 * That is accepted, because entries of a bundle mostly come and go together, and a copy would cost each of them.
 * @throws BrokerError STORE_FAILED when its message is of an unknown encoding
 */
export function readEntry(
  bytes: Buffer,
  at: number,
  sequence: number,
  transient: boolean,
  codecs: CodecLookup,
): EntryDraft {
  const flags = bytes[at + 6]!;
  let next = at + ENTRY_FIXED_BYTES;
  let expiresAtMs = 0;
  let redeliveryCount = 0;
  let via: string | undefined;
  if ((flags & FLAG.expires) !== 0) {
    expiresAtMs = bytes.readDoubleBE(next);
    next += 8;
  }
  if ((flags & FLAG.redelivered) !== 0) {
    redeliveryCount = bytes.readUInt32BE(next);
    next += 4;
  }
  if ((flags & FLAG.via) !== 0) {
    const end = next + 2 + bytes.readUInt16BE(next);
    via = bytes.toString("utf8", next + 2, end);
    next = end;
  }
  const messageId = bodyIdAt(bytes, at);
  const message =
    messageId === 0 ? readMessageRecord(bytes, next, nextEntryAt(bytes, at), codecs) : undefined;
  const retained = (flags & FLAG.retained) !== 0;
  const sizeBytes = sizeAt(bytes, at);
  return { sequence, sizeBytes, expiresAtMs, redeliveryCount, via, retained, transient, messageId, message };
}
