import { PropertyCursor, readVariable, variableAt } from "./properties.ts";
import { malformed, PacketError, REASON } from "./reasons.ts";
import { PACKET } from "./wire.ts";

/** What {@link PacketDecoder.decode} says when the packet has not arrived entirely. */
export const INCOMPLETE = 0;

const RESERVED_FLAGS: readonly number[] = [-1, 0, -1, -1, 0, 0, 2, 0, 2, -1, 2, -1, 0, -1, 0, 0];

/** Fixed fields, then at most five strings of 65535 bytes. */
const CONNECT_BYTES_MAX = 12 + 5 * (2 + 65_535);

/** Which first bytes a client may send. [MQTT-2.2.2-1] [MQTT-3.3.1-2] [MQTT-3.3.1-4] */
function firstBytes(allowDup: boolean, types: number): Uint8Array {
  const allowed = new Uint8Array(256);
  for (let type = 1; type <= types; type += 1) {
    const flags = RESERVED_FLAGS[type]!;
    if (flags === -1) continue;
    allowed[(type << 4) | flags] = 1;
    // MQTT 3.1 lets a client set DUP when it sends PUBREL, SUBSCRIBE or UNSUBSCRIBE again
    if (allowDup && flags === 2) allowed[(type << 4) | 0xa] = 1;
  }
  for (let flags = 0; flags < 16; flags += 1) {
    const qos = (flags >> 1) & 3;
    const dup = (flags & 8) !== 0;
    if (qos !== 3 && (qos !== 0 || !dup)) allowed[(PACKET.PUBLISH << 4) | flags] = 1;
  }
  return allowed;
}

const FIRST_BYTES_311: Uint8Array = firstBytes(false, PACKET.DISCONNECT);
/** By protocol level. */
const FIRST_BYTES: readonly Uint8Array[] = [
  FIRST_BYTES_311,
  FIRST_BYTES_311,
  FIRST_BYTES_311,
  firstBytes(true, PACKET.DISCONNECT),
  FIRST_BYTES_311,
  firstBytes(false, PACKET.AUTH),
];
/** Reason codes of PUBACK and PUBREC, and of PUBREL and PUBCOMP. [MQTT5-3.4.2-1] [MQTT5-3.5.2-1] */
const PUBLISH_REASONS: ReadonlySet<number> = new Set([0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]);
const RELEASE_REASONS: ReadonlySet<number> = new Set([0, REASON.PACKET_ID_NOT_FOUND]);

/**
 * Finds packets in a stream and reads the frequent ones in place: PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP and
 * PINGREQ. Nothing is copied or allocated; the result of a call is in the fields until the next. Of other
 * packets only the limits are found. Names and payloads are not looked at.
 *
 *     bytes ──┬───┬────────┬─┬───────┬────┬─────────┬──
 *           start │    topicStart topicEnd│         end
 *              bodyStart             [id] payloadStart
 */
export class PacketDecoder {
  /** The first byte, flags included. */
  first = 0;
  /** Where the packet's variable header begins. */
  bodyStart = 0;
  /** Where the next packet begins. */
  end = 0;
  /** The packet id of an acknowledgement or a PUBLISH with QoS; 0 for QoS 0. */
  packetId = 0;
  /** PUBLISH: the topic name's bytes. */
  topicStart = 0;
  topicEnd = 0;
  /** PUBLISH: the payload, up to `end`. */
  payloadStart = 0;
  /** PUBLISH of MQTT 5.0: its properties, up to `payloadStart`, unchecked; elsewhere nothing. */
  propertiesStart = 0;
  /** Acknowledgements of MQTT 5.0: the reason code; elsewhere 0. */
  reason = 0;
  readonly #cursor: PropertyCursor = new PropertyCursor();
  /** After {@link INCOMPLETE}: how many bytes from the start on must be there; 0: any more. */
  wanted = 0;
  readonly #messageMax: number;
  readonly #controlMax: number;

  /**
   * @param messageMax longest body of a PUBLISH
   * @param controlMax longest body of any other packet, and longest properties of a PUBLISH: somebody may have to make
   *   headers of them
   */
  constructor(messageMax: number, controlMax: number) {
    this.#messageMax = messageMax;
    this.#controlMax = controlMax;
  }

  /**
   * Reads the packet that begins at `start`; returns its type, or {@link INCOMPLETE}.
   * @param level the connection's protocol level: 3 allows DUP where MQTT 3.1 does, 5 has properties
   * @throws PacketError malformed, too large; as early as the bytes tell
   */
  decode(bytes: Uint8Array, start: number, end: number, level: number): number {
    const first = bytes[start]!;
    if (FIRST_BYTES[level]![first] === 0) throw badFirstByte(first);
    let at = start + 1;
    let length = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte > 0x7f) {
      if (shift === 28) throw malformed("The remaining length has more than four bytes.");
      if (at === end) return this.#incomplete(0);
      byte = bytes[at++]!;
      length |= (byte & 0x7f) << shift;
      shift += 7;
    }
    if (level === 5 && byte === 0 && shift > 7) {
      throw malformed("The remaining length is longer than it need be."); // [MQTT5-1.5.5-1]
    }
    const type = first >> 4;
    const packetEnd = at + length;
    if (packetEnd > end) {
      this.#checkLength(type, length, level);
      return this.#incomplete(packetEnd - start);
    }
    this.first = first;
    this.bodyStart = at;
    this.end = packetEnd;
    if (type === PACKET.PUBLISH) this.#readPublish(bytes, at, packetEnd, length, level);
    else if (type < PACKET.PUBACK || type > PACKET.PUBCOMP) this.#checkLength(type, length, level);
    else if (level === 5 && length > 2) this.#readReason(bytes, at, packetEnd, type);
    else this.#readAck(bytes, at, length);
    return type;
  }

  #readPublish(bytes: Uint8Array, at: number, end: number, length: number, level: number): void {
    if (length > this.#messageMax) throw tooLarge(length, this.#messageMax, "max_message_length");
    if (length < 2) throw malformed("A PUBLISH ends before its topic name.");
    const topicStart = at + 2;
    const topicEnd = topicStart + ((bytes[at]! << 8) | bytes[at + 1]!);
    let payloadStart = topicEnd;
    this.packetId = 0;
    if ((this.first & 0x06) !== 0) {
      payloadStart += 2;
      if (payloadStart <= end) {
        this.packetId = (bytes[topicEnd]! << 8) | bytes[topicEnd + 1]!;
        if (this.packetId === 0) throw malformed("A PUBLISH has packet id 0."); // [MQTT-2.3.1-1]
      }
    }
    if (payloadStart > end) throw malformed("A PUBLISH ends within its topic name or packet id.");
    this.topicStart = topicStart;
    this.topicEnd = topicEnd;
    this.propertiesStart = payloadStart;
    this.payloadStart = payloadStart;
    if (level === 5) this.#skipProperties(bytes, payloadStart, end);
  }

  /** The properties of a PUBLISH are read by whoever needs them; most have none. */
  #skipProperties(bytes: Uint8Array, at: number, end: number): void {
    if (at < end && bytes[at] === 0) {
      this.propertiesStart = at + 1;
      this.payloadStart = at + 1;
      return;
    }
    this.propertiesStart = readVariable(bytes, at, end);
    this.payloadStart = this.propertiesStart + variableAt(bytes, at);
    if (this.payloadStart > end) throw malformed("A PUBLISH ends within its properties.");
    const length = this.payloadStart - this.propertiesStart;
    if (length > this.#controlMax)
      throw tooLarge(length, this.#controlMax, "max_control_length", "properties");
  }

  /** An acknowledgement with a reason code, and perhaps properties, which say nothing to a broker. */
  #readReason(bytes: Uint8Array, at: number, end: number, type: number): void {
    this.#readAck(bytes, at, 2);
    this.reason = bytes[at + 2]!;
    const known = type === PACKET.PUBACK || type === PACKET.PUBREC ? PUBLISH_REASONS : RELEASE_REASONS;
    if (!known.has(this.reason)) throw malformed(`An acknowledgement has reason code ${this.reason}.`);
    if (at + 3 === end) return;
    checkProperties(this.#cursor, type, bytes, at + 3, end);
  }

  #readAck(bytes: Uint8Array, at: number, length: number): void {
    if (length !== 2)
      throw malformed(`An acknowledgement has ${length} bytes behind its header instead of 2.`);
    this.packetId = (bytes[at]! << 8) | bytes[at + 1]!;
    this.reason = 0;
    if (this.packetId === 0) throw malformed("An acknowledgement has packet id 0.");
  }

  #checkLength(type: number, length: number, level: number): void {
    if (type === PACKET.PUBLISH) {
      if (length > this.#messageMax) throw tooLarge(length, this.#messageMax, "max_message_length");
    } else if (type >= PACKET.PUBACK && type <= PACKET.PUBCOMP && level !== 5) {
      if (length !== 2) throw malformed(`An acknowledgement announces ${length} bytes instead of 2.`);
    } else if (type === PACKET.PINGREQ || (type === PACKET.DISCONNECT && level !== 5)) {
      if (length !== 0) throw malformed(`A PINGREQ or DISCONNECT announces ${length} bytes instead of none.`);
    } else if (type === PACKET.CONNECT) {
      const max = CONNECT_BYTES_MAX + 2 * this.#controlMax; // properties, and those of the will
      if (length > max)
        throw malformed(`A CONNECT announces ${length} bytes; no content needs more than ${max}.`);
    } else if (length > this.#controlMax) {
      throw tooLarge(length, this.#controlMax, "max_control_length");
    }
  }

  #incomplete(wanted: number): number {
    this.wanted = wanted;
    return INCOMPLETE;
  }
}

function badFirstByte(first: number): PacketError {
  const hex = first.toString(16).padStart(2, "0");
  return malformed(`No packet that a client may send begins with 0x${hex}: its type or its flags are wrong.`);
}

/**
 * Checks properties that say nothing to a broker, length in front.
 * @throws PacketError malformed, protocol error
 */
export function checkProperties(
  cursor: PropertyCursor,
  type: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  let at = readVariable(bytes, start, end);
  if (at + variableAt(bytes, start) !== end) throw malformed("A packet's properties do not fit its length.");
  cursor.begin(type);
  while (at < end) at = cursor.next(bytes, at, end);
}

/** [MQTT5-3.2.2-15] for the server's own maximum. */
function tooLarge(length: number, max: number, option: string, what: string = "a packet"): PacketError {
  const text = `The length of ${what}, ${length} bytes, exceeds ${option} ${max}.`;
  return new PacketError(REASON.PACKET_TOO_LARGE, text, "FRAME_TOO_LARGE");
}
