import type { Message, NeutralMessage, PropertyValue } from "@tsapollo/domain";
import { headerMax, LF, type StompVersion, writeHeader } from "@tsapollo/stomp-parser";
import type { StompAddresses } from "./addresses.ts";

/** Where the content of another protocol's message goes that its own codec could not say. */
export interface ForeignParts {
  readonly addresses: StompAddresses;
  readonly version: StompVersion;
  /** Used when the message has none. */
  readonly messageId: string;
}

/**
 * Another protocol's message as a MESSAGE frame holds it: headers that every subscriber gets, an empty line,
 * the body. `destination` is not among them; it may differ by subscription. [messaging 20, REC]
 */
export function foreignContent(message: Message, neutral: NeutralMessage, parts: ForeignParts): Uint8Array {
  const headers = foreignHeaders(message, neutral, parts);
  const { body } = neutral;
  let size = 1 + body.length;
  for (const [name, value] of headers) size += headerMax(name, value);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const [name, value] of headers) at = writeHeader(bytes, at, name, value, parts.version);
  bytes[at++] = LF;
  bytes.set(body, at);
  return bytes.subarray(0, at + body.length);
}

function foreignHeaders(message: Message, neutral: NeutralMessage, parts: ForeignParts): [string, string][] {
  const headers: [string, string][] = [
    ["message-id", neutral.messageId ?? parts.messageId],
    ["content-length", String(neutral.body.length)],
  ];
  const { contentType, correlationId, replyTo } = neutral;
  if (contentType !== undefined) headers.push(["content-type", contentType]);
  if (correlationId !== undefined) headers.push(["correlation-id", correlationId]);
  if (replyTo !== undefined) {
    headers.push(["reply-to", typeof replyTo === "string" ? replyTo : parts.addresses.format(replyTo)]);
  }
  if (message.persistent) headers.push(["persistent", "true"]);
  if (message.expiresAtMs !== 0) headers.push(["expires", String(message.expiresAtMs)]);
  if (message.priority !== 4) headers.push(["priority", String(message.priority)]);
  if (message.groupKey !== undefined) headers.push(["message_group", message.groupKey]);
  for (const [name, value] of neutral.properties) {
    if (name !== "") headers.push([name, propertyText(value)]); // [STOMP-1.2] a header has a name
  }
  return headers;
}

/** A property as a header's value; bytes, which are no text, in base64. */
function propertyText(value: PropertyValue): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : String(value);
}
