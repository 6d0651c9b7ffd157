import type { Message, Output } from "@tsapollo/domain";
import { MQTT_CODEC_ID, MQTT5_CODEC_ID, nameStart } from "./content.ts";
import { sameBytes } from "./topic-cache.ts";
import { lengthBytes, PLAIN_PUBLISH, putLength } from "./wire.ts";

/** The wire form that other protocols' messages are remembered in: a PUBLISH of QoS 0 without flags. */
export const PLAIN_FORM = "mqtt:q0";
/** Largest remaining length. [MQTT-2.2.3] */
export const REMAINING_MAX = 268_435_455;
/** Packets up to here are put together in the output block; the payload of larger ones goes in by itself. */
export const BUILD_MAX = 2_048;
/** Up to here a loop (1 ns a byte) is faster than `TypedArray.set` (40 ns); measured with Node 20. */
const LOOP_MAX = 32;
/** Larger bodies of other protocols are not remembered as a wire form: the copy would cost more than it saves. */
const FORM_BODY_MAX = 16_384;

/**
 * Writes a message as a PUBLISH of MQTT 3.1 or 3.1.1. A packet that is already what is wanted goes out as it came
 * in; everything else is one pass over its bytes.
 * @param name the topic name with its length bytes
 * @param first the first byte, flags included
 * @param packetId for QoS 1 and 2, else ignored
 * @returns `false`: no packet can carry it, nothing was written
 */
export function writePublish(
  output: Output,
  message: Message,
  name: Uint8Array,
  first: number,
  packetId: number,
): boolean {
  const { id } = message.codec;
  if (id !== MQTT_CODEC_ID && id !== MQTT5_CODEC_ID)
    return writeForeign(output, message, name, first, packetId);
  const { bytes, start, bodyStart, bodyEnd } = message;
  if (bytes[start] === first && (first & 0x06) === 0 && isNamed(bytes, start, bodyStart, name)) {
    output.write(bytes, start, bodyEnd, !message.borrowed);
    return true;
  }
  return build(output, name, first, packetId, bytes, bodyStart, bodyEnd, !message.borrowed);
}

/** A whole PUBLISH of MQTT 3.1 or 3.1.1 as bytes of its own. */
export function encodePublish(
  name: Uint8Array,
  first: number,
  packetId: number,
  body: Uint8Array,
): Uint8Array {
  const remaining = name.length + ((first & 0x06) === 0 ? 0 : 2) + body.length;
  const bytes = new Uint8Array(1 + lengthBytes(remaining) + remaining);
  const at = putHead(bytes, 0, name, first, packetId, remaining);
  bytes.set(body, at);
  return bytes;
}

function writeForeign(
  output: Output,
  message: Message,
  name: Uint8Array,
  first: number,
  packetId: number,
): boolean {
  const body = foreignBody(message, name);
  const { bytes, start, end } = body;
  if (first === PLAIN_PUBLISH && start > 0 && isNamed(bytes, 0, start, name)) {
    output.write(bytes, 0, end, body.owned);
    return true;
  }
  return build(output, name, first, packetId, bytes, start, end, body.owned);
}

/** Where a payload lies. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Whether the bytes do not change any more. */
  readonly owned: boolean;
}

/**
 * The payload of a message. Other protocols' small ones are decoded once and remembered as a packet.
 * @param name the topic name of that packet, with its length bytes
 */
export function bodyOf(message: Message, name: Uint8Array): Body {
  const { id } = message.codec;
  if (id !== MQTT_CODEC_ID && id !== MQTT5_CODEC_ID) return foreignBody(message, name);
  const { bytes, bodyStart, bodyEnd, borrowed } = message;
  return { bytes, start: bodyStart, end: bodyEnd, owned: !borrowed };
}

function foreignBody(message: Message, name: Uint8Array): Body {
  const known = message.wireForm(PLAIN_FORM);
  if (known !== undefined)
    return { bytes: known, start: payloadStart(known), end: known.length, owned: true };
  const { body } = message.codec.toNeutral(message);
  if (body.length > FORM_BODY_MAX) {
    return { bytes: body, start: 0, end: body.length, owned: !message.borrowed };
  }
  const form = encodePublish(name, PLAIN_PUBLISH, 0, body);
  message.rememberWireForm(PLAIN_FORM, form);
  return { bytes: form, start: payloadStart(form), end: form.length, owned: true };
}

function payloadStart(plain: Uint8Array): number {
  const at = nameStart(plain, 0);
  return at + 2 + ((plain[at]! << 8) | plain[at + 1]!);
}
/** Whether the topic name of a PUBLISH of QoS 0 is this one. */
function isNamed(bytes: Uint8Array, start: number, bodyStart: number, name: Uint8Array): boolean {
  const at = nameStart(bytes, start);
  return at + name.length === bodyStart && sameBytes(name, bytes, at);
}

function build(
  output: Output,
  name: Uint8Array,
  first: number,
  packetId: number,
  bytes: Uint8Array,
  bodyStart: number,
  bodyEnd: number,
  owned: boolean,
): boolean {
  const remaining = name.length + ((first & 0x06) === 0 ? 0 : 2) + bodyEnd - bodyStart;
  if (remaining > REMAINING_MAX) return false;
  if (remaining <= BUILD_MAX) {
    const block = output.reserve(remaining + 5);
    const at = putHead(block, output.used, name, first, packetId, remaining);
    output.used = copy(block, at, bytes, bodyStart, bodyEnd);
    return true;
  }
  if (name.length <= BUILD_MAX) {
    const block = output.reserve(name.length + 7);
    output.used = putHead(block, output.used, name, first, packetId, remaining);
  } else {
    const head = new Uint8Array(name.length + 7);
    output.write(head, 0, putHead(head, 0, name, first, packetId, remaining), true);
  }
  output.write(bytes, bodyStart, bodyEnd, owned);
  return true;
}

function putHead(
  block: Uint8Array,
  start: number,
  name: Uint8Array,
  first: number,
  packetId: number,
  remaining: number,
): number {
  block[start] = first;
  let at = copy(block, putLength(block, start + 1, remaining), name, 0, name.length);
  if ((first & 0x06) !== 0) {
    block[at++] = packetId >> 8;
    block[at++] = packetId & 0xff;
  }
  return at;
}

/** Copies bytes into a block; returns the index behind them. */
export function copy(block: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > LOOP_MAX) block.set(bytes.subarray(start, end), at);
  else for (let offset = 0; offset < length; offset += 1) block[at + offset] = bytes[start + offset]!;
  return at + length;
}

/**
 * Writes PUBACK, PUBREC, PUBREL or PUBCOMP; `first` is its first byte.
 * @param reason of MQTT 5.0; 0 is not written, as before [MQTT5-3.4.2.1]
 */
export function writeAck(output: Output, first: number, packetId: number, reason = 0): void {
  const block = output.reserve(5);
  const at = output.used;
  block[at] = first;
  block[at + 1] = reason === 0 ? 2 : 3;
  block[at + 2] = packetId >> 8;
  block[at + 3] = packetId & 0xff;
  block[at + 4] = reason;
  output.used = at + (reason === 0 ? 4 : 5);
}
