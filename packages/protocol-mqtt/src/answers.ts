import type { Connection } from "@tsapollo/domain";
import { generate, type Packet } from "mqtt-packet";
import type { MqttCounters } from "./counters.ts";
import { returnCodeOf } from "./opening.ts";
import { writeAck } from "./publish-writer.ts";
import type { ReadingGate } from "./reading-gate.ts";
import { PacketError, REASON } from "./reasons.ts";
import { PACKET } from "./wire.ts";

const COMMANDS = { 64: "puback", 80: "pubrec" } as const;
/** Longer reason strings are cut. */
const REASON_STRING_MAX = 500;

/** Writes every packet but PUBLISH to a client, in its version, and no larger than it allows. */
export class Answers {
  /** Protocol level; 4 until the CONNECT says otherwise. */
  level = 4;
  /** Largest packet the client takes. [MQTT5-3.1.2-24] */
  sizeMax = 0xffff_ffff;
  /** Whether the client wants reason strings in other packets than CONNACK and DISCONNECT. [MQTT5-3.1.2-29] */
  explains = true;
  /** Where packets are counted. */
  counters: MqttCounters;
  readonly #connection: Connection;
  readonly #gate: ReadingGate;

  constructor(connection: Connection, gate: ReadingGate, counters: MqttCounters) {
    this.counters = counters;
    this.#connection = connection;
    this.#gate = gate;
  }

  /** PUBACK, PUBREC, PUBREL or PUBCOMP without reason string; before MQTT 5.0 without reason either. */
  plainAck(first: number, packetId: number, reason = 0): void {
    writeAck(this.#connection.output, first, packetId, this.level === 5 ? reason : 0);
    this.counters.answersSent += 1;
    this.#gate.answered();
  }

  /** PUBACK or PUBREC that says why a message was refused, if the client's version and its wishes allow it. */
  ack(first: keyof typeof COMMANDS, messageId: number, reasonCode: number, text: string): void {
    if (this.level < 5 || !this.explains) return this.plainAck(first, messageId, reasonCode);
    const reasonString = shortened(text);
    this.send({ cmd: COMMANDS[first], messageId, reasonCode, properties: { reasonString } });
  }

  /** [MQTT-3.12.4-1] */
  pingResponse(): void {
    const { output } = this.#connection;
    const block = output.reserve(2);
    block[output.used++] = PACKET.PINGRESP << 4;
    block[output.used++] = 0;
    this.counters.answersSent += 1;
    this.#gate.answered();
  }

  /**
   * The CONNACK of a client that is not let in.
   * @param serverReference where it should go instead [MQTT5-4.11]
   */
  refuse(reasonCode: number, text: string, serverReference: string | undefined): void {
    if (this.level < 5) {
      this.#trySend({ cmd: "connack", returnCode: returnCodeOf(reasonCode), sessionPresent: false });
      return;
    }
    const where = serverReference === undefined ? {} : { serverReference };
    const properties = { reasonString: shortened(text), ...where };
    this.#trySend({ cmd: "connack", reasonCode, sessionPresent: false, properties });
  }

  /** DISCONNECT, which only MQTT 5.0 has from servers. [MQTT5-3.14.2-2] */
  disconnect(reasonCode: number, text: string): void {
    if (this.level < 5) return;
    this.#trySend({ cmd: "disconnect", reasonCode, properties: { reasonString: shortened(text) } });
  }

  /**
   * Any packet. Its reason string is left out when it does not fit.
   * @throws PacketError when even then it is larger than the client takes
   */
  send(packet: Packet): void {
    if (this.#trySend(packet)) return;
    const text = `A ${packet.cmd.toUpperCase()} would be larger than the client takes.`;
    throw new PacketError(REASON.PACKET_TOO_LARGE, text);
  }

  #trySend(packet: Packet): boolean {
    const options = { protocolVersion: this.level };
    let bytes = generate(packet, options);
    const { properties } = packet as { properties?: { reasonString?: string } };
    if (bytes.length > this.sizeMax && properties?.reasonString !== undefined) {
      const { reasonString: _, ...rest } = properties;
      bytes = generate({ ...packet, properties: rest } as Packet, options);
    }
    if (bytes.length > this.sizeMax) return false;
    this.#connection.output.write(bytes, 0, bytes.length, true);
    this.counters.answersSent += 1;
    this.#gate.answered();
    return true;
  }
}

/** A text that fits a packet. */
export function shortened(text: string): string {
  return text.length > REASON_STRING_MAX ? `${text.slice(0, REASON_STRING_MAX)}…` : text;
}
