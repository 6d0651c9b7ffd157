import { malformed, REASON, violation } from "./reasons.ts";
import { isMqttString, PACKET } from "./wire.ts";

/** Identifiers of properties. [MQTT5-2.2.2.2] */
export const PROPERTY = {
  PAYLOAD_FORMAT: 1,
  MESSAGE_EXPIRY: 2,
  CONTENT_TYPE: 3,
  RESPONSE_TOPIC: 8,
  CORRELATION_DATA: 9,
  SUBSCRIPTION_ID: 11,
  SESSION_EXPIRY: 17,
  AUTHENTICATION_METHOD: 21,
  AUTHENTICATION_DATA: 22,
  REQUEST_PROBLEM_INFORMATION: 23,
  WILL_DELAY: 24,
  REQUEST_RESPONSE_INFORMATION: 25,
  SERVER_REFERENCE: 28,
  REASON_STRING: 31,
  RECEIVE_MAXIMUM: 33,
  TOPIC_ALIAS_MAXIMUM: 34,
  TOPIC_ALIAS: 35,
  USER: 38,
  MAXIMUM_PACKET_SIZE: 39,
} as const;

/** How the value of a property is encoded. */
const BYTE = 1;
const TWO_BYTES = 2;
const FOUR_BYTES = 3;
const VARIABLE = 4;
const STRING = 5;
const BINARY = 6;
const PAIR = 7;

const ID_MAX = 42;

function tableOf(entries: Readonly<Record<number, number>>): Uint8Array {
  const table = new Uint8Array(ID_MAX + 1);
  for (const [id, value] of Object.entries(entries)) table[Number(id)] = value;
  return table;
}

const KINDS: Uint8Array = tableOf({
  1: BYTE,
  2: FOUR_BYTES,
  3: STRING,
  8: STRING,
  9: BINARY,
  11: VARIABLE,
  17: FOUR_BYTES,
  18: STRING,
  19: TWO_BYTES,
  21: STRING,
  22: BINARY,
  23: BYTE,
  24: FOUR_BYTES,
  25: BYTE,
  26: STRING,
  28: STRING,
  31: STRING,
  33: TWO_BYTES,
  34: TWO_BYTES,
  35: TWO_BYTES,
  36: BYTE,
  37: BYTE,
  38: PAIR,
  39: FOUR_BYTES,
  40: BYTE,
  41: BYTE,
  42: BYTE,
});

function allow(...ids: number[]): Uint8Array {
  return tableOf(Object.fromEntries(ids.map((id) => [id, 1])));
}

/** Properties a client may send, by packet type; a will has a table of its own. */
const ALLOWED: readonly (Uint8Array | undefined)[] = (() => {
  const tables: (Uint8Array | undefined)[] = new Array<undefined>(16).fill(undefined);
  tables[PACKET.CONNECT] = allow(17, 21, 22, 23, 25, 33, 34, 38, 39);
  tables[PACKET.PUBLISH] = allow(1, 2, 3, 8, 9, 11, 35, 38);
  for (const type of [PACKET.PUBACK, PACKET.PUBREC, PACKET.PUBREL, PACKET.PUBCOMP]) {
    tables[type] = allow(31, 38);
  }
  tables[PACKET.SUBSCRIBE] = allow(11, 38);
  tables[PACKET.UNSUBSCRIBE] = allow(38);
  tables[PACKET.DISCONNECT] = allow(17, 31, 38);
  tables[PACKET.AUTH] = allow(21, 22, 31, 38);
  return tables;
})();
const ALLOWED_IN_WILL: Uint8Array = allow(1, 2, 3, 8, 9, 24, 38);

/** Stands for the properties of a will, which are a part of CONNECT. */
export const WILL_PROPERTIES = 0;

/**
 * Walks over the properties of a packet, checking each. Nothing is allocated: the property read last is in the
 * fields. Begin with {@link PropertyCursor.begin}, then call {@link PropertyCursor.next} as long as there are bytes.
 */
export class PropertyCursor {
  /** Which property it is. */
  id = 0;
  /** Its value, if it is a number. */
  number = 0;
  /** Where its value lies, without length bytes; for a pair where the name lies. */
  start = 0;
  end = 0;
  /** Where the value of a pair lies. */
  valueStart = 0;
  valueEnd = 0;
  #allowed: Uint8Array = ALLOWED_IN_WILL;
  #seenLow = 0;
  #seenHigh = 0;

  /** @param type packet type, or {@link WILL_PROPERTIES} */
  begin(type: number): void {
    this.#allowed = type === WILL_PROPERTIES ? ALLOWED_IN_WILL : ALLOWED[type]!;
    this.#seenLow = 0;
    this.#seenHigh = 0;
  }

  /**
   * Reads the property that begins at `at`; returns the index behind it.
   * @throws PacketError for properties that are unknown, in the wrong packet, twice there, or have a wrong value
   */
  next(bytes: Uint8Array, at: number, limit: number): number {
    const id = bytes[at]!;
    const kind = id <= ID_MAX ? KINDS[id]! : 0;
    if (kind === 0 || this.#allowed[id] === 0) {
      throw malformed(`Property ${id} is unknown, or does not belong to this packet.`);
    }
    this.id = id;
    if (kind !== PAIR) this.#once(id);
    const next = this.#value(kind, bytes, at + 1, limit);
    if (kind < STRING) checkNumber(id, this.number);
    return next;
  }

  #once(id: number): void {
    const bit = 1 << (id & 31);
    const seen = id < 32 ? this.#seenLow : this.#seenHigh;
    if ((seen & bit) !== 0) throw violation(`Property ${id} is there twice.`);
    if (id < 32) this.#seenLow |= bit;
    else this.#seenHigh |= bit;
  }

  #value(kind: number, bytes: Uint8Array, at: number, limit: number): number {
    switch (kind) {
      case BYTE:
        return this.#fixed(bytes, at, 1, limit);
      case TWO_BYTES:
        return this.#fixed(bytes, at, 2, limit);
      case FOUR_BYTES:
        return this.#fixed(bytes, at, 4, limit);
      case VARIABLE: {
        const next = readVariable(bytes, at, limit);
        this.number = variableAt(bytes, at);
        return next;
      }
      default: {
        const next = this.#text(bytes, at, limit, kind !== BINARY);
        if (kind !== PAIR) return next;
        const { start, end } = this;
        const behind = this.#text(bytes, next, limit, true);
        this.valueStart = this.start;
        this.valueEnd = this.end;
        this.start = start;
        this.end = end;
        return behind;
      }
    }
  }

  #fixed(bytes: Uint8Array, at: number, length: number, limit: number): number {
    if (at + length > limit) throw malformed(`Property ${this.id} ends behind its packet's properties.`);
    let value = 0;
    for (let index = at; index < at + length; index += 1) value = value * 256 + bytes[index]!;
    this.number = value;
    return at + length;
  }

  /** [MQTT5-1.5.4-1] [MQTT5-1.5.4-2] [MQTT5-1.5.7-1] */
  #text(bytes: Uint8Array, at: number, limit: number, isText: boolean): number {
    const start = at + 2;
    const end = start > limit ? start : start + ((bytes[at]! << 8) | bytes[at + 1]!);
    if (end > limit) throw malformed(`Property ${this.id} ends behind its packet's properties.`);
    if (isText && !isMqttString(bytes, start, end)) {
      throw malformed(`Property ${this.id} is not well-formed UTF-8 or contains U+0000.`);
    }
    this.start = start;
    this.end = end;
    return end;
  }
}

/** Values that the standard calls protocol errors. */
function checkNumber(id: number, value: number): void {
  switch (id) {
    case PROPERTY.PAYLOAD_FORMAT:
    case PROPERTY.REQUEST_PROBLEM_INFORMATION:
    case PROPERTY.REQUEST_RESPONSE_INFORMATION:
      if (value > 1) throw violation(`Property ${id} is ${value}; it is 0 or 1.`);
      return;
    case PROPERTY.RECEIVE_MAXIMUM:
    case PROPERTY.MAXIMUM_PACKET_SIZE:
    case PROPERTY.SUBSCRIPTION_ID:
      if (value === 0) throw violation(`Property ${id} is 0.`);
      return;
    case PROPERTY.TOPIC_ALIAS: // [MQTT5-3.3.2-8]
      if (value === 0) throw violation("A topic alias is 0.", REASON.TOPIC_ALIAS_INVALID);
  }
}

/**
 * Checks a variable byte integer and returns the index behind it. [MQTT5-1.5.5-1]
 * @throws PacketError malformed when it is longer than it need be, or cut off
 */
export function readVariable(bytes: Uint8Array, at: number, limit: number): number {
  let next = at;
  while (next < limit && bytes[next]! > 0x7f) next += 1;
  if (next >= limit) throw malformed("A packet ends within a variable byte integer.");
  if (next - at > 3) throw malformed("A variable byte integer has more than four bytes.");
  if (next > at && bytes[next] === 0) throw malformed("A variable byte integer is longer than it need be.");
  return next + 1;
}

/** The value of a variable byte integer that was checked. */
export function variableAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  let index = at;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[index++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}
