import type { Address, Message, NeutralMessage, PropertyValue } from "@tsapollo/domain";
import { MQTT_CODEC_ID, MQTT5_CODEC_ID, propertiesStart } from "./content.ts";
import { correlationData } from "./message-codec.ts";
import { PROPERTY, PropertyCursor } from "./properties.ts";
import type { TopicNames } from "./topic-names.ts";
import { PACKET, putLength } from "./wire.ts";

/** No properties. */
export const NONE: Uint8Array = new Uint8Array(0);

/** The form under which a message remembers the properties that every MQTT 5.0 subscriber gets. */
const PROPERTIES_FORM = "mqtt-5:properties";
/** Strings and binary data have two length bytes. [MQTT5-1.5.4] */
const TEXT_MAX = 65_535;
/** Properties of other protocols' messages beyond this many bytes are left out: a header of that size is a mistake. */
const FOREIGN_MAX = 262_144;

/**
 * The properties of a message that do not depend on who gets it, encoded: all but the expiry (which shrinks),
 * topic aliases (which are the connection's) and subscription identifiers. [MQTT5-3.3.2-4] [MQTT5-3.3.2-15]
 * [MQTT5-3.3.2-16] [MQTT5-3.3.2-17] [MQTT5-3.3.2-18] [MQTT5-3.3.2-20]
 */
export function commonProperties(message: Message, names: TopicNames): Uint8Array {
  const { id } = message.codec;
  if (id === MQTT_CODEC_ID) return NONE;
  if (id !== MQTT5_CODEC_ID) return foreignProperties(message, names);
  const start = propertiesStart(message);
  if (start === message.bodyStart) return NONE;
  const known = message.wireForm(PROPERTIES_FORM);
  if (known !== undefined) return known;
  const bytes = withoutOwn(message.bytes, start, message.bodyStart, PACKET.PUBLISH);
  message.rememberWireForm(PROPERTIES_FORM, bytes);
  return bytes;
}

/**
 * Copies properties in their order, without those that concern the connection they came over, or time.
 * @param type packet type, or `WILL_PROPERTIES`
 */
export function withoutOwn(bytes: Uint8Array, start: number, end: number, type: number): Uint8Array {
  const kept = new Uint8Array(end - start);
  const cursor = new PropertyCursor();
  cursor.begin(type);
  let used = 0;
  for (let at = start; at < end; ) {
    const next = cursor.next(bytes, at, end);
    const { id } = cursor;
    if (id !== PROPERTY.MESSAGE_EXPIRY && id !== PROPERTY.TOPIC_ALIAS && id !== PROPERTY.WILL_DELAY) {
      kept.set(bytes.subarray(at, next), used);
      used += next - at;
    }
    at = next;
  }
  return used === kept.length ? kept : kept.slice(0, used);
}

function foreignProperties(message: Message, names: TopicNames): Uint8Array {
  const known = message.wireForm(names.propertiesForm);
  if (known !== undefined) return known;
  const bytes = encodeNeutral(message.codec.toNeutral(message), names);
  message.rememberWireForm(names.propertiesForm, bytes);
  return bytes;
}

/** What another protocol says about a message, as properties. What has no place in MQTT is left out. */
function encodeNeutral(neutral: NeutralMessage, names: TopicNames): Uint8Array {
  const { contentType, replyTo, correlationId, properties } = neutral;
  const made = new PropertyWriter(FOREIGN_MAX);
  if (contentType !== undefined) made.text(PROPERTY.CONTENT_TYPE, contentType);
  if (replyTo !== undefined) addReplyTo(made, replyTo, names);
  if (correlationId !== undefined) made.binary(PROPERTY.CORRELATION_DATA, correlationData(correlationId));
  for (const [name, value] of properties) made.pair(name, valueText(value));
  return made.bytes();
}

function addReplyTo(made: PropertyWriter, replyTo: Address | string, names: TopicNames): void {
  const name = typeof replyTo === "string" ? NONE : names.of(replyTo);
  if (name.length > 0) made.prefixed(PROPERTY.RESPONSE_TOPIC, name);
  else if (typeof replyTo === "string") made.pair("reply-to", replyTo);
}

function valueText(value: PropertyValue): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : String(value);
}

/** Puts properties together. What does not fit MQTT's types (too long, U+0000) is left out. */
export class PropertyWriter {
  readonly #parts: Uint8Array[] = [];
  readonly #max: number;
  #length = 0;

  /** @param max most bytes of all properties; what is beyond is left out */
  constructor(max: number) {
    this.#max = max;
  }

  text(id: number, value: string): void {
    const text = encodable(value);
    if (text !== undefined) this.#add(Uint8Array.of(id), lengthOf(text), text);
  }

  binary(id: number, value: Uint8Array): void {
    if (value.length <= TEXT_MAX) this.#add(Uint8Array.of(id), lengthOf(value), value);
  }

  /** A value that has its two length bytes in front. */
  prefixed(id: number, value: Uint8Array): void {
    this.#add(Uint8Array.of(id), value);
  }

  pair(name: string, value: string): void {
    const left = encodable(name);
    const right = encodable(value);
    if (left === undefined || right === undefined) return;
    this.#add(Uint8Array.of(PROPERTY.USER), lengthOf(left), left, lengthOf(right), right);
  }

  bytes(): Uint8Array {
    return this.#length === 0 ? NONE : new Uint8Array(Buffer.concat(this.#parts));
  }

  #add(...parts: Uint8Array[]): void {
    let length = 0;
    for (const part of parts) length += part.length;
    if (this.#length + length > this.#max) return;
    this.#length += length;
    this.#parts.push(...parts);
  }
}

function lengthOf(value: Uint8Array): Uint8Array {
  return Uint8Array.of(value.length >> 8, value.length & 0xff);
}

function encodable(text: string): Uint8Array | undefined {
  if (text.includes("\0")) return undefined;
  const bytes = Buffer.from(text, "utf8");
  return bytes.length > TEXT_MAX ? undefined : bytes;
}

/** Subscription identifiers as properties of a PUBLISH. [MQTT5-3.3.4-3] [MQTT5-3.3.4-4] [MQTT5-3.3.4-5] */
export function identifierProperties(ids: readonly number[]): Uint8Array {
  if (ids.length === 0) return NONE;
  const bytes = new Uint8Array(ids.length * 5);
  let at = 0;
  for (const id of ids) {
    bytes[at] = PROPERTY.SUBSCRIPTION_ID;
    at = putLength(bytes, at + 1, id);
  }
  return bytes.slice(0, at);
}
