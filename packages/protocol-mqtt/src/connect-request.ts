import type { IConnectPacket } from "mqtt-packet";
import type { PacketReader } from "./packet-reader.ts";
import { copyBytes, isMqttString, type Qos, violation } from "./wire.ts";

/** A message the client left for the case that its connection breaks. [MQTT-3.1.2.5] */
export interface WillRequest {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
}

/** A well-formed CONNECT. */
export interface ConnectRequest {
  /** 3 for MQTT 3.1, 4 for MQTT 3.1.1. */
  readonly level: number;
  readonly clientId: string;
  readonly clean: boolean;
  /** 0: no monitoring. */
  readonly keepAliveSeconds: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly will: WillRequest | undefined;
}

const RESERVED_FLAG = 0x01;
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
  reader: PacketReader,
  bytes: Uint8Array,
  start: number,
  bodyStart: number,
  end: number,
): ConnectRequest | undefined {
  const copy = copyBytes(bytes, start, end);
  const walk = new Walk(copy, bodyStart - start);
  const level = checkProtocol(walk);
  if (level === undefined) return undefined;
  checkFields(walk, level);
  const packet = reader.read(copy, 0, copy.length) as IConnectPacket;
  const { will } = packet;
  return {
    level,
    clientId: packet.clientId,
    clean: packet.clean === true,
    keepAliveSeconds: packet.keepalive ?? 0,
    user: packet.username,
    password: packet.password?.toString("utf8"),
    will: will && {
      topic: will.topic,
      payload: typeof will.payload === "string" ? Buffer.from(will.payload) : will.payload,
      qos: will.qos ?? 0,
      retain: will.retain ?? false,
    },
  };
}

/** [MQTT-3.1.2-1] an unknown protocol is not answered; [MQTT-3.1.2-2] an unknown version of this one is. */
function checkProtocol(walk: Walk): number | undefined {
  const name = walk.string("protocol name");
  if (name !== "MQTT" && name !== "MQIsdp") {
    throw violation(`A CONNECT names the protocol '${name.slice(0, 20)}' instead of 'MQTT' or 'MQIsdp'.`);
  }
  const level = walk.byte("protocol level");
  return (name === "MQTT" && level === 4) || (name === "MQIsdp" && level === 3) ? level : undefined;
}

function checkFields(walk: Walk, level: number): void {
  const flagsAt = walk.at;
  const flags = walk.byte("connect flags");
  checkFlags(flags);
  walk.skip(2, "keep-alive");
  walk.string("client id");
  if ((flags & WILL_FLAG) !== 0) {
    walk.string("will topic");
    walk.skip(walk.length("will message"), "will message");
  }
  // MQTT 3.1 allows the flags without the fields: the remaining length takes precedence
  const dropped = level === 3 && walk.atEnd ? flags & (USER_FLAG | PASSWORD_FLAG) : 0;
  if ((flags & ~dropped & USER_FLAG) !== 0) walk.string("user name");
  const passwordDropped = level === 3 && walk.atEnd ? flags & PASSWORD_FLAG : 0;
  if ((flags & ~passwordDropped & PASSWORD_FLAG) !== 0) walk.skip(walk.length("password"), "password");
  walk.bytes[flagsAt] = flags & ~dropped & ~passwordDropped;
  if (!walk.atEnd) throw violation("A CONNECT has bytes behind its last field.");
}

function checkFlags(flags: number): void {
  if ((flags & RESERVED_FLAG) !== 0) throw violation("A CONNECT sets the reserved flag."); // [MQTT-3.1.2-3]
  if ((flags & WILL_FLAG) === 0 && (flags & (WILL_QOS | WILL_RETAIN)) !== 0) {
    throw violation("A CONNECT sets will QoS or will retain without a will."); // [MQTT-3.1.2-13] [MQTT-3.1.2-15]
  }
  if ((flags & WILL_QOS) === WILL_QOS) throw violation("A CONNECT asks for will QoS 3."); // [MQTT-3.1.2-14]
  if ((flags & USER_FLAG) === 0 && (flags & PASSWORD_FLAG) !== 0) {
    throw violation("A CONNECT has a password but no user name."); // [MQTT-3.1.2-22]
  }
}

/** Walks over the fields of a packet and complains where one does not fit. */
class Walk {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  skip(count: number, what: string): void {
    this.at += count;
    if (this.at > this.bytes.length) throw violation(`A CONNECT ends within its ${what}.`);
  }

  byte(what: string): number {
    this.skip(1, what);
    return this.bytes[this.at - 1]!;
  }

  length(what: string): number {
    this.skip(2, what);
    return (this.bytes[this.at - 2]! << 8) | this.bytes[this.at - 1]!;
  }

  string(what: string): string {
    const start = this.at + 2;
    this.skip(this.length(what), what);
    if (!isMqttString(this.bytes, start, this.at)) {
      throw violation(`The ${what} of a CONNECT is not well-formed UTF-8 or contains U+0000.`);
    }
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, this.at - start).toString("utf8");
  }
}
