import {
  type Address,
  BrokerError,
  type DurableLimit,
  type Logger,
  SmallMap,
  type VirtualHost,
} from "@tsapollo/domain";
import { Feed, type FeedOwner } from "./feed.ts";
import type { FilterOptions, FilterWish } from "./filter-request.ts";
import type { FilterSyntax, SharedName } from "./filter-syntax.ts";
import { together } from "./filters.ts";
import type { Guardian } from "./guardian.ts";
import type { HostSessions } from "./host-sessions.ts";
import type { MqttOptions } from "./options.ts";
import { failureFor, REASON } from "./reasons.ts";
import type { Sending } from "./sending.ts";
import type { MqttSession, SharedFilter } from "./session.ts";

/** Most warnings about refused filters in the life of a connection. */
const WARNINGS_MAX = 100;

/** What a SUBSCRIBE came to. */
export interface Granted {
  /** A QoS or a reason code of MQTT 5.0 per filter. */
  readonly codes: number[];
  /** Why the first of those that were refused was. */
  readonly reason: string | undefined;
}

/**
 * Keeps the engine's subscriptions of a session in step with its filters. All its topics are one subscription, so
 * that a message that several filters cover comes once; for a session that outlives its connection that is a durable
 * subscription with the client id as its name. Queues of such a session, and each shared subscription, have one of
 * their own. [messaging 7, 16.3, 16.6]
 */
export class Subscribing implements FeedOwner {
  readonly #host: VirtualHost;
  readonly #session: MqttSession;
  readonly #sessions: HostSessions;
  readonly #sending: Sending;
  readonly #syntax: FilterSyntax;
  readonly #options: MqttOptions;
  readonly #log: Logger;
  readonly #guardian: Guardian;
  #main: Feed | undefined;
  #queues: Feed | undefined;
  readonly #shared = new SmallMap<string, Feed>();
  #warnings = 0;

  constructor(parts: {
    readonly host: VirtualHost;
    readonly session: MqttSession;
    readonly sessions: HostSessions;
    readonly sending: Sending;
    readonly syntax: FilterSyntax;
    readonly options: MqttOptions;
    readonly log: Logger;
    readonly guardian: Guardian;
  }) {
    this.#host = parts.host;
    this.#session = parts.session;
    this.#sessions = parts.sessions;
    this.#sending = parts.sending;
    this.#syntax = parts.syntax;
    this.#options = parts.options;
    this.#log = parts.log;
    this.#guardian = parts.guardian;
  }

  /**
   * Binds the filters of a session that was found again, all topics at once: those that were bound before are not
   * new, so their retained messages do not come again. Filters that are refused now stay in the session, unbound: the
   * next connection tries them again.
   */
  attach(): void {
    const topics: Address[] = [];
    const refusals: BrokerError[] = [];
    const tried = (refusal: BrokerError | undefined): void => void (refusal && refusals.push(refusal));
    for (const { address } of this.#session.filters.all()) {
      if (address.kind === "topic") topics.push(address);
      else tried(this.#bind([address], true));
    }
    if (topics.length > 0 && this.#bind(topics, false) !== undefined) {
      for (const address of topics) tried(this.#bind([address], false));
    }
    for (const shared of this.#session.shared.values()) tried(this.#join(shared));
    const [first] = refusals;
    if (first === undefined) return;
    const fields = { count: refusals.length, reason: first.message };
    this.#log.warn(fields, "filters of the session are refused now");
  }

  /**
   * Adds filters in order. The consumer should be held until the SUBACK is out. [MQTT-3.8.4-4] [MQTT-3.8.4-5]
   * @throws PacketError for an impossible filter; then nothing was added
   */
  subscribe(filters: readonly FilterWish[]): Granted {
    const parsed = filters.map((one) => this.#syntax.parse(one.text));
    for (const [at, one] of filters.entries()) this.#syntax.checkOptions(one, parsed[at]!);
    const bound = new Set<string>();
    const refusals: BrokerError[] = [];
    const codes = filters.map((wish, at) => {
      const qos = Math.min(wish.qos, this.#options.maxQos) as FilterWish["qos"];
      const refusal = this.#add(parsed[at]!, { ...wish, qos }, bound);
      if (refusal === undefined) return qos;
      refusals.push(refusal);
      return failureFor("FILTER", refusal);
    });
    this.#dropUnused();
    this.#warnRefused(refusals);
    return { codes, reason: refusals[0]?.message };
  }

  /**
   * Removes filters. With its last topic a durable subscription is destroyed; the session stays.
   * [MQTT-3.10.4-1] [MQTT-3.10.4-2] [messaging 16.6]
   * @returns a reason code of MQTT 5.0 per filter [MQTT5-3.11.3-1]
   * @throws PacketError for an impossible filter; then nothing was removed
   */
  unsubscribe(filters: readonly string[]): number[] {
    const unwanted = filters.map((text) => this.#syntax.parse(text));
    const codes = unwanted.map((one) => {
      if (one instanceof BrokerError) return failureFor("FILTER", one);
      const known = "durable" in one ? this.#leave(one) : this.#remove(one);
      return known ? REASON.SUCCESS : REASON.NO_SUBSCRIPTION_EXISTED;
    });
    this.#dropUnused();
    return codes;
  }

  /** The connection ends. */
  detach(): void {
    this.#main?.cancel();
    this.#queues?.cancel();
    for (const feed of this.#shared.values()) feed.cancel();
    this.#shared.clear();
  }

  /** Adds one filter, or says why not. @param bound filters of this packet so far: each is bound once */
  #add(
    parsed: Address | SharedName | BrokerError,
    options: FilterOptions,
    bound: Set<string>,
  ): BrokerError | undefined {
    if (parsed instanceof BrokerError) return parsed;
    if ("durable" in parsed) return this.#addShared({ ...parsed, ...pickOptions(options) });
    const isNew = !this.#session.filters.has(parsed);
    if (!bound.has(parsed.key)) {
      const wantsRetained = options.retainHandling === 0 || (options.retainHandling === 1 && isNew);
      const refusal = (isNew ? this.#checkRoom(parsed) : undefined) ?? this.#bind([parsed], !wantsRetained);
      if (refusal !== undefined) return refusal;
      bound.add(parsed.key);
    }
    this.#session.setFilter({ address: parsed, ...pickOptions(options) });
    if (isNew) this.#sessions.counters.subscriptions += 1;
    return undefined;
  }

  #addShared(shared: SharedFilter): BrokerError | undefined {
    const { key } = shared.durable;
    const known = this.#session.shared.has(key);
    const refusal = (known ? undefined : this.#checkRoom(shared.address)) ?? this.#join(shared);
    if (refusal !== undefined) return refusal;
    this.#session.setShared(shared);
    if (!known) {
      this.#sessions.groups.join(shared.durable);
      this.#sessions.counters.sharedSubscriptions += 1;
    }
    return undefined;
  }

  #checkRoom(address: Address): BrokerError | undefined {
    const { filters, filterCount } = this.#session;
    const { maxSubscriptions, maxSubscriptionsLength } = this.#options;
    if (filterCount >= maxSubscriptions) {
      const text = `The session has ${filterCount} filters already (max_subscriptions ${maxSubscriptions}).`;
      return new BrokerError("DESTINATION_LIMIT", text);
    }
    if (filters.length + address.key.length > maxSubscriptionsLength) {
      const text = `The session's filters would have more than ${maxSubscriptionsLength} characters together`;
      return new BrokerError("DESTINATION_LIMIT", `${text} (max_subscriptions_length).`);
    }
    return undefined;
  }

  /** Adds addresses of one kind to the subscription they belong to, or makes it with them. */
  #bind(addresses: readonly Address[], withoutRetained: boolean): BrokerError | undefined {
    const { durable: lasts } = this.#session;
    const own = lasts && addresses[0]!.kind === "topic";
    const feed = lasts && !own ? this.#queues : this.#main;
    const made = feed?.subscription === undefined ? this.#feed(own) : feed;
    try {
      if (made.subscription !== undefined) {
        for (const address of addresses) made.subscription.add(address, withoutRetained);
        return undefined;
      }
      const durable = own ? { durable: this.#session.durableAddress, ...this.#limit() } : {};
      const retained = withoutRetained ? { withoutRetained } : {};
      made.subscription = this.#host.subscribe({ addresses, ...durable, ...retained }, made);
      if (lasts && !own) this.#queues = made;
      else this.#main = made;
      return undefined;
    } catch (error) {
      if (made.subscription === undefined) made.cancel();
      if (error instanceof BrokerError) return error;
      throw error;
    }
  }

  #limit(): { limit?: DurableLimit } {
    const { maxQueuedMessages: messages, queuedMessagesPolicy: whenFull } = this.#options;
    return messages === undefined ? {} : { limit: { messages, whenFull } };
  }

  /** The engine ended a subscription. When it destroyed what the session stood for, the next connection finds none. */
  ended(reason: BrokerError, own: boolean): void {
    if (own) this.#session.expirySeconds = 0;
    this.#guardian.fail(reason);
  }

  #feed(own: boolean): Feed {
    return new Feed({ sending: this.#sending, filters: this.#session.filters, own, owner: this });
  }

  /** Consumes from the durable subscription of a group. [MQTT5-4.8.2-3] */
  #join(shared: SharedFilter): BrokerError | undefined {
    const { address, durable } = shared;
    const match = together([shared]);
    const joined = this.#shared.get(durable.key);
    if (joined !== undefined) {
      joined.changeMatch(match);
      return undefined;
    }
    const { filters } = this.#session;
    const feed = new Feed({ sending: this.#sending, filters, match, own: false, owner: this });
    try {
      feed.subscription = this.#host.subscribe(
        { addresses: [address], durable, withoutRetained: true },
        feed,
      );
      this.#shared.set(durable.key, feed);
      return undefined;
    } catch (error) {
      feed.cancel();
      if (error instanceof BrokerError) return error;
      throw error;
    }
  }

  #leave({ durable }: SharedName): boolean {
    if (!this.#session.deleteShared(durable.key)) return false;
    this.#sessions.counters.sharedSubscriptions -= 1;
    this.#shared.get(durable.key)?.cancel();
    this.#shared.delete(durable.key);
    this.#sessions.groups.leave(durable);
    return true;
  }

  #remove(address: Address): boolean {
    if (!this.#session.deleteFilter(address)) return false;
    this.#sessions.counters.subscriptions -= 1;
    const feed = this.#session.durable && address.kind === "queue" ? this.#queues : this.#main;
    feed?.subscription?.remove(address);
    return true;
  }

  /** Without topics there is no durable subscription. */
  #dropUnused(): void {
    if (!this.#session.durable || this.#main === undefined) return;
    for (const { address } of this.#session.filters.all()) if (address.kind === "topic") return;
    this.#main.cancel();
    this.#main = undefined;
    this.#session.inflight.abandon();
    this.#sending.releaseLost();
    this.#sessions.destroyDurable(this.#session);
  }

  /** One line for a packet, so that it cannot fill the log. */
  #warnRefused(refusals: readonly BrokerError[]): void {
    const [first] = refusals;
    if (first === undefined || this.#warnings >= WARNINGS_MAX) return;
    this.#warnings += 1;
    const { code, message: reason } = first;
    this.#log.warn({ count: refusals.length, code, reason }, "filters are refused");
  }
}

function pickOptions({
  qos,
  noLocal,
  retainAsPublished,
  retainHandling,
  identifier,
}: FilterOptions): FilterOptions {
  return { qos, noLocal, retainAsPublished, retainHandling, identifier };
}
