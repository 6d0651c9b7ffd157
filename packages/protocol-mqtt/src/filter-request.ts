import { PacketFields } from "./packet-fields.ts";
import { PROPERTY, PropertyCursor } from "./properties.ts";
import { malformed, violation } from "./reasons.ts";
import { copyBytes, PACKET, type Qos } from "./wire.ts";

/** What a client wants of one topic filter. [MQTT5-3.8.3.1] */
export interface FilterOptions {
  readonly qos: Qos;
  /** Whether it does not want what it publishes itself. */
  readonly noLocal: boolean;
  /** Whether it wants to see whether messages were published to be retained. */
  readonly retainAsPublished: boolean;
  /** 0: wants retained messages; 1: only with a new subscription; 2: not. */
  readonly retainHandling: number;
  /** 0: none. */
  readonly identifier: number;
}

/** One entry of a SUBSCRIBE. */
export interface FilterWish extends FilterOptions {
  readonly text: string;
}

/** A SUBSCRIBE as it was read. */
export interface SubscribePacket {
  readonly packetId: number;
  readonly filters: readonly FilterWish[];
}

/** An UNSUBSCRIBE as it was read. */
export interface UnsubscribePacket {
  readonly packetId: number;
  readonly filters: readonly string[];
}

/** Where a packet lies: its variable header begins at `bodyStart`. */
export interface PacketPlace {
  readonly bodyStart: number;
  readonly end: number;
}

/**
 * Reads a SUBSCRIBE. [MQTT-3.8.3-1] [MQTT-3.8.3-3] [MQTT-3.8.3-4] [MQTT5-3.8.3-1] [MQTT5-3.8.3-2] [MQTT5-3.8.3-5]
 * @param filtersMax most filters in it
 * @throws PacketError
 */
export function readSubscribe(
  bytes: Uint8Array,
  place: PacketPlace,
  level: number,
  filtersMax: number,
): SubscribePacket {
  const fields = begin(bytes, place, "SUBSCRIBE");
  const packetId = readId(fields, "SUBSCRIBE");
  const identifier = level === 5 ? readIdentifier(fields, PACKET.SUBSCRIBE) : 0;
  const filters: FilterWish[] = [];
  while (!fields.atEnd) {
    checkCount(filters.length, filtersMax);
    const text = fields.string("topic filter");
    filters.push({ text, ...readOptions(fields.byte("options"), level), identifier });
  }
  if (filters.length === 0) throw violation("A SUBSCRIBE names no topic filter.");
  return { packetId, filters };
}

/**
 * Reads an UNSUBSCRIBE. [MQTT-3.10.3-1] [MQTT-3.10.3-2] [MQTT5-3.10.3-1] [MQTT5-3.10.3-2]
 * @param filtersMax most filters in it
 * @throws PacketError
 */
export function readUnsubscribe(
  bytes: Uint8Array,
  place: PacketPlace,
  level: number,
  filtersMax: number,
): UnsubscribePacket {
  const fields = begin(bytes, place, "UNSUBSCRIBE");
  const packetId = readId(fields, "UNSUBSCRIBE");
  if (level === 5) readIdentifier(fields, PACKET.UNSUBSCRIBE);
  const filters: string[] = [];
  while (!fields.atEnd) {
    checkCount(filters.length, filtersMax);
    filters.push(fields.string("topic filter"));
  }
  if (filters.length === 0) throw violation("An UNSUBSCRIBE names no topic filter.");
  return { packetId, filters };
}

function begin(bytes: Uint8Array, { bodyStart, end }: PacketPlace, packet: string): PacketFields {
  return new PacketFields(copyBytes(bytes, bodyStart, end), 0, packet);
}

/** [MQTT-2.3.1-1] [MQTT5-2.2.1-3] */
function readId(fields: PacketFields, packet: string): number {
  const packetId = fields.twoBytes("packet id");
  if (packetId === 0) throw violation(`A ${packet} has packet id 0.`);
  return packetId;
}

function readIdentifier(fields: PacketFields, type: number): number {
  const end = fields.propertiesEnd();
  const cursor = new PropertyCursor();
  let identifier = 0;
  cursor.begin(type);
  while (fields.at < end) {
    fields.at = cursor.next(fields.bytes, fields.at, end);
    if (cursor.id === PROPERTY.SUBSCRIPTION_ID) identifier = cursor.number;
  }
  return identifier;
}

function readOptions(byte: number, level: number): Omit<FilterOptions, "identifier"> {
  const qos = byte & 0x03;
  const reserved = level === 5 ? 0xc0 : 0xfc;
  const retainHandling = level === 5 ? (byte >> 4) & 0x03 : 0;
  if (qos === 3 || (byte & reserved) !== 0) throw malformed(`A SUBSCRIBE has the options ${byte}.`);
  if (retainHandling === 3) throw violation("A SUBSCRIBE asks for retain handling 3.");
  const is5 = level === 5;
  const noLocal = is5 && (byte & 0x04) !== 0;
  const retainAsPublished = is5 && (byte & 0x08) !== 0;
  return { qos: qos as Qos, noLocal, retainAsPublished, retainHandling };
}

function checkCount(count: number, max: number): void {
  if (count < max) return;
  throw violation(`A packet names more than ${max} topic filters (max_filters_per_packet).`);
}
