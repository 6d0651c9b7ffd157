import {
  type Address,
  type Clock,
  type Connection,
  type Delivery,
  type Logger,
  type Message,
  SmallSet,
} from "@tsapollo/domain";
import type { Answers } from "./answers.ts";
import { isStamped } from "./content.ts";
import type { Feed } from "./feed.ts";
import { Filters, type Match, NOT_GRANTED } from "./filters.ts";
import type { HostSessions } from "./host-sessions.ts";
import type { AckResult } from "./inflight.ts";
import type { Kept } from "./kept-messages.ts";
import { publishQos } from "./message-codec.ts";
import { commonProperties } from "./property-bytes.ts";
import { writePublish } from "./publish-writer.ts";
import { OwnProperties, writePublish5 } from "./publish-writer-5.ts";
import { FIRST_FAILURE, REASON, violation } from "./reasons.ts";
import type { MqttSession } from "./session.ts";
import { SentAliases } from "./topic-aliases.ts";
import { NO_NAME, type TopicNames } from "./topic-names.ts";
import { DUP_BIT, PLAIN_PUBLISH, RETAIN_BIT } from "./wire.ts";

const PUBREL = 0x62;
/** Stands for a name that an alias says: its length, 0. */
const BY_ALIAS: Uint8Array = new Uint8Array(2);

/** What a client takes. */
export interface SendingLimits {
  readonly level: number;
  /** Most messages of QoS 1 and 2 unacknowledged. [MQTT5-3.3.4-9] */
  readonly inflightMax: number;
  /** Largest packet. [MQTT5-3.1.2-24] */
  readonly sizeMax: number;
  readonly aliasMax: number;
}

/** What a connection sends to its client: the consumer side of the session. [messaging 16.7] */
export class Sending {
  /** The engine subscriptions of the connection. */
  readonly feeds: SmallSet<Feed> = new SmallSet();
  readonly #connection: Connection;
  readonly #answers: Answers;
  readonly #session: MqttSession;
  readonly #sessions: HostSessions;
  readonly #names: TopicNames;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #limits: SendingLimits;
  readonly #is5: boolean;
  #aliases: SentAliases | undefined;
  /** For MQTT 5.0 only. */
  #own: OwnProperties | undefined;
  /** How many more messages of QoS 1 and 2 may be sent. */
  #quota: number;
  #holds = 0;
  #refused = false;
  #warned = false;
  #closed = false;
  /** Told when the client gets nothing more before it has acknowledged something. */
  onStarved: () => void = () => undefined;
  /** How many messages wait until everything is stored. */
  #waiting = 0;
  /** What of the kept messages could not be sent again yet. */
  readonly #unsent: number[] = [];
  #shared: Filters | undefined;

  constructor(parts: {
    readonly connection: Connection;
    readonly answers: Answers;
    readonly session: MqttSession;
    readonly sessions: HostSessions;
    readonly names: TopicNames;
    readonly clock: Clock;
    readonly log: Logger;
    readonly limits: SendingLimits;
  }) {
    this.#connection = parts.connection;
    this.#answers = parts.answers;
    this.#session = parts.session;
    this.#sessions = parts.sessions;
    this.#names = parts.names;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#limits = parts.limits;
    this.#is5 = parts.limits.level === 5;
    const { aliasMax } = parts.limits;
    if (aliasMax > 0) this.#aliases = new SentAliases(aliasMax);
    this.#quota = parts.limits.inflightMax;
  }

  /** Takes nothing until {@link Sending.release}, so that a CONNACK or SUBACK can go out first. [MQTT-3.2.0-1] */
  hold(): void {
    this.#holds += 1;
  }

  /** Takes deliveries again, unless it is held for another reason too. */
  release(): void {
    this.#holds -= 1;
    this.#takeMore();
  }

  /** Whether a message waits for the client to acknowledge others. */
  get isStarved(): boolean {
    return this.#refused && this.#quota <= 0;
  }

  /** The connection ends: nothing is written any more. */
  close(): void {
    this.#closed = true;
  }

  /** There is room in the output again. */
  drained(): void {
    this.#takeMore();
  }

  /**
   * Takes a delivery for a client, or says `false`: no room.
   * @param own whether it comes from the session's own durable subscription
   */
  deliver(delivery: Delivery, match: Match, own: boolean): boolean {
    const { output } = this.#connection;
    if (this.#holds > 0 || output.full) return this.#refuse();
    const { message } = delivery;
    const name = this.#names.of(delivery.address);
    const published = publishQos(message);
    const qos = Math.min(published, match.qos);
    if (match.noLocal && isStamped(message, this.#session.stamp)) return skip(delivery);
    if (qos > 0) return this.#deliverAcknowledged(delivery, match, name, qos, own);
    if (match.qos === NOT_GRANTED || name === NO_NAME) {
      return this.#deliverUnknown(delivery, match, name, published, own);
    }
    let first = PLAIN_PUBLISH;
    if (delivery.retained || (match.retainAsPublished && message.retain !== "none")) first |= RETAIN_BIT;
    const isWritten = this.#is5
      ? this.#write5(message, match, name, first, 0)
      : writePublish(output, message, name, first, 0);
    if (!isWritten) this.#warnDropped(delivery.address);
    else {
      const { counters } = this.#sessions;
      counters.publishSent += 1;
      counters.publishSentBytes += message.bodyEnd - message.bodyStart;
    }
    if (delivery.sequence !== -1) delivery.settle("consumed");
    return true;
  }

  /** [MQTT-4.3.2-1] */
  onPuback(id: number): void {
    this.#finished(this.#session.inflight.puback(id), "PUBACK", id);
  }

  /**
   * [MQTT-4.3.3-1] [MQTT5-4.3.3-4] An unknown id is answered too, so that the client can finish. The PUBREL of a lasting
   * session waits until it is saved that the message must not be sent again.
   */
  onPubrec(id: number, reason: number): void {
    const session = this.#session;
    const { inflight } = session;
    if (inflight.isResend(id)) return;
    const wasKept = inflight.kept.has(id);
    const isRefused = reason >= FIRST_FAILURE;
    const result = inflight.pubrec(id, isRefused);
    if (wasKept) this.#sessions.saveKept(session, id);
    if (isRefused) return this.#finished(result, "PUBREC", id);
    this.#check(result, "PUBREC", id);
    if (result === "unknown") return this.#answers.plainAck(PUBREL, id, REASON.PACKET_ID_NOT_FOUND);
    this.#release(id);
  }

  #release(id: number): void {
    if (!this.#session.durable) return this.#answers.plainAck(PUBREL, id);
    this.#sessions.saveExchanges(this.#session, (error) => {
      // without the store the next connection says it again
      if (error === undefined && !this.#closed) this.#answers.plainAck(PUBREL, id);
    });
  }

  /** Releases ids whose messages are gone, though the client may have them. [MQTT5-4.3.3-13] */
  releaseLost(): void {
    for (const id of this.#session.inflight.takeLost()) this.#release(id);
  }

  /** [MQTT-4.3.3-1] */
  onPubcomp(id: number): void {
    const result = this.#session.inflight.pubcomp(id);
    if (result === "done" && this.#session.durable) this.#sessions.saveExchanges(this.#session);
    this.#finished(result, "PUBCOMP", id);
  }

  /** Says again what an earlier connection may not have heard. [MQTT-4.4.0-1] [MQTT5-4.4.0-1] */
  resend(): void {
    if (!this.#session.hasInflight) return;
    const { inflight } = this.#session;
    inflight.takeLost(); // they are among the released
    for (const [id] of inflight.kept) this.#unsent.push(id);
    if (this.#unsent.length > 0) this.#sendKept();
    for (const id of inflight.released()) this.#answers.plainAck(PUBREL, id);
  }

  /** Completes exchanges of shared subscriptions, as far as the receive maximum goes. [MQTT5-4.8.2-4] [MQTT5-3.3.4-9] */
  #sendKept(): void {
    const { inflight, shared } = this.#session;
    const first = PLAIN_PUBLISH | DUP_BIT | (2 << 1);
    if (this.#shared === undefined) {
      this.#shared = new Filters();
      for (const one of shared.values()) this.#shared.set(one);
    }
    while (this.#quota > 0) {
      const id = this.#unsent.shift();
      if (id === undefined) return;
      const kept = inflight.kept.get(id);
      if (kept === undefined) continue;
      this.#quota -= 1;
      const match = { ...this.#shared.match(kept.address), noLocal: false };
      if (this.#write(kept, match, this.#names.of(kept.address), first, id)) continue;
      this.#warnDropped(kept.address);
      this.#quota += 1;
      inflight.forget(id);
      this.#sessions.saveKept(this.#session, id);
    }
  }

  /**
   * With QoS 2 a lasting session gets only what is stored: what a crash takes back would come from its publisher once
   * more, and its packet id would be another message's. [MQTT-4.3.3-1] What comes behind it waits with it, so that all
   * keep their order. [MQTT5-4.6.0-1]
   */
  #deliverAcknowledged(
    delivery: Delivery,
    match: Match,
    name: Uint8Array,
    qos: number,
    own: boolean,
  ): boolean {
    if (name === NO_NAME) return this.#drop(delivery);
    if (this.#quota <= 0 || this.#unsent.length > 0) return this.#refuse(this.#quota <= 0);
    const { inflight } = this.#session;
    const known = own && inflight.expectsResend ? inflight.again(delivery) : 0; // [MQTT-4.4.0-1]
    if (inflight.hasLost) this.releaseLost();
    if (known === 0 && inflight.full) return this.#refuse();
    const wireQos = known === 0 ? qos : known >> 16;
    const id = known === 0 ? inflight.take(delivery, qos, own) : known & 0xffff;
    let first = PLAIN_PUBLISH | (wireQos << 1);
    const { message } = delivery;
    if (delivery.retained || (match.retainAsPublished && message.retain !== "none")) first |= RETAIN_BIT;
    // [MQTT-3.3.1-1] [MQTT5-3.3.1-3] what another member of a group did not acknowledge is new to this one
    if (delivery.redeliveryCount > 0 && (own || delivery.address.kind !== "topic")) first |= DUP_BIT;
    this.#quota -= 1;
    if (own && this.#session.durable && (wireQos === 2 || this.#waiting > 0)) {
      this.#waiting += 1;
      this.#sessions.whenDurable(() => {
        this.#waiting -= 1;
        // else the next connection sends it
        if (!this.#closed && inflight.isUnanswered(id))
          this.#writeAcknowledged(delivery, match, name, first, id);
      });
    } else this.#writeAcknowledged(delivery, match, name, first, id);
    return true;
  }

  #writeAcknowledged(delivery: Delivery, match: Match, name: Uint8Array, first: number, id: number): void {
    if (this.#write(delivery, match, name, first, id)) return;
    this.#warnDropped(delivery.address);
    this.#quota += 1;
    this.#session.inflight.forget(id);
    delivery.settle("consumed");
  }

  /**
   * No filter covers it (any more), or MQTT cannot name it. What was begun before the filter went is completed
   * [MQTT-3.10.4-3]; anything else is consumed and dropped. [messaging 16.7]
   */
  #deliverUnknown(
    delivery: Delivery,
    match: Match,
    name: Uint8Array,
    published: number,
    own: boolean,
  ): boolean {
    const begun = delivery.redeliveryCount > 0 && published > 0;
    if (begun && name !== NO_NAME && delivery.address.kind !== "dsub") {
      return this.#deliverAcknowledged(delivery, match, name, published, own);
    }
    return this.#drop(delivery);
  }

  /** @returns `false`: the client cannot take such a packet */
  #write({ message }: Kept, match: Match, name: Uint8Array, first: number, packetId: number): boolean {
    const isWritten = this.#is5
      ? this.#write5(message, match, name, first, packetId)
      : writePublish(this.#connection.output, message, name, first, packetId);
    if (!isWritten) return false;
    const { counters } = this.#sessions;
    counters.publishSent += 1;
    counters.publishSentBytes += message.bodyEnd - message.bodyStart;
    return true;
  }

  #write5(message: Message, match: Match, name: Uint8Array, first: number, packetId: number): boolean {
    this.#own ??= new OwnProperties();
    const own = this.#own;
    own.identifiers = match.identifiers;
    own.expirySeconds = -1;
    if (message.expiresAtMs !== 0) {
      // [MQTT5-3.3.2-6] what is sent is what is left
      own.expirySeconds = Math.max(Math.ceil((message.expiresAtMs - this.#clock.nowMs()) / 1_000), 0);
      if (own.expirySeconds === 0 && (first & DUP_BIT) === 0) return false; // [MQTT5-3.3.2-5]
      if (own.expirySeconds === 0) own.expirySeconds = 1; // it was sent before [MQTT5-4.3.3-7]
    }
    own.alias = this.#aliases?.of(name) ?? 0;
    return writePublish5(this.#connection.output, message, {
      name: own.alias === 0 || this.#aliases?.isNew ? name : BY_ALIAS,
      first,
      packetId,
      own,
      common: commonProperties(message, this.#names),
      sizeMax: this.#limits.sizeMax,
    });
  }

  #drop(delivery: Delivery): boolean {
    this.#warnDropped(delivery.address);
    delivery.settle("consumed");
    return true;
  }

  #warnDropped(address: Address): void {
    this.#sessions.counters.publishDropped += 1;
    if (this.#warned) return;
    this.#warned = true; // once per connection: it can happen with every message
    this.#log.warn(
      { address: address.key },
      "dropping a message: no filter of the session covers it, it has expired, or the client cannot take it",
    );
  }

  #refuse(isStarved: boolean = false): boolean {
    this.#refused = true;
    if (isStarved) this.onStarved();
    return false;
  }

  #takeMore(): void {
    if (!this.#refused || this.#holds > 0) return;
    this.#refused = false;
    if (this.feeds.size === 1) for (const feed of this.feeds) feed.resume();
    else for (const feed of [...this.feeds]) feed.resume();
  }

  /** An exchange is over, if it was one. [MQTT5-4.9.0-2] */
  #finished(result: AckResult, what: string, id: number): void {
    this.#check(result, what, id);
    if (result === "done" && this.#quota < this.#limits.inflightMax) this.#quota += 1;
    if (this.#unsent.length > 0) this.#sendKept();
    if (this.#refused) this.#takeMore();
  }

  #check(result: AckResult, what: string, id: number): void {
    if (result === "wrong")
      throw violation(`The ${what} for packet id ${id} does not fit its QoS or its state.`);
  }
}

function skip(delivery: Delivery): boolean {
  delivery.settle("consumed");
  return true;
}
