import { BrokerError } from "@tsapollo/domain";
import { PACKET, violation } from "./wire.ts";

/** What {@link PacketDecoder.decode} says when the packet has not arrived entirely. */
export const INCOMPLETE = 0;

const RESERVED_FLAGS: readonly number[] = [-1, 0, -1, -1, 0, 0, 2, 0, 2, -1, 2, -1, 0, -1, 0, -1];

/** Fixed fields, then at most five strings of 65535 bytes. */
const CONNECT_BYTES_MAX = 12 + 5 * (2 + 65_535);

/** Which first bytes a client may send. [MQTT-2.2.2-1] [MQTT-3.3.1-2] [MQTT-3.3.1-4] */
function firstBytes(allowDup: boolean): Uint8Array {
  const allowed = new Uint8Array(256);
  for (let type = 1; type < 15; type += 1) {
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

const FIRST_BYTES_311: Uint8Array = firstBytes(false);
const FIRST_BYTES_31: Uint8Array = firstBytes(true);

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
  /** After {@link INCOMPLETE}: how many bytes from the start on must be there; 0: any more. */
  wanted = 0;
  readonly #messageMax: number;
  readonly #controlMax: number;

  /**
   * @param messageMax longest body of a PUBLISH
   * @param controlMax longest body of any other packet
   */
  constructor(messageMax: number, controlMax: number) {
    this.#messageMax = messageMax;
    this.#controlMax = controlMax;
  }

  /**
   * Reads the packet that begins at `start`; returns its type, or {@link INCOMPLETE}.
   * @param level the connection's protocol level; 3 allows DUP where MQTT 3.1 does
   * @throws BrokerError PROTOCOL_VIOLATION, FRAME_TOO_LARGE, as early as the bytes tell
   */
  decode(bytes: Uint8Array, start: number, end: number, level: number): number {
    const first = bytes[start]!;
    if ((level === 3 ? FIRST_BYTES_31 : FIRST_BYTES_311)[first] === 0) throw badFirstByte(first);
    let at = start + 1;
    let length = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte > 0x7f) {
      if (shift === 28) throw violation("The remaining length has more than four bytes.");
      if (at === end) return this.#incomplete(0);
      byte = bytes[at++]!;
      length |= (byte & 0x7f) << shift;
      shift += 7;
    }
    const type = first >> 4;
    const packetEnd = at + length;
    if (packetEnd > end) {
      this.#checkLength(type, length);
      return this.#incomplete(packetEnd - start);
    }
    this.first = first;
    this.bodyStart = at;
    this.end = packetEnd;
    if (type === PACKET.PUBLISH) this.#readPublish(bytes, at, packetEnd, length);
    else if (type >= PACKET.PUBACK && type <= PACKET.PUBCOMP) this.#readAck(bytes, at, length);
    else this.#checkLength(type, length);
    return type;
  }

  #readPublish(bytes: Uint8Array, at: number, end: number, length: number): void {
    if (length > this.#messageMax) throw tooLarge(length, this.#messageMax, "max_message_length");
    if (length < 2) throw violation("A PUBLISH ends before its topic name.");
    const topicStart = at + 2;
    const topicEnd = topicStart + ((bytes[at]! << 8) | bytes[at + 1]!);
    let payloadStart = topicEnd;
    this.packetId = 0;
    if ((this.first & 0x06) !== 0) {
      payloadStart += 2;
      if (payloadStart <= end) {
        this.packetId = (bytes[topicEnd]! << 8) | bytes[topicEnd + 1]!;
        if (this.packetId === 0) throw violation("A PUBLISH has packet id 0."); // [MQTT-2.3.1-1]
      }
    }
    if (payloadStart > end) throw violation("A PUBLISH ends within its topic name or packet id.");
    this.topicStart = topicStart;
    this.topicEnd = topicEnd;
    this.payloadStart = payloadStart;
  }

  #readAck(bytes: Uint8Array, at: number, length: number): void {
    if (length !== 2)
      throw violation(`An acknowledgement has ${length} bytes behind its header instead of 2.`);
    this.packetId = (bytes[at]! << 8) | bytes[at + 1]!;
    if (this.packetId === 0) throw violation("An acknowledgement has packet id 0.");
  }

  #checkLength(type: number, length: number): void {
    if (type === PACKET.PUBLISH) {
      if (length > this.#messageMax) throw tooLarge(length, this.#messageMax, "max_message_length");
    } else if (type >= PACKET.PUBACK && type <= PACKET.PUBCOMP) {
      if (length !== 2) throw violation(`An acknowledgement announces ${length} bytes instead of 2.`);
    } else if (type === PACKET.PINGREQ || type === PACKET.DISCONNECT) {
      if (length !== 0) throw violation(`A PINGREQ or DISCONNECT announces ${length} bytes instead of none.`);
    } else if (type === PACKET.CONNECT && length > CONNECT_BYTES_MAX) {
      throw violation(
        `A CONNECT announces ${length} bytes; no content needs more than ${CONNECT_BYTES_MAX}.`,
      );
    } else if (length > this.#controlMax) {
      throw tooLarge(length, this.#controlMax, "max_control_length");
    }
  }

  #incomplete(wanted: number): number {
    this.wanted = wanted;
    return INCOMPLETE;
  }
}

function badFirstByte(first: number): BrokerError {
  const hex = first.toString(16).padStart(2, "0");
  return violation(`No packet that a client may send begins with 0x${hex}: its type or its flags are wrong.`);
}

function tooLarge(length: number, max: number, option: string): BrokerError {
  return new BrokerError("FRAME_TOO_LARGE", `A packet of ${length} bytes exceeds ${option} ${max}.`);
}
