import {
  type Address,
  BrokerError,
  type Clock,
  type Logger,
  Message,
  type MessageCodec,
  NO_TOKEN,
  type Producer,
  type RetainAction,
  SmallMap,
  SmallSet,
  type VirtualHost,
} from "@tsapollo/domain";
import type { Answers } from "./answers.ts";
import { stamped } from "./content.ts";
import type { Guardian } from "./guardian.ts";
import type { HostSessions } from "./host-sessions.ts";
import { MQTT_CODEC } from "./message-codec.ts";
import type { PacketDecoder } from "./packet-decoder.ts";
import { PublishProperties } from "./publish-properties.ts";
import { PAUSED_BY, type ReadingGate } from "./reading-gate.ts";
import { failureFor, REASON, violation } from "./reasons.ts";
import type { Sending } from "./sending.ts";
import type { MqttSession } from "./session.ts";
import { ReceivedAliases } from "./topic-aliases.ts";
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
/** Bytes of PUBLISH packets that are taken although the host wants no more, to get at acknowledgements behind them. */
const OVERSHOOT_MAX = 4_194_304;
const NO_TOPIC: TopicEntry = { bytes: new Uint8Array(0), address: undefined };

/** What the producer side of a connection may do: the options of the connector, for all connections. */
export interface ReceivingLimits {
  readonly maxQos: number;
  readonly retainAvailable: boolean;
  readonly receiveMax: number;
  readonly topicAliasMax: number;
}

/** A QoS 2 message that is not answered yet. */
interface Exchange {
  readonly token: number;
  /** How many of these are still to come: the host's confirmation, and the session's being saved. */
  waits: number;
  refusal: BrokerError | undefined;
}

/** What a connection takes from its client: the producer side of the session. [messaging 16.4] */
export class Receiving implements Producer {
  readonly #gate: ReadingGate;
  readonly #topics: TopicCache;
  readonly #codec5: MessageCodec;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #answers: Answers;
  readonly #guardian: Guardian;
  readonly #refusals = new SmallSet<string>();
  /**
   * QoS 2 messages that are not answered yet, by packet id. They end with the connection: what the engine has taken it
   * answers for, so ids of earlier connections count as confirmed.
   */
  readonly #exchanges = new SmallMap<number, Exchange>();
  /** For MQTT 5.0 only. */
  #properties: PublishProperties | undefined;
  /** Grows when an id is released too early, so that its message's token differs from that of the id's next. */
  #generation = 0;
  /** Messages of QoS 1 and 2 that MQTT 5.0 counts against the receive maximum. */
  #unacknowledged = 0;
  #host: VirtualHost | undefined;
  #session: MqttSession | undefined;
  #sessions: HostSessions | undefined;
  #level = 4;
  #limits: ReceivingLimits | undefined;
  /** For MQTT 5.0 only. */
  #aliases: ReceivedAliases | undefined;
  #lastTopic: TopicEntry = NO_TOPIC;
  #sending: Sending | undefined;
  /** Whether the host wants no more, and what it got since then. */
  #isBlocked = false;
  #overshoot = 0;

  constructor(parts: {
    readonly gate: ReadingGate;
    readonly topics: TopicCache;
    readonly codec5: MessageCodec;
    readonly clock: Clock;
    readonly log: Logger;
    readonly answers: Answers;
    /** Told when a message could not be stored: the connection must end without an acknowledgement. */
    readonly guardian: Guardian;
  }) {
    this.#gate = parts.gate;
    this.#topics = parts.topics;
    this.#codec5 = parts.codec5;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#answers = parts.answers;
    this.#guardian = parts.guardian;
  }

  /** The client was let in. */
  open(
    host: VirtualHost,
    session: MqttSession,
    sessions: HostSessions,
    sending: Sending,
    level: number,
    limits: ReceivingLimits,
  ): void {
    this.#sending = sending;
    this.#host = host;
    this.#session = session;
    this.#sessions = sessions;
    this.#level = level;
    this.#limits = limits;
    if (level < 5) return;
    this.#aliases = new ReceivedAliases(limits.topicAliasMax);
    this.#properties = new PublishProperties();
  }

  /** The connection ends: nothing is acknowledged any more. */
  close(): void {
    this.#host = undefined;
    this.#session = undefined;
    this.#exchanges.clear();
  }

  /**
   * Routes the PUBLISH that the decoder has just read.
   * @throws PacketError for impossible topic names, and for what the CONNACK said is not to be had
   */
  onPublish(bytes: Uint8Array, start: number, packet: PacketDecoder, borrowed: boolean): void {
    const { first, packetId, payloadStart, end } = packet;
    const { counters } = this.#answers;
    counters.publishReceived += 1;
    counters.publishReceivedBytes += end - payloadStart;
    const limits = this.#limits!;
    const is5 = this.#level === 5;
    const qos = (first >> 1) & 3;
    if (qos > limits.maxQos) throw violation(`A PUBLISH has QoS ${qos}.`, REASON.QOS_NOT_SUPPORTED);
    const retain = (first & RETAIN_BIT) !== 0;
    if (retain && !limits.retainAvailable) {
      throw violation("A PUBLISH asks to be retained.", REASON.RETAIN_NOT_SUPPORTED);
    }
    const address = is5
      ? this.#resolve5(bytes, packet)
      : this.#resolve(bytes, packet.topicStart, packet.topicEnd);
    if (qos === 2 && !this.#isNew(packetId)) return;
    if (is5 && qos > 0) this.#count(limits);
    const token = qos === 0 ? NO_TOKEN : qos === 1 ? packetId : this.#qos2Token(packetId);
    if (address === undefined) return this.#refuse(token);
    let action: RetainAction = "none";
    if (retain) action = payloadStart === end ? "clear" : "set";
    const seconds = is5 ? this.#properties!.expirySeconds : -1;
    const parts = {
      codec: is5 ? this.#codec5 : MQTT_CODEC,
      bytes,
      start,
      bodyStart: payloadStart,
      bodyEnd: end,
      end,
      borrowed,
      persistent: qos > 0,
      retain: action,
      expiresAtMs: seconds === -1 ? 0 : this.#clock.nowMs() + seconds * 1_000,
      priority: 4,
      groupKey: undefined,
    };
    const message = this.#session!.hasNoLocal ? this.#stamped(parts) : new Message(parts);
    if (!this.#host!.publish(address, message, token)) this.#isBlocked = true;
    if (this.#isBlocked) this.#blocked(end - start);
  }

  /**
   * The host wants no more. It may be this very client whom it waits for, and the acknowledgements that would set it free
   * come over the same connection.
   */
  #blocked(bytes: number): void {
    this.#overshoot += bytes;
    if (this.#overshoot > OVERSHOOT_MAX || !this.#sending!.isStarved) this.#gate.pause(PAUSED_BY.HOST);
  }

  /** The client gets nothing more before it has acknowledged something. */
  starved(): void {
    if (this.#isBlocked && this.#overshoot <= OVERSHOOT_MAX) this.#gate.resume(PAUSED_BY.HOST);
  }

  /** Marks a message as this client's, because some filter of its does not want those. [MQTT5-3.8.3-3] */
  #stamped(parts: ConstructorParameters<typeof Message>[0]): Message {
    const bytes = stamped(parts.bytes, parts.start, parts.end, this.#session!.stamp);
    const { bodyStart, bodyEnd, start } = parts;
    return new Message({
      ...parts,
      bytes,
      start: 0,
      bodyStart: bodyStart - start,
      bodyEnd: bodyEnd - start,
      end: bytes.length,
      borrowed: false,
    });
  }

  /** [MQTT-4.3.3-2] Unknown ids are answered too: the client may ask again after it missed the answer. */
  onPubrel(id: number): void {
    const session = this.#session!;
    const known = session.received.delete(id);
    if (this.#exchanges.delete(id)) this.#generation = (this.#generation + 1) & GENERATION_MAX;
    if (this.#unacknowledged > 0) this.#unacknowledged -= 1;
    const reason = known ? REASON.SUCCESS : REASON.PACKET_ID_NOT_FOUND;
    if (!known || !session.durable) return this.#write(PUBCOMP, id, reason);
    this.#sessions!.saveExchanges(session, (error) => {
      if (this.#session === undefined) return;
      if (error !== undefined) this.#guardian.fail(error);
      else this.#write(PUBCOMP, id, reason);
    });
  }

  confirmed(token: number, error?: BrokerError): void {
    if (this.#session === undefined) return;
    if (error !== undefined) {
      if (error.code === "STORE_FAILED" && token !== NO_TOKEN) {
        if (token > QOS2_TOKEN && this.#isCurrent(token)) this.#forgetReceived(token & 0xffff);
        // MQTT 5.0 can be told with QoS 1; the answer to QoS 2 would have to wait for the store
        if (token > QOS2_TOKEN || this.#level < 5) return this.#guardian.fail(error);
      }
      this.#logRefusal(error);
    }
    this.#acknowledge(token, error);
  }

  /** A message of QoS 2 was not taken: the client may send it again, also after a restart. */
  #forgetReceived(id: number): void {
    this.#session!.received.delete(id);
    if (this.#session!.durable) this.#sessions!.saveExchanges(this.#session!);
  }

  resumed(): void {
    this.#isBlocked = false;
    this.#overshoot = 0;
    this.#gate.resume(PAUSED_BY.HOST);
  }

  #resolve5(bytes: Uint8Array, packet: PacketDecoder): Address | undefined {
    const { topicStart, topicEnd } = packet;
    const properties = this.#properties!;
    properties.read(bytes, packet.propertiesStart, packet.payloadStart);
    const { alias } = properties;
    if (alias === 0) {
      if (topicStart === topicEnd) throw violation("A PUBLISH has neither topic name nor alias.");
      return this.#resolve(bytes, topicStart, topicEnd);
    }
    const aliases = this.#aliases!;
    if (topicStart === topicEnd) return aliases.get(alias).address;
    const address = this.#resolve(bytes, topicStart, topicEnd);
    aliases.set(alias, { bytes: new Uint8Array(0), address });
    return address;
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

  /** [MQTT5-3.3.4-7] [MQTT5-3.3.4-8] for the server's own receive maximum */
  #count({ receiveMax }: ReceivingLimits): void {
    this.#unacknowledged += 1;
    if (this.#unacknowledged <= receiveMax) return;
    const text = `More than ${receiveMax} messages are unacknowledged (receive_max).`;
    throw violation(text, REASON.RECEIVE_MAXIMUM_EXCEEDED);
  }

  /** Whether a QoS 2 id was not taken before; a repeated one is answered but not routed. [MQTT-4.3.3-2] */
  #isNew(id: number): boolean {
    if (this.#session!.received.add(id)) return true;
    if (!this.#exchanges.has(id)) this.#write(PUBREC, id);
    return false;
  }

  /** The id is saved in the same turn, and so in the same unit of work, as the message. */
  #qos2Token(id: number): number {
    const session = this.#session!;
    const token = (this.#generation << GENERATION_SHIFT) | QOS2_TOKEN | id;
    this.#exchanges.set(id, { token, waits: session.durable ? 2 : 1, refusal: undefined });
    if (session.durable) this.#sessions!.saveExchanges(session, (error) => this.#exchangeSaved(token, error));
    return token;
  }

  #exchangeSaved(token: number, error: BrokerError | undefined): void {
    if (this.#session === undefined) return;
    if (error !== undefined) this.#guardian.fail(error);
    else this.#step(token);
  }

  /** Whether a QoS 2 token is that of the message its packet id stands for now. */
  #isCurrent(token: number): boolean {
    return this.#exchanges.get(token & 0xffff)?.token === token;
  }

  /** The configuration forbids the name. */
  #refuse(token: number): void {
    this.#acknowledge(token, new BrokerError("BAD_ADDRESS", "Nobody may publish to this topic."));
  }

  /** Refused messages are acknowledged too; before MQTT 5.0 there is no negative answer. [MQTT-3.3.5-2] */
  #acknowledge(token: number, error: BrokerError | undefined): void {
    if (token === NO_TOKEN) return;
    if (token >= QOS2_TOKEN) {
      const exchange = this.#exchanges.get(token & 0xffff);
      if (exchange?.token !== token) return; // released too early
      exchange.refusal = error;
      return this.#step(token);
    }
    if (this.#unacknowledged > 0) this.#unacknowledged -= 1;
    if (error === undefined) this.#write(PUBACK, token);
    else this.#answers.ack(PUBACK, token, failureFor("PUBLISH", error), error.message);
  }

  /** One more of the things has happened that the answer to a QoS 2 message waits for. */
  #step(token: number): void {
    const id = token & 0xffff;
    const exchange = this.#exchanges.get(id);
    if (exchange?.token !== token) return;
    exchange.waits -= 1;
    if (exchange.waits > 0) return;
    this.#exchanges.delete(id);
    const { refusal } = exchange;
    if (refusal === undefined || this.#level < 5) return this.#write(PUBREC, id);
    this.#forgetReceived(id); // a refusal ends the exchange [MQTT5-4.3.3-9]
    if (this.#unacknowledged > 0) this.#unacknowledged -= 1;
    this.#answers.ack(PUBREC, id, failureFor("PUBLISH", refusal), refusal.message);
  }

  #write(first: number, id: number, reason = 0): void {
    this.#answers.plainAck(first, id, reason);
  }

  #logRefusal(error: BrokerError): void {
    if (this.#refusals.size >= REFUSALS_MAX || this.#refusals.has(error.message)) return;
    this.#refusals.add(error.message);
    this.#log.warn({ code: error.code, reason: error.message }, "dropping what the client publishes");
  }
}
