import { isUtf8 } from "node:buffer";

/** Control packet types: the upper four bits of the first byte. [MQTT-2.2.1] */
export const PACKET = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  SUBACK: 9,
  UNSUBSCRIBE: 10,
  UNSUBACK: 11,
  PINGREQ: 12,
  PINGRESP: 13,
  DISCONNECT: 14,
  AUTH: 15,
} as const;

/** A quality of service. */
export type Qos = 0 | 1 | 2;

/** CONNACK return codes. [MQTT-3.2.2.3] */
export const CONNACK = {
  ACCEPTED: 0,
  UNACCEPTABLE_VERSION: 1,
  IDENTIFIER_REJECTED: 2,
  SERVER_UNAVAILABLE: 3,
  BAD_CREDENTIALS: 4,
  NOT_AUTHORIZED: 5,
} as const;

/** The SUBACK code of a filter that was refused. [MQTT-3.9.3] */
export const SUBACK_FAILURE = 0x80;

/** Bits of a PUBLISH's first byte. */
export const RETAIN_BIT = 0x01;
/** The DUP flag in the first byte of a PUBLISH. [MQTT-3.3.1.1] */
export const DUP_BIT = 0x08;
/** First byte of a PUBLISH without flags: QoS 0, no DUP, no RETAIN. */
export const PLAIN_PUBLISH = 0x30;

/** How many bytes a remaining length takes. [MQTT-2.2.3] */
export function lengthBytes(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x4000) return 2;
  return length < 0x20_0000 ? 3 : 4;
}

/** Writes a remaining length and returns the index behind it. */
export function putLength(block: Uint8Array, at: number, length: number): number {
  let rest = length;
  let next = at;
  while (rest > 0x7f) {
    block[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  block[next++] = rest;
  return next;
}

/** Bytes of its own, to write into: the `slice` of a Buffer would be a view. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, start, end);
}

/** Up to so many bytes a loop is faster than calls into the runtime. */
const SHORT_TEXT = 64;

/**
 * Whether bytes are a UTF-8 string as MQTT wants it: well formed, no surrogates, no U+0000.
 * [MQTT-1.5.3-1] [MQTT-1.5.3-2]
 */
export function isMqttString(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= SHORT_TEXT) {
    let at = start;
    while (at < end && bytes[at]! > 0 && bytes[at]! < 0x80) at += 1;
    if (at === end) return true; // short and ASCII, as nearly all are
  }
  const text = bytes.subarray(start, end);
  return isUtf8(text) && !text.includes(0);
}

/** Bytes that are well-formed UTF-8, as text. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}
