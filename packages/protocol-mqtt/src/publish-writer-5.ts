import type { Message, Output } from "@tsapollo/domain";
import { MQTT5_CODEC_ID, nameStart } from "./content.ts";
import { PROPERTY } from "./properties.ts";
import { NONE } from "./property-bytes.ts";
import { BUILD_MAX, bodyOf, copy, REMAINING_MAX } from "./publish-writer.ts";
import { sameBytes } from "./topic-cache.ts";
import { lengthBytes, putLength } from "./wire.ts";

/** What one subscriber's PUBLISH has besides what all get. One object per connection, filled in for each packet. */
export class OwnProperties {
  /** Seconds the message has left; -1: it does not expire. */
  expirySeconds = -1;
  /** 0: none. */
  alias = 0;
  /** Subscription identifiers, encoded. */
  identifiers: Uint8Array = NONE;

  get length(): number {
    return (this.expirySeconds === -1 ? 0 : 5) + (this.alias === 0 ? 0 : 3) + this.identifiers.length;
  }

  /** Writes them; returns the index behind. */
  put(block: Uint8Array, start: number): number {
    let at = start;
    const { expirySeconds: seconds, alias } = this;
    if (seconds !== -1) {
      block[at] = PROPERTY.MESSAGE_EXPIRY;
      block[at + 1] = seconds >>> 24;
      block[at + 2] = (seconds >>> 16) & 0xff;
      block[at + 3] = (seconds >>> 8) & 0xff;
      block[at + 4] = seconds & 0xff;
      at += 5;
    }
    if (alias !== 0) {
      block[at] = PROPERTY.TOPIC_ALIAS;
      block[at + 1] = alias >> 8;
      block[at + 2] = alias & 0xff;
      at += 3;
    }
    return copy(block, at, this.identifiers, 0, this.identifiers.length);
  }
}

/** What is written, and how large it may be. */
export interface Publish5 {
  /** The topic name with its length bytes; only those when an alias says it. */
  readonly name: Uint8Array;
  /** The first byte, flags included. */
  readonly first: number;
  /** For QoS 1 and 2, else ignored. */
  readonly packetId: number;
  readonly own: OwnProperties;
  /** What all subscribers get, encoded. */
  readonly common: Uint8Array;
  /** Largest packet the client takes. [MQTT5-3.1.2-24] */
  readonly sizeMax: number;
}

/**
 * Writes a message as a PUBLISH of MQTT 5.0. A packet that is already what is wanted goes out as it came in;
 * everything else is one pass over its bytes.
 * @returns `false`: no packet can carry it to this client, nothing was written
 */
export function writePublish5(output: Output, message: Message, publish: Publish5): boolean {
  const { name, first, common, own } = publish;
  const { bytes, start, bodyStart, bodyEnd } = message;
  const is5 = message.codec.id === MQTT5_CODEC_ID;
  if (is5 && bytes[start] === first && (first & 0x06) === 0 && own.length === 0) {
    const at = nameStart(bytes, start);
    const length = bodyStart - at - name.length;
    const asItIs = length === lengthBytes(common.length) + common.length && sameBytes(name, bytes, at);
    if (asItIs) {
      if (bodyEnd - start > publish.sizeMax) return false;
      output.write(bytes, start, bodyEnd, !message.borrowed);
      return true;
    }
  }
  const body = bodyOf(message, name);
  return build(output, publish, body.bytes, body.start, body.end, body.owned);
}

function build(
  output: Output,
  publish: Publish5,
  bytes: Uint8Array,
  bodyStart: number,
  bodyEnd: number,
  owned: boolean,
): boolean {
  const { name, first, own, common } = publish;
  const properties = own.length + common.length;
  const idBytes = (first & 0x06) === 0 ? 0 : 2;
  const head = name.length + idBytes + lengthBytes(properties) + properties;
  const remaining = head + bodyEnd - bodyStart;
  if (remaining > REMAINING_MAX || 1 + lengthBytes(remaining) + remaining > publish.sizeMax) return false;
  if (remaining <= BUILD_MAX) {
    const block = output.reserve(remaining + 5);
    const at = putHead(block, output.used, publish, remaining, properties);
    output.used = copy(block, at, bytes, bodyStart, bodyEnd);
    return true;
  }
  if (head <= BUILD_MAX) {
    const block = output.reserve(head + 5);
    output.used = putHead(block, output.used, publish, remaining, properties);
  } else {
    const block = new Uint8Array(head + 5);
    output.write(block, 0, putHead(block, 0, publish, remaining, properties), true);
  }
  output.write(bytes, bodyStart, bodyEnd, owned);
  return true;
}

function putHead(
  block: Uint8Array,
  start: number,
  { name, first, packetId, own, common }: Publish5,
  remaining: number,
  properties: number,
): number {
  block[start] = first;
  let at = copy(block, putLength(block, start + 1, remaining), name, 0, name.length);
  if ((first & 0x06) !== 0) {
    block[at++] = packetId >> 8;
    block[at++] = packetId & 0xff;
  }
  at = putLength(block, at, properties);
  if (properties === 0) return at;
  return copy(block, own.put(block, at), common, 0, common.length);
}

/** A whole PUBLISH of MQTT 5.0 as bytes of its own. */
export function encodePublish5(
  name: Uint8Array,
  first: number,
  packetId: number,
  properties: Uint8Array,
  body: Uint8Array,
): Uint8Array {
  const own = new OwnProperties();
  const publish: Publish5 = { name, first, packetId, own, common: properties, sizeMax: REMAINING_MAX };
  const idBytes = (first & 0x06) === 0 ? 0 : 2;
  const head = name.length + idBytes + lengthBytes(properties.length) + properties.length;
  const remaining = head + body.length;
  const bytes = new Uint8Array(1 + lengthBytes(remaining) + remaining);
  bytes.set(body, putHead(bytes, 0, publish, remaining, properties.length));
  return bytes;
}
