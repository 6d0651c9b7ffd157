import type { BrokerError, Connection, Consumer, Delivery, Logger, Subscription } from "@tsapollo/domain";
import { NOT_GRANTED } from "./filters.ts";
import type { AckResult } from "./inflight.ts";
import { publishQos } from "./message-codec.ts";
import { writeAck, writePublish } from "./publish-writer.ts";
import type { ReadingGate } from "./reading-gate.ts";
import type { MqttSession } from "./session.ts";
import { NO_NAME, type TopicNames } from "./topic-names.ts";
import { DUP_BIT, PLAIN_PUBLISH, RETAIN_BIT, violation } from "./wire.ts";

const PUBREL = 0x62;

/** What a connection sends to its client: the consumer side of the session. [messaging 16.7] */
export class Sending implements Consumer {
  readonly #connection: Connection;
  readonly #gate: ReadingGate;
  readonly #session: MqttSession;
  readonly #names: TopicNames;
  readonly #log: Logger;
  readonly #onEnded: (reason: BrokerError) => void;
  #subscription: Subscription | undefined;
  #held = false;
  #refused = false;
  #warned = false;

  constructor(parts: {
    readonly connection: Connection;
    readonly gate: ReadingGate;
    readonly session: MqttSession;
    readonly names: TopicNames;
    readonly log: Logger;
    /** The engine ended the subscription. */
    readonly onEnded: (reason: BrokerError) => void;
  }) {
    this.#connection = parts.connection;
    this.#gate = parts.gate;
    this.#session = parts.session;
    this.#names = parts.names;
    this.#log = parts.log;
    this.#onEnded = parts.onEnded;
  }

  /** Takes nothing until {@link Sending.release}, so that a CONNACK or SUBACK can go out first. [MQTT-3.2.0-1] */
  hold(): void {
    this.#held = true;
  }

  /** Takes deliveries of this subscription from now on. */
  release(subscription: Subscription | undefined): void {
    this.#held = false;
    this.#subscription = subscription;
    this.#takeMore();
  }

  /** There is room in the output again. */
  drained(): void {
    this.#takeMore();
  }

  offer(delivery: Delivery): boolean {
    const { output } = this.#connection;
    if (this.#held || output.full) return this.#refuse();
    const name = this.#names.of(delivery.address);
    const granted = this.#session.filters.granted(delivery.address);
    const published = publishQos(delivery.message);
    const qos = Math.min(published, granted);
    if (qos > 0) return this.#offerAcknowledged(delivery, name, qos);
    if (granted === NOT_GRANTED || name === NO_NAME) return this.#offerUnknown(delivery, name, published);
    const first = delivery.retained ? PLAIN_PUBLISH | RETAIN_BIT : PLAIN_PUBLISH;
    if (!writePublish(output, delivery.message, name, first, 0)) this.#warnDropped(delivery);
    if (delivery.sequence !== -1) delivery.settle("consumed");
    return true;
  }

  ended(reason: BrokerError): void {
    this.#subscription = undefined;
    this.#onEnded(reason);
  }

  /** [MQTT-4.3.2-1] */
  onPuback(id: number): void {
    this.#check(this.#session.inflight.puback(id), "PUBACK", id);
    if (this.#refused) this.#takeMore();
  }

  /** [MQTT-4.3.3-1] An unknown id is answered too, so that the client can finish. */
  onPubrec(id: number): void {
    const { inflight } = this.#session;
    if (inflight.isResend(id)) return;
    this.#check(inflight.pubrec(id), "PUBREC", id);
    writeAck(this.#connection.output, PUBREL, id);
    this.#gate.answered();
  }

  /** [MQTT-4.3.3-1] */
  onPubcomp(id: number): void {
    this.#check(this.#session.inflight.pubcomp(id), "PUBCOMP", id);
    if (this.#refused) this.#takeMore();
  }

  /** Says again what an earlier connection may not have heard. [MQTT-4.4.0-1] */
  resendReleases(): void {
    for (const id of this.#session.inflight.released()) writeAck(this.#connection.output, PUBREL, id);
  }

  #offerAcknowledged(delivery: Delivery, name: Uint8Array, qos: number): boolean {
    if (name === NO_NAME) return this.#drop(delivery);
    const { inflight } = this.#session;
    const known = inflight.expectsResend ? inflight.again(delivery) : 0; // [MQTT-4.4.0-1]
    if (known === 0 && inflight.full) return this.#refuse();
    const wireQos = known === 0 ? qos : known >> 16;
    const id = known === 0 ? inflight.take(delivery, qos) : known & 0xffff;
    let first = PLAIN_PUBLISH | (wireQos << 1);
    if (delivery.retained) first |= RETAIN_BIT;
    if (delivery.redeliveryCount > 0) first |= DUP_BIT; // [MQTT-3.3.1-1]
    if (writePublish(this.#connection.output, delivery.message, name, first, id)) return true;
    this.#warnDropped(delivery);
    inflight.forget(id);
    delivery.settle("consumed");
    return true;
  }

  /**
   * No filter covers it (any more), or MQTT cannot name it. What was begun before the filter went is completed
   * [MQTT-3.10.4-3]; anything else is consumed and dropped. [messaging 16.7]
   */
  #offerUnknown(delivery: Delivery, name: Uint8Array, published: number): boolean {
    if (
      delivery.redeliveryCount > 0 &&
      published > 0 &&
      name !== NO_NAME &&
      delivery.address.kind !== "dsub"
    ) {
      return this.#offerAcknowledged(delivery, name, published);
    }
    return this.#drop(delivery);
  }

  #drop(delivery: Delivery): boolean {
    this.#warnDropped(delivery);
    delivery.settle("consumed");
    return true;
  }

  #warnDropped(delivery: Delivery): void {
    if (this.#warned) return;
    this.#warned = true; // once per connection: it can happen with every message
    this.#log.warn(
      { address: delivery.address.key },
      "dropping a message: no filter of the session covers it or MQTT cannot carry it",
    );
  }

  #refuse(): boolean {
    this.#refused = true;
    return false;
  }

  #takeMore(): void {
    if (!this.#refused || this.#held) return;
    this.#refused = false;
    this.#subscription?.resume();
  }

  #check(result: AckResult, what: string, id: number): void {
    if (result === "wrong")
      throw violation(`The ${what} for packet id ${id} does not fit its QoS or its state.`);
  }
}
