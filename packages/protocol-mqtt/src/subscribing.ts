import { Address, BrokerError, type Logger, type Subscription, type VirtualHost } from "@tsapollo/domain";
import type { MqttAddresses } from "./addresses.ts";
import type { MqttOptions } from "./options.ts";
import type { FilterRequest } from "./packet-reader.ts";
import type { Sending } from "./sending.ts";
import type { MqttSession } from "./session.ts";
import { type Qos, SUBACK_FAILURE } from "./wire.ts";

/** Most warnings about refused filters in the life of a connection. */
const WARNINGS_MAX = 100;

/**
 * Keeps the engine's one Subscription of a session in step with the session's filters. Several addresses in one
 * subscription give one copy of a message that several filters cover. A session that outlives its connection is a
 * durable subscription with the client id as its name. [messaging 7, 16.3, 16.6]
 */
export class Subscribing {
  readonly #host: VirtualHost;
  readonly #session: MqttSession;
  readonly #sending: Sending;
  readonly #addresses: MqttAddresses;
  readonly #options: MqttOptions;
  readonly #log: Logger;
  #subscription: Subscription | undefined;
  #warnings = 0;

  constructor(parts: {
    readonly host: VirtualHost;
    readonly session: MqttSession;
    readonly sending: Sending;
    readonly addresses: MqttAddresses;
    readonly options: MqttOptions;
    readonly log: Logger;
  }) {
    this.#host = parts.host;
    this.#session = parts.session;
    this.#sending = parts.sending;
    this.#addresses = parts.addresses;
    this.#options = parts.options;
    this.#log = parts.log;
  }

  /**
   * Binds the filters of a session that was found again, all at once: topics that were bound before are not new,
   * so their retained messages do not come again. Filters that are refused now stay in the session, unbound: the
   * next connection tries them again.
   */
  attach(): void {
    const addresses = this.#session.filters.addresses();
    if (addresses.length === 0 || this.#bindAll(addresses) === undefined) return;
    let count = 0;
    let reason = "";
    for (const address of addresses) {
      const refusal = this.#bindAll([address]);
      if (refusal === undefined) continue;
      if (count === 0) reason = refusal.message;
      count += 1;
    }
    if (count > 0) this.#log.warn({ count, reason }, "filters of the session are refused now");
  }

  /** Lets the consumer take deliveries; called when the answer to the client is written. */
  release(): void {
    this.#sending.release(this.#subscription);
  }

  /**
   * Adds filters in order; returns the codes of the SUBACK. The consumer is held: {@link Subscribing.release} it
   * after the SUBACK. [MQTT-3.8.4-4] [MQTT-3.8.4-5] [MQTT-3.8.4-6]
   * @throws BrokerError PROTOCOL_VIOLATION for an impossible filter; then nothing was added
   */
  subscribe(request: FilterRequest): number[] {
    const wanted = request.filters.map((one) => ({ qos: one.qos, address: this.#parse(one.text) }));
    this.#sending.hold();
    const bound = new Set<string>();
    const codes: number[] = [];
    const refusals: BrokerError[] = [];
    for (const { qos, address } of wanted) {
      const refusal = this.#add(address, qos, bound);
      if (refusal !== undefined) refusals.push(refusal);
      codes.push(refusal === undefined ? qos : SUBACK_FAILURE);
    }
    this.#warnRefused(refusals);
    return codes;
  }

  /**
   * Removes filters. With its last filter a durable subscription is destroyed; the session stays.
   * [MQTT-3.10.4-1] [MQTT-3.10.4-2] [messaging 16.6]
   * @throws BrokerError PROTOCOL_VIOLATION for an impossible filter; then nothing was removed
   */
  unsubscribe(request: FilterRequest): void {
    const { filters } = this.#session;
    const unwanted = request.filters.map((one) => this.#parse(one.text));
    for (const address of unwanted) {
      if (address instanceof BrokerError || !filters.delete(address)) continue;
      this.#subscription?.remove(address);
      if (!this.#session.clean && filters.size === 0) this.#destroy();
    }
  }

  /** The connection ends. */
  detach(): void {
    this.#subscription?.cancel();
    this.#subscription = undefined;
  }

  /** Destroys the durable subscription of an erased session. [MQTT-3.1.2-6] */
  erase(): void {
    this.#destroyDurable();
  }

  /** The engine ended the subscription. */
  ended(): void {
    this.#subscription = undefined;
  }

  #parse(text: string): Address | BrokerError {
    try {
      return this.#addresses.ofFilter(text);
    } catch (error) {
      if (error instanceof BrokerError && error.code === "BAD_ADDRESS") return error;
      throw error;
    }
  }

  /**
   * Adds one filter, or says why not.
   * @param bound filters of this packet so far: one that stands in it twice is bound once, the last QoS holds
   */
  #add(address: Address | BrokerError, qos: Qos, bound: Set<string>): BrokerError | undefined {
    const { filters } = this.#session;
    if (address instanceof BrokerError) return address;
    if (bound.has(address.key)) {
      filters.set(address, qos);
      return undefined;
    }
    const refusal = this.#checkRoom(address) ?? this.#bindAll([address]);
    if (refusal !== undefined) return refusal;
    filters.set(address, qos);
    bound.add(address.key);
    return undefined;
  }

  #checkRoom(address: Address): BrokerError | undefined {
    const { filters } = this.#session;
    const { maxSubscriptions, maxSubscriptionsLength } = this.#options;
    if (filters.has(address)) return undefined;
    if (filters.size >= maxSubscriptions) {
      const text = `The session has ${filters.size} filters already (max_subscriptions ${maxSubscriptions}).`;
      return new BrokerError("DESTINATION_LIMIT", text);
    }
    if (filters.length + address.key.length > maxSubscriptionsLength) {
      const text = `The session's filters would have more than ${maxSubscriptionsLength} characters together`;
      return new BrokerError("DESTINATION_LIMIT", `${text} (max_subscriptions_length).`);
    }
    return undefined;
  }

  /** Adds addresses to the subscription, or makes it with them. */
  #bindAll(addresses: readonly Address[]): BrokerError | undefined {
    try {
      if (this.#subscription !== undefined) {
        for (const address of addresses) this.#subscription.add(address);
      } else if (this.#session.clean) {
        this.#subscription = this.#host.subscribe({ addresses }, this.#sending);
      } else {
        const durable = durableAddress(this.#session);
        this.#subscription = this.#host.subscribe({ addresses, durable }, this.#sending);
      }
      return undefined;
    } catch (error) {
      if (error instanceof BrokerError) return error;
      throw error;
    }
  }

  /** One line for a packet, so that it cannot fill the log. */
  #warnRefused(refusals: readonly BrokerError[]): void {
    const [first] = refusals;
    if (first === undefined || this.#warnings >= WARNINGS_MAX) return;
    this.#warnings += 1;
    const { code, message: reason } = first;
    this.#log.warn({ count: refusals.length, code, reason }, "filters are refused");
  }

  #destroy(): void {
    this.#subscription?.cancel();
    this.#subscription = undefined;
    this.#sending.release(undefined);
    this.#session.inflight.abandon();
    this.#destroyDurable();
  }

  #destroyDurable(): void {
    try {
      this.#host.destroy(durableAddress(this.#session));
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#log.warn({ reason: error.message }, "the durable subscription of the session stays");
    }
  }
}

/** The durable subscription of a session: its client id as one literal part. [messaging 2.7] */
export function durableAddress(session: MqttSession): Address {
  return new Address("dsub", [session.clientId]);
}
