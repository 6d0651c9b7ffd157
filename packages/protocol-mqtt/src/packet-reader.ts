import { type Packet, type Parser, parser } from "mqtt-packet";
import { copyBytes, isMqttString, PACKET, violation } from "./wire.ts";

/** A SUBSCRIBE or UNSUBSCRIBE as it was read. */
export interface FilterRequest {
  readonly packetId: number;
  readonly filters: readonly { readonly text: string; readonly qos: 0 | 1 | 2 }[];
}

/**
 * Reads the infrequent packets with `mqtt-packet`, one whole packet at a time, and adds the checks it leaves to
 * its user. One object serves every connection of an adapter: a call leaves nothing behind.
 */
export class PacketReader {
  readonly #filtersMax: number;
  #parser: Parser | undefined;
  #packet: Packet | undefined;
  #error: unknown;

  /** @param filtersMax most topic filters in one packet */
  constructor(filtersMax: number) {
    this.#filtersMax = filtersMax;
  }

  /**
   * Reads one whole packet; the result does not refer to the bytes.
   * @throws BrokerError PROTOCOL_VIOLATION with the parser's reason
   */
  read(bytes: Uint8Array, start: number, end: number): Packet {
    this.#packet = undefined;
    this.#error = undefined;
    const reading = this.#parser ?? this.#makeParser();
    const left = reading.parse(Buffer.from(bytes.subarray(start, end)));
    const packet = this.#packet as Packet | undefined;
    if (this.#error !== undefined || packet === undefined || left !== 0) {
      this.#parser = undefined; // whatever it kept of the broken packet goes with it
      const reason = this.#error instanceof Error ? this.#error.message : "it is not one whole packet";
      throw violation(`A packet cannot be read: ${reason}.`);
    }
    return packet;
  }

  /**
   * Reads a SUBSCRIBE or UNSUBSCRIBE whose variable header begins at `bodyStart`. [MQTT-3.8.3-1] [MQTT-3.8.3-3]
   * [MQTT-3.8.3-4] [MQTT-3.10.3-1] [MQTT-3.10.3-2]
   * @throws BrokerError PROTOCOL_VIOLATION, also for more filters than allowed
   */
  readFilters(bytes: Uint8Array, start: number, bodyStart: number, end: number): FilterRequest {
    const copy = copyBytes(bytes, start, end);
    copy[0]! &= 0xf7; // DUP, which only MQTT 3.1 knows here and the decoder let through for it
    const suffixBytes = copy[0]! >> 4 === PACKET.SUBSCRIBE ? 1 : 0;
    checkFilterBytes(copy, bodyStart - start + 2, suffixBytes, this.#filtersMax);
    const packet = this.read(copy, 0, copy.length);
    const packetId = packet.messageId ?? 0;
    if (packetId <= 0) throw violation(`A ${packet.cmd} has no packet id.`); // [MQTT-2.3.1-1]
    const filters: { text: string; qos: 0 | 1 | 2 }[] = [];
    if (packet.cmd === "subscribe") {
      for (const one of packet.subscriptions) filters.push({ text: one.topic, qos: one.qos });
    } else if (packet.cmd === "unsubscribe") {
      for (const text of packet.unsubscriptions) filters.push({ text, qos: 0 });
    }
    if (filters.length === 0) throw violation(`A ${packet.cmd} names no topic filter.`);
    return { packetId, filters };
  }

  #makeParser(): Parser {
    const made = parser({ protocolVersion: 4 });
    made.on("packet", (packet) => {
      this.#packet = packet;
    });
    made.on("error", (error: unknown) => {
      this.#error = error;
    });
    this.#parser = made;
    return made;
  }
}

/**
 * The parser replaces malformed UTF-8 and reads any number of filters, so both are checked in the bytes, before it
 * runs. [MQTT-1.5.3-1]
 */
function checkFilterBytes(bytes: Uint8Array, start: number, suffixBytes: number, filtersMax: number): void {
  const end = bytes.length;
  let at = start;
  let count = 0;
  while (at + 2 <= end) {
    count += 1;
    if (count > filtersMax) {
      throw violation(`A packet names more than ${filtersMax} topic filters (max_filters_per_packet).`);
    }
    const textEnd = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
    if (textEnd + suffixBytes > end) throw violation("A topic filter is longer than its packet.");
    if (!isMqttString(bytes, at + 2, textEnd)) {
      throw violation("A topic filter is not well-formed UTF-8 or contains U+0000.");
    }
    at = textEnd + suffixBytes;
  }
  if (at !== end) throw violation("A packet has bytes behind its last topic filter.");
}
