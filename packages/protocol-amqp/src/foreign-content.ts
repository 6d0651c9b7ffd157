import type { Address, Message, NeutralMessage } from "@tsapollo/domain";
import type { AmqpAddresses } from "./addresses.ts";
import { SECTION } from "./codec/sections.ts";
import { ValueWriter } from "./codec/value-writer.ts";
import { writeId } from "./message-ids.ts";

/** Properties of other protocols that have a field of their own here. */
const SUBJECT = "subject";
const CONTENT_ENCODING = "content-encoding";
const SYMBOL = /^[\x20-\x7e]*$/;

/**
 * Another protocol's message as the sections behind the header: properties, application properties, one data section.
 * [messaging 20, REC]
 * @param address where it was published
 */
export function foreignContent(
  message: Message,
  neutral: NeutralMessage,
  addresses: AmqpAddresses,
  address: Address,
): Uint8Array {
  const writer = new ValueWriter(neutral.body.length + 512);
  writeProperties(writer, message, neutral, addresses, address);
  writeApplicationProperties(writer, neutral);
  writer.raw(Uint8Array.of(0x00, 0x53, SECTION.data));
  writer.binary(neutral.body);
  return writer.take();
}

function writeProperties(
  writer: ValueWriter,
  message: Message,
  neutral: NeutralMessage,
  addresses: AmqpAddresses,
  address: Address,
): void {
  const { messageId, correlationId, replyTo, contentType, properties } = neutral;
  const mark = writer.begin(SECTION.properties, 0xd0);
  if (messageId === undefined) writer.null();
  else writeId(writer, messageId);
  writer.null(); // user-id
  writer.string(addresses.format(address));
  text(writer, properties.get(SUBJECT));
  text(writer, typeof replyTo === "object" ? addresses.format(replyTo) : replyTo);
  if (correlationId === undefined) writer.null();
  else writeId(writer, correlationId);
  symbol(writer, contentType);
  symbol(writer, properties.get(CONTENT_ENCODING));
  if (message.expiresAtMs === 0) writer.null();
  else writer.timestamp(message.expiresAtMs);
  writer.null(); // creation-time
  text(writer, message.groupKey);
  writer.end(mark, 11);
}

function text(writer: ValueWriter, value: unknown): void {
  if (typeof value === "string") writer.string(value);
  else writer.null();
}

function symbol(writer: ValueWriter, value: unknown): void {
  if (typeof value === "string" && SYMBOL.test(value)) writer.symbol(value);
  else writer.null();
}

function writeApplicationProperties(writer: ValueWriter, { properties }: NeutralMessage): void {
  let count = 0;
  for (const name of properties.keys()) if (name !== SUBJECT && name !== CONTENT_ENCODING) count += 1;
  if (count === 0) return;
  const mark = writer.begin(SECTION.applicationProperties, 0xd1);
  for (const [name, value] of properties) {
    if (name === SUBJECT || name === CONTENT_ENCODING) continue;
    writer.string(name);
    writer.property(value);
  }
  writer.end(mark, count * 2);
}
