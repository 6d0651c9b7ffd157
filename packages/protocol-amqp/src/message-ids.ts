import { scalar, uuidText } from "./codec/scalars.ts";
import type { Span } from "./codec/sections.ts";
import type { ValueWriter } from "./codec/value-writer.ts";

const ULONG = "AMQP_ULONG:";
const UUID = "AMQP_UUID:";
const BINARY = "AMQP_BINARY:";
const UUID_TEXT = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/**
 * A message id or correlation id as text, so that other protocols can send it back: what is no text is named with
 * its type, in the words of the JMS mapping.
 */
export function idText(bytes: Uint8Array, { start, end }: Span): string | undefined {
  if (start === end) return undefined;
  const value = scalar(bytes, start, end);
  switch (bytes[start]) {
    case 0x98:
      return UUID + uuidText(bytes, start + 1);
    case 0xa0:
    case 0xb0:
      return (
        BINARY +
        Buffer.from(value as Uint8Array)
          .toString("hex")
          .toUpperCase()
      );
    case 0x44:
    case 0x53:
    case 0x80:
      return ULONG + String(value);
    default:
      return value === undefined ? undefined : String(value);
  }
}

/** Writes an id with the type it had before {@link idText} made it text. */
export function writeId(writer: ValueWriter, id: string): void {
  const digits = id.slice(ULONG.length);
  if (id.startsWith(ULONG) && /^[0-9]{1,19}$/.test(digits)) return writer.ulong(BigInt(digits));
  const uuid = id.slice(UUID.length);
  if (id.startsWith(UUID) && UUID_TEXT.test(uuid)) {
    writer.byte(0x98);
    return writer.raw(Buffer.from(uuid.replaceAll("-", ""), "hex"));
  }
  const hex = id.slice(BINARY.length);
  if (id.startsWith(BINARY) && /^([0-9a-fA-F]{2})*$/.test(hex)) return writer.binary(Buffer.from(hex, "hex"));
  writer.string(id);
}
