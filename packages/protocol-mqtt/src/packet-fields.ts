import { readVariable, variableAt } from "./properties.ts";
import { malformed } from "./reasons.ts";
import { isMqttString, textOf } from "./wire.ts";

/** Reads the fields of a packet one after the other and complains where one does not fit. */
export class PacketFields {
  readonly bytes: Uint8Array;
  /** Where the next field begins. */
  at: number;
  readonly #packet: string;

  /** @param packet what it is, for error texts: `CONNECT` */
  constructor(bytes: Uint8Array, at: number, packet: string) {
    this.bytes = bytes;
    this.at = at;
    this.#packet = packet;
  }

  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  byte(what: string): number {
    this.#skip(1, what);
    return this.bytes[this.at - 1]!;
  }

  twoBytes(what: string): number {
    this.#skip(2, what);
    return (this.bytes[this.at - 2]! << 8) | this.bytes[this.at - 1]!;
  }

  /** Bytes with their length in front; a view. */
  binary(what: string): Uint8Array {
    const length = this.twoBytes(what);
    this.#skip(length, what);
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** [MQTT-1.5.3-1] [MQTT-1.5.3-2] [MQTT5-1.5.4-1] [MQTT5-1.5.4-2] */
  string(what: string): string {
    const length = this.twoBytes(what);
    const start = this.at;
    this.#skip(length, what);
    if (!isMqttString(this.bytes, start, this.at)) {
      throw malformed(`The ${what} of a ${this.#packet} is not well-formed UTF-8 or contains U+0000.`);
    }
    return textOf(this.bytes, start, this.at);
  }

  /** Reads the length of properties; they begin at `at` then. Returns where they end. */
  propertiesEnd(): number {
    const lengthAt = this.at;
    this.at = readVariable(this.bytes, lengthAt, this.bytes.length);
    const end = this.at + variableAt(this.bytes, lengthAt);
    if (end > this.bytes.length) throw malformed(`A ${this.#packet} ends within its properties.`);
    return end;
  }

  #skip(count: number, what: string): void {
    this.at += count;
    if (this.at > this.bytes.length) throw malformed(`A ${this.#packet} ends within its ${what}.`);
  }
}
