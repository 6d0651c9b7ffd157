import { decodeError } from "../conditions.ts";
import type { FieldReader } from "./field-reader.ts";
import { readUint32, valueEnd } from "./values.ts";

/** Descriptor codes of performatives. [AMQP 2.7, 5.3.3] */
export const PERFORMATIVE = {
  open: 0x10,
  begin: 0x11,
  attach: 0x12,
  flow: 0x13,
  transfer: 0x14,
  disposition: 0x15,
  detach: 0x16,
  end: 0x17,
  close: 0x18,
  saslMechanisms: 0x40,
  saslInit: 0x41,
  saslChallenge: 0x42,
  saslResponse: 0x43,
  saslOutcome: 0x44,
} as const;

const SYMBOLS: ReadonlyMap<string, number> = new Map(
  Object.entries(PERFORMATIVE).map(([name, code]) => [
    `amqp:${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}:list`,
    code,
  ]),
);

/** Stands for a number that is not there. */
export const ABSENT = -1;

/** A descriptor of any form: its code, and in `next` where the described value begins. */
export class Descriptor {
  next = 0;

  /**
   * @param symbols codes of symbolic descriptors
   * @throws AmqpError decode-error when there is no descriptor, or none that is known
   */
  read(bytes: Uint8Array, at: number, end: number, symbols: ReadonlyMap<string, number> = SYMBOLS): number {
    if (at + 2 < end && bytes[at] === 0x00 && bytes[at + 1] === 0x53) {
      this.next = at + 3;
      return bytes[at + 2]!;
    }
    if (at + 1 >= end || bytes[at] !== 0x00) throw decodeError("A described value is expected");
    this.next = valueEnd(bytes, at + 1, end);
    const type = bytes[at + 1]!;
    if (type === 0x44) return 0;
    if (type === 0x80 && readUint32(bytes, at + 2) === 0) return readUint32(bytes, at + 6);
    if (type === 0xa3 || type === 0xb3) {
      const text = Buffer.from(bytes.subarray(at + (type === 0xa3 ? 3 : 6), this.next)).toString("latin1");
      const code = symbols.get(text);
      if (code !== undefined) return code;
      throw decodeError(`The descriptor '${text.slice(0, 100)}' is not known`);
    }
    throw decodeError("A descriptor is neither a known number nor a known symbol");
  }
}

/** A transfer; flags are 1, 0 or absent. One object per connection, filled again for each frame. [AMQP 2.7.5] */
export class TransferFrame {
  handle = 0;
  deliveryId: number = ABSENT;
  tagStart = 0;
  tagEnd = 0;
  messageFormat = 0;
  settled: number = ABSENT;
  more = 0;
  rcvSettleMode: number = ABSENT;
  stateStart = 0;
  /** Equal to `stateStart` when there is no state. */
  stateEnd = 0;
  resume = 0;
  aborted = 0;
  payloadStart = 0;

  /** @throws AmqpError decode-error */
  read(reader: FieldReader, bytes: Uint8Array, at: number, end: number): void {
    this.payloadStart = reader.open(bytes, at, end);
    this.handle = reader.uint(ABSENT);
    if (this.handle === ABSENT) throw decodeError("A transfer has no handle");
    this.deliveryId = reader.uint(ABSENT);
    const tagged = reader.binary();
    this.tagStart = tagged ? reader.start : 0;
    this.tagEnd = tagged ? reader.end : 0;
    if (this.tagEnd - this.tagStart > 32) throw decodeError("A delivery tag is longer than 32 bytes");
    this.messageFormat = reader.uint(0);
    this.settled = reader.flag(ABSENT);
    this.more = reader.flag(0);
    this.rcvSettleMode = reader.ubyte(ABSENT);
    const stated = reader.any();
    this.stateStart = stated ? reader.start : 0;
    this.stateEnd = stated ? reader.end : 0;
    this.resume = reader.flag(0);
    this.aborted = reader.flag(0);
  }
}

/** A disposition. [AMQP 2.7.6] */
export class DispositionFrame {
  /** 1: the receiver of the deliveries sent it. */
  role = 0;
  first = 0;
  last = 0;
  settled = 0;
  stateStart = 0;
  stateEnd = 0;

  /** @throws AmqpError decode-error */
  read(reader: FieldReader, bytes: Uint8Array, at: number, end: number): void {
    reader.open(bytes, at, end);
    this.role = reader.flag(ABSENT);
    this.first = reader.uint(ABSENT);
    if (this.role === ABSENT || this.first === ABSENT) throw decodeError("A disposition lacks role or first");
    this.last = reader.uint(this.first);
    this.settled = reader.flag(0);
    const stated = reader.any();
    this.stateStart = stated ? reader.start : 0;
    this.stateEnd = stated ? reader.end : 0;
  }
}

/** A flow. [AMQP 2.7.4] */
export class FlowFrame {
  nextIncomingId: number = ABSENT;
  incomingWindow = 0;
  nextOutgoingId = 0;
  outgoingWindow = 0;
  handle: number = ABSENT;
  deliveryCount: number = ABSENT;
  linkCredit: number = ABSENT;
  available: number = ABSENT;
  drain = 0;
  echo = 0;

  /** @throws AmqpError decode-error */
  read(reader: FieldReader, bytes: Uint8Array, at: number, end: number): void {
    reader.open(bytes, at, end);
    this.nextIncomingId = reader.uint(ABSENT);
    this.incomingWindow = reader.uint(ABSENT);
    this.nextOutgoingId = reader.uint(ABSENT);
    this.outgoingWindow = reader.uint(ABSENT);
    if (this.incomingWindow === ABSENT || this.nextOutgoingId === ABSENT || this.outgoingWindow === ABSENT) {
      throw decodeError("A flow lacks incoming-window, next-outgoing-id or outgoing-window");
    }
    this.handle = reader.uint(ABSENT);
    this.deliveryCount = reader.uint(ABSENT);
    this.linkCredit = reader.uint(ABSENT);
    this.available = reader.uint(ABSENT);
    this.drain = reader.flag(0);
    this.echo = reader.flag(0);
  }
}
