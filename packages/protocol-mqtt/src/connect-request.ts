import { PacketFields } from "./packet-fields.ts";
import { PROPERTY, PropertyCursor, WILL_PROPERTIES } from "./properties.ts";
import { NONE, withoutOwn } from "./property-bytes.ts";
import { malformed, violation } from "./reasons.ts";
import { sameBytes } from "./topic-cache.ts";
import { copyBytes, PACKET, type Qos, textOf } from "./wire.ts";

/** A message the client left for the case that its connection breaks. [MQTT-3.1.2.5] [MQTT5-3.1.2.5] */
export interface WillRequest {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  /** How long after the connection it is published, in seconds. */
  readonly delaySeconds: number;
  /** -1: it does not expire. */
  readonly expirySeconds: number;
  /** Its other properties, encoded. */
  readonly properties: Uint8Array;
}

/** A well-formed CONNECT. */
export interface ConnectRequest {
  /** 3 for MQTT 3.1, 4 for MQTT 3.1.1, 5 for MQTT 5.0. */
  readonly level: number;
  readonly clientId: string;
  /** Clean session, or clean start. */
  readonly clean: boolean;
  /** 0: no monitoring. */
  readonly keepAliveSeconds: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly will: WillRequest | undefined;
  /** What its properties say; the defaults of the standard before MQTT 5.0. */
  readonly properties: ConnectProperties;
}

/** Properties of a CONNECT. [MQTT5-3.1.2.11] */
export interface ConnectProperties {
  /** How long the session outlives its connection. */
  sessionExpirySeconds: number;
  receiveMaximum: number;
  maximumPacketSize: number;
  topicAliasMaximum: number;
  requestResponseInformation: boolean;
  requestProblemInformation: boolean;
  authenticationMethod: string | undefined;
  authenticationData: Uint8Array | undefined;
}

/** A session that never expires, in seconds. [MQTT5-3.1.2.11.2] */
export const NEVER_SECONDS = 0xffff_ffff;
/** Stands for no limit on packets: larger than any. */
const ANY_SIZE = 0xffff_ffff;

/** The protocol name as a CONNECT of MQTT 5.0 begins. [MQTT5-3.1.2.1] */
const NAME_5: Uint8Array = Buffer.from("\0\x04MQTT");
const RESERVED_FLAG = 0x01;
const CLEAN_FLAG = 0x02;
const WILL_FLAG = 0x04;
const WILL_QOS = 0x18;
const WILL_RETAIN = 0x20;
const PASSWORD_FLAG = 0x40;
const USER_FLAG = 0x80;

/**
 * Reads a whole CONNECT packet.
 * @returns the request, or undefined when it asks for a version that is not spoken here [MQTT-3.1.2-2]
 * @throws BrokerError PROTOCOL_VIOLATION
 */
export function readConnect(
  bytes: Uint8Array,
  start: number,
  bodyStart: number,
  end: number,
): ConnectRequest | undefined {
  const fields = new PacketFields(copyBytes(bytes, start, end), bodyStart - start, "CONNECT");
  const level = checkProtocol(fields);
  if (level === undefined) return undefined;
  const flags = fields.byte("connect flags");
  checkFlags(flags, level);
  const keepAliveSeconds = fields.twoBytes("keep-alive");
  const properties = defaults(level, (flags & CLEAN_FLAG) !== 0);
  if (level === 5) readProperties(fields, properties);
  const clientId = fields.string("client id");
  const will = (flags & WILL_FLAG) === 0 ? undefined : readWill(fields, flags, level);
  // MQTT 3.1 allows the flags without the fields: the remaining length takes precedence
  const optional = level === 3;
  const hasUser = (flags & USER_FLAG) !== 0 && !(optional && fields.atEnd);
  const user = hasUser ? fields.string("user name") : undefined;
  const hasPassword = (flags & PASSWORD_FLAG) !== 0 && !(optional && fields.atEnd);
  const password = hasPassword ? Buffer.from(fields.binary("password")).toString("utf8") : undefined;
  if (!fields.atEnd) throw malformed("A CONNECT has bytes behind its last field.");
  const clean = (flags & CLEAN_FLAG) !== 0;
  return { level, clientId, clean, keepAliveSeconds, user, password, will, properties };
}

function defaults(level: number, clean: boolean): ConnectProperties {
  return {
    sessionExpirySeconds: level === 5 || clean ? 0 : NEVER_SECONDS,
    receiveMaximum: 65_535,
    maximumPacketSize: ANY_SIZE,
    topicAliasMaximum: 0,
    requestResponseInformation: false,
    requestProblemInformation: true,
    authenticationMethod: undefined,
    authenticationData: undefined,
  };
}

/** [MQTT-3.1.2-1] an unknown protocol is not answered; [MQTT-3.1.2-2] an unknown version of this one is. */
function checkProtocol(fields: PacketFields): number | undefined {
  const name = fields.string("protocol name");
  if (name !== "MQTT" && name !== "MQIsdp") {
    throw violation(`A CONNECT names the protocol '${name.slice(0, 20)}' instead of 'MQTT' or 'MQIsdp'.`);
  }
  const level = fields.byte("protocol level");
  const isKnown = name === "MQTT" ? level === 4 || level === 5 : level === 3;
  return isKnown ? level : undefined;
}

function checkFlags(flags: number, level: number): void {
  if ((flags & RESERVED_FLAG) !== 0) throw malformed("A CONNECT sets the reserved flag."); // [MQTT-3.1.2-3]
  if ((flags & WILL_FLAG) === 0 && (flags & (WILL_QOS | WILL_RETAIN)) !== 0) {
    throw malformed("A CONNECT sets will QoS or will retain without a will."); // [MQTT-3.1.2-13] [MQTT-3.1.2-15]
  }
  if ((flags & WILL_QOS) === WILL_QOS) throw malformed("A CONNECT asks for will QoS 3."); // [MQTT-3.1.2-14]
  if (level < 5 && (flags & USER_FLAG) === 0 && (flags & PASSWORD_FLAG) !== 0) {
    throw violation("A CONNECT has a password but no user name."); // [MQTT-3.1.2-22]
  }
}

function readProperties(fields: PacketFields, found: ConnectProperties): void {
  const end = fields.propertiesEnd();
  const cursor = new PropertyCursor();
  cursor.begin(PACKET.CONNECT);
  while (fields.at < end) {
    fields.at = cursor.next(fields.bytes, fields.at, end);
    take(fields.bytes, cursor, found);
  }
  if (found.authenticationData !== undefined && found.authenticationMethod === undefined) {
    throw violation("A CONNECT has authentication data but no method."); // [MQTT5-3.1.2.11.10]
  }
}

function take(bytes: Uint8Array, { id, number, start, end }: PropertyCursor, found: ConnectProperties): void {
  switch (id) {
    case PROPERTY.SESSION_EXPIRY:
      found.sessionExpirySeconds = number;
      return;
    case PROPERTY.RECEIVE_MAXIMUM:
      found.receiveMaximum = number;
      return;
    case PROPERTY.MAXIMUM_PACKET_SIZE:
      found.maximumPacketSize = number;
      return;
    case PROPERTY.TOPIC_ALIAS_MAXIMUM:
      found.topicAliasMaximum = number;
      return;
    case PROPERTY.REQUEST_RESPONSE_INFORMATION:
      found.requestResponseInformation = number === 1;
      return;
    case PROPERTY.REQUEST_PROBLEM_INFORMATION:
      found.requestProblemInformation = number === 1;
      return;
    case PROPERTY.AUTHENTICATION_METHOD:
      found.authenticationMethod = textOf(bytes, start, end);
      return;
    case PROPERTY.AUTHENTICATION_DATA:
      found.authenticationData = copyBytes(bytes, start, end);
  }
}

function readWill(fields: PacketFields, flags: number, level: number): WillRequest {
  let delaySeconds = 0;
  let expirySeconds = -1;
  let properties = NONE;
  if (level === 5) {
    const end = fields.propertiesEnd();
    const cursor = new PropertyCursor();
    const start = fields.at;
    cursor.begin(WILL_PROPERTIES);
    while (fields.at < end) {
      fields.at = cursor.next(fields.bytes, fields.at, end);
      if (cursor.id === PROPERTY.WILL_DELAY) delaySeconds = cursor.number;
      if (cursor.id === PROPERTY.MESSAGE_EXPIRY) expirySeconds = cursor.number;
    }
    properties = withoutOwn(fields.bytes, start, end, WILL_PROPERTIES);
  }
  const topic = fields.string("will topic");
  const payload = fields.binary("will message");
  const qos = ((flags & WILL_QOS) >> 3) as Qos;
  const retain = (flags & WILL_RETAIN) !== 0;
  return { topic, payload, qos, retain, delaySeconds, expirySeconds, properties };
}

/** The level a CONNECT names, if it is one whose answers have a form of their own; else 4. */
export function protocolLevel(bytes: Uint8Array, bodyStart: number, end: number): number {
  const named = end - bodyStart > NAME_5.length && sameBytes(NAME_5, bytes, bodyStart);
  return named && bytes[bodyStart + NAME_5.length] === 5 ? 5 : 4;
}
