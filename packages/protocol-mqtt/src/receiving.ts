import {
  type Address,
  BrokerError,
  type Connection,
  type Logger,
  Message,
  NO_TOKEN,
  type Producer,
  type RetainAction,
  type VirtualHost,
} from "@tsapollo/domain";
import { MQTT_CODEC } from "./message-codec.ts";
import type { PacketDecoder } from "./packet-decoder.ts";
import { writeAck } from "./publish-writer.ts";
import { PAUSED_BY, type ReadingGate } from "./reading-gate.ts";
import type { MqttSession } from "./session.ts";
import { sameBytes, type TopicCache, type TopicEntry } from "./topic-cache.ts";
import { RETAIN_BIT } from "./wire.ts";

const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBCOMP = 0x70;
/** Confirm tokens: the packet id, with this added for QoS 2 and the generation in the bits above. */
const QOS2_TOKEN = 0x1_0000;
const GENERATION_SHIFT = 17;
const GENERATION_MAX = 0x3fff;
const REFUSALS_MAX = 100;
const NO_TOPIC: TopicEntry = { bytes: new Uint8Array(0), address: undefined };

/** What a connection takes from its client: the producer side of the session. [messaging 16.4] */
export class Receiving implements Producer {
  readonly #connection: Connection;
  readonly #gate: ReadingGate;
  readonly #topics: TopicCache;
  readonly #log: Logger;
  readonly #onStoreFailed: (error: BrokerError) => void;
  readonly #refusals = new Set<string>();
  /**
   * Tokens of QoS 2 messages that the host has not confirmed, by packet id. They end with the connection: what the
   * engine has taken it answers for, so ids of earlier connections count as confirmed.
   */
  readonly #unconfirmed = new Map<number, number>();
  /** Grows when an id is released too early, so that its message's token differs from that of the id's next. */
  #generation = 0;
  #host: VirtualHost | undefined;
  #session: MqttSession | undefined;
  #lastTopic: TopicEntry = NO_TOPIC;

  constructor(parts: {
    readonly connection: Connection;
    readonly gate: ReadingGate;
    readonly topics: TopicCache;
    readonly log: Logger;
    /** A message could not be stored: the connection must end without an acknowledgement. */
    readonly onStoreFailed: (error: BrokerError) => void;
  }) {
    this.#connection = parts.connection;
    this.#gate = parts.gate;
    this.#topics = parts.topics;
    this.#log = parts.log;
    this.#onStoreFailed = parts.onStoreFailed;
  }

  /** The client was let in. */
  open(host: VirtualHost, session: MqttSession): void {
    this.#host = host;
    this.#session = session;
  }

  /** The connection ends: nothing is acknowledged any more. */
  close(): void {
    this.#host = undefined;
    this.#session = undefined;
    this.#unconfirmed.clear();
  }

  /**
   * Routes the PUBLISH that the decoder has just read.
   * @throws BrokerError PROTOCOL_VIOLATION for impossible topic names
   */
  onPublish(bytes: Uint8Array, start: number, packet: PacketDecoder, borrowed: boolean): void {
    const { first, packetId, payloadStart, end } = packet;
    const qos = (first >> 1) & 3;
    const address = this.#resolve(bytes, packet.topicStart, packet.topicEnd);
    if (qos === 2 && !this.#isNew(packetId)) return;
    const token = qos === 0 ? NO_TOKEN : qos === 1 ? packetId : this.#qos2Token(packetId);
    if (address === undefined) return this.#acknowledge(token); // only the broker may publish there
    let retain: RetainAction = "none";
    if ((first & RETAIN_BIT) !== 0) retain = payloadStart === end ? "clear" : "set";
    const message = new Message({
      codec: MQTT_CODEC,
      bytes,
      start,
      bodyStart: payloadStart,
      bodyEnd: end,
      end,
      borrowed,
      persistent: qos > 0,
      retain,
      expiresAtMs: 0,
      priority: 4,
      groupKey: undefined,
    });
    if (!this.#host!.publish(address, message, token)) this.#gate.pause(PAUSED_BY.HOST);
  }

  /** [MQTT-4.3.3-2] Unknown ids are answered too: the client may ask again after it missed the answer. */
  onPubrel(id: number): void {
    this.#session!.received.delete(id);
    if (this.#unconfirmed.delete(id)) this.#generation = (this.#generation + 1) & GENERATION_MAX;
    this.#write(PUBCOMP, id);
  }

  confirmed(token: number, error?: BrokerError): void {
    if (this.#session === undefined) return;
    if (error !== undefined) {
      if (error.code === "STORE_FAILED" && token !== NO_TOKEN) {
        if (token > QOS2_TOKEN && this.#isCurrent(token)) this.#session.received.delete(token & 0xffff);
        return this.#onStoreFailed(error);
      }
      this.#logRefusal(error);
    }
    this.#acknowledge(token);
  }

  resumed(): void {
    this.#gate.resume(PAUSED_BY.HOST);
  }

  #resolve(bytes: Uint8Array, start: number, end: number): Address | undefined {
    const last = this.#lastTopic;
    if (last.bytes.length === end - start && end > start && sameBytes(last.bytes, bytes, start)) {
      return last.address;
    }
    try {
      this.#lastTopic = this.#topics.resolve(bytes, start, end);
      return this.#lastTopic.address;
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code !== "BAD_ADDRESS") throw error;
      this.#logRefusal(error); // the part pattern is our configuration, not the protocol
      return undefined;
    }
  }

  /** Whether a QoS 2 id was not taken before; a repeated one is answered but not routed. [MQTT-4.3.3-2] */
  #isNew(id: number): boolean {
    if (this.#session!.received.add(id)) return true;
    if (!this.#unconfirmed.has(id)) this.#write(PUBREC, id);
    return false;
  }

  #qos2Token(id: number): number {
    const token = (this.#generation << GENERATION_SHIFT) | QOS2_TOKEN | id;
    this.#unconfirmed.set(id, token);
    return token;
  }

  /** Whether a QoS 2 token is that of the message its packet id stands for now. */
  #isCurrent(token: number): boolean {
    return this.#unconfirmed.get(token & 0xffff) === token;
  }

  /** Refused messages are acknowledged too: MQTT 3.1.1 has no negative answer. [MQTT-3.3.5-2] */
  #acknowledge(token: number): void {
    if (token === NO_TOKEN) return;
    if (token < QOS2_TOKEN) return this.#write(PUBACK, token);
    if (!this.#isCurrent(token)) return; // released too early
    const id = token & 0xffff;
    this.#unconfirmed.delete(id);
    this.#write(PUBREC, id);
  }

  #write(first: number, id: number): void {
    writeAck(this.#connection.output, first, id);
    this.#gate.answered();
  }

  #logRefusal(error: BrokerError): void {
    if (this.#refusals.size >= REFUSALS_MAX || this.#refusals.has(error.message)) return;
    this.#refusals.add(error.message);
    this.#log.warn({ code: error.code, reason: error.message }, "dropping what the client publishes");
  }
}
