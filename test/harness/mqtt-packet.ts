/** Types of control packets. */
export const TYPE = {
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
} as const;

/** A control packet as it came over the wire. */
export interface Packet {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** What a PUBLISH says. */
export interface Received {
  readonly topic: string;
  readonly body: Buffer;
  readonly qos: number;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly id: number;
}

/** A packet's bytes. */
export function packet(type: number, flags: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([bytesOf((type << 4) | flags), lengthBytes(body.length), body]);
}

/** A remaining length. */
export function lengthBytes(length: number): Buffer {
  const digits: number[] = [];
  let rest = length;
  do {
    digits.push((rest % 128) | (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(digits);
}

/** Text behind its length. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([two(bytes.length), bytes]);
}

/** A number of two bytes. */
export function two(value: number): Buffer {
  return bytesOf(value >> 8, value & 255);
}

/** These bytes. */
export function bytesOf(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

/** Reads a PUBLISH. */
export function publishOf({ flags, body }: Packet): Received {
  const qos = (flags >> 1) & 3;
  const topicEnd = 2 + body.readUInt16BE(0);
  const bodyStart = qos === 0 ? topicEnd : topicEnd + 2;
  return {
    topic: body.toString("utf8", 2, topicEnd),
    id: qos === 0 ? 0 : body.readUInt16BE(topicEnd),
    body: body.subarray(bodyStart),
    qos,
    retain: (flags & 1) === 1,
    dup: (flags & 8) === 8,
  };
}

/** Cuts bytes into packets: an independent, slow and simple reader of MQTT. */
export class PacketCutter {
  #rest: Buffer = Buffer.alloc(0);
  readonly #onPacket: (packet: Packet) => void;

  constructor(onPacket: (packet: Packet) => void) {
    this.#onPacket = onPacket;
  }

  read(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 2) {
      let length = 0;
      let at = 1;
      for (let scale = 1; ; scale *= 128) {
        const digit = this.#rest[at++];
        if (digit === undefined) return;
        length += (digit & 127) * scale;
        if (digit < 128) break;
      }
      if (this.#rest.length < at + length) return;
      const first = this.#rest[0]!;
      this.#onPacket({ type: first >> 4, flags: first & 15, body: this.#rest.subarray(at, at + length) });
      this.#rest = this.#rest.subarray(at + length);
    }
  }
}
