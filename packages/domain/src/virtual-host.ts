import type { Address } from "./address.ts";
import type { Consumer, Delivery, Outcome } from "./delivery.ts";
import type { BrokerError } from "./errors.ts";
import type { Message } from "./message.ts";

/** A token that says: this message needs no confirmation. */
export const NO_TOKEN = 0;

/** Who publishes, as the engine calls back. Implemented by protocol handlers. */
export interface Producer {
  /**
   * The broker answers for the message that was published with this token: it is where it must be, durably when
   * it is persistent. With an error it was refused and is nowhere. Called once per token, in publishing order
   * for successes at one destination; for `NO_TOKEN` only with errors. May be called before `publish` returns.
   */
  confirmed(token: number, error?: BrokerError): void;
  /** Destinations that made `publish` say `false` have room again. */
  resumed(): void;
}

/** Decides which messages a consumer wants: a parsed selector. */
export interface MessageFilter {
  /** The selector as it was written, mode prefixes included: enough to make the filter again. */
  readonly text: string;
  /** Whether the consumer wants the message. Never throws: what cannot be evaluated is not wanted. */
  matches(message: Message): boolean;
}

/** How many messages a durable subscription may hold, and what happens to one too many. */
export interface DurableLimit {
  readonly messages: number;
  /** `block`: producers wait; `drop head`: the oldest goes; `drop tail`: the new one does. */
  readonly whenFull: "block" | "drop head" | "drop tail";
}

/** What a consumer wants. */
export interface SubscribeRequest {
  /** Destinations, patterns allowed. With `durable`, the topics it collects from; may be empty otherwise. */
  readonly addresses: readonly Address[];
  /** Create, attach to or re-bind this durable subscription instead of consuming directly. */
  readonly durable?: Address;
  /** Leaves out what it does not match; on queues that stays for others. With `durable` also what is collected. */
  readonly filter?: MessageFilter;
  /** On queues: nobody else gets what this one could take, until it leaves. [messaging 5.4] */
  readonly exclusive?: boolean;
  /** For a durable subscription that is created: goes before what is configured. */
  readonly limit?: DurableLimit;
  /** Without the retained messages that its topics have now. */
  readonly withoutRetained?: boolean;
  /** Looks without taking: up to the end of each queue, or for ever. Needs `receive` instead of `consume`. */
  readonly browse?: "once" | "forever";
  /** On one queue: only entries from this sequence on; -1: only later ones. [messaging 5.1, 15.7] */
  readonly fromSequence?: number;
}

/** The engine's record joining a consumer to its destinations. A consumer is joined at most once to each. */
export interface Subscription {
  /**
   * Adds a destination or pattern, or renews one it has: retained messages are offered again.
   * @param withoutRetained adds it without offering retained messages
   * @throws BrokerError ACCESS_DENIED, DESTINATION_MISSING, DESTINATION_LIMIT
   */
  add(address: Address, withoutRetained?: boolean): void;
  /** Removes a destination or pattern; what others still cover stays. `false`: it was not there. */
  remove(address: Address): boolean;
  /**
   * The consumer has credit again. Offers may come before this returns.
   * @param caughtUp called once, when everything there is has been offered as far as there was credit: before this
   *   returns, unless some of it must be read from the store first
   */
  resume(caughtUp?: () => void): void;
  /** Leaves. Unsettled deliveries return to their queues, in place, and count as sent. A durable one stays. */
  cancel(): void;
}

/** Sends and acknowledgements that become effective together and in order, or not at all. */
export interface Transaction {
  /**
   * Why the commit will fail: what was added was refused, and what is added now is forgotten. Undefined as long as
   * nothing was. Destinations and rights are looked at again by the commit.
   */
  readonly refusal: BrokerError | undefined;
  /** Adds a message. A refusal (access, missing destination) makes the commit fail. */
  publish(address: Address, message: Message): void;
  /** Adds a message to addresses that may be patterns, which the commit resolves. See `VirtualHost`. */
  publishToMatching(addresses: readonly Address[], message: Message, destinationsMax: number): void;
  /** Adds the end of a delivery; the delivery stays with the consumer until the commit. */
  settle(delivery: Delivery, outcome: Outcome): void;
  /** Applies everything; `done` is called once, after it is durable, or with the reason why nothing happened. */
  commit(done: (error?: BrokerError) => void): void;
  /** Forgets everything. Deliveries named in it are still with the consumer. */
  abort(): void;
}

/** Small named values that protocols keep with a virtual host. They survive as messages do. [architecture 5] */
export interface NamedStates {
  /** The value as it was saved last; undefined when there is none. It must not be changed. */
  get(key: string): Uint8Array | undefined;
  /** The keys that begin with a prefix, sorted. */
  keys(prefix: string): readonly string[];
  /**
   * The value of a key has changed. It becomes durable together with everything that is published and settled in
   * this turn. `encode` is called once, when that is written, however often the key was saved until then; when it
   * returns undefined the value is removed. `done` is called when it is durable, or with the reason why it is not;
   * never before `save` returns.
   */
  save(key: string, encode: () => Uint8Array | undefined, done?: (error?: BrokerError) => void): void;
}

/** A virtual host as one authenticated client sees it. */
export interface VirtualHost {
  /** The host's configured id. */
  readonly id: string;
  /** What protocols remember of clients that are not connected. Shared by all clients: keys begin with the protocol. */
  readonly states: NamedStates;
  /**
   * Routes a message. `false`: taken, but send no more to this destination until `Producer.resumed`. Refusals and, for a token
   * other than {@link NO_TOKEN}, success reach `Producer.confirmed`. The bytes may be borrowed. Callers that
   * pass the same Address object for the same name are fastest.
   */
  publish(address: Address, message: Message, token: number): boolean;
  /**
   * Routes a message to every one of several addresses, or to none: one refusal refuses all, with every reason
   * in its text. One confirmation. [messaging 2.6]
   */
  publishToAll(addresses: readonly Address[], message: Message, token: number): boolean;
  /**
   * The same, with patterns among the addresses: each stands for the existing destinations that it matches and the
   * client may send to, be it none; it makes no new ones. Refused with DESTINATION_LIMIT when patterns stand for
   * more than `destinationsMax`. [messaging 2.6, quirk 4]
   */
  publishToMatching(
    addresses: readonly Address[],
    message: Message,
    token: number,
    destinationsMax: number,
  ): boolean;
  /**
   * Joins a consumer. Every destination is bound before it returns; retained messages and deliveries may be
   * offered before it returns. [messaging 2.6, 6, 7]
   * @throws BrokerError ACCESS_DENIED, DESTINATION_MISSING, DESTINATION_LIMIT
   */
  subscribe(request: SubscribeRequest, consumer: Consumer): Subscription;
  /** Whether a concrete destination exists now. */
  exists(address: Address): boolean;
  /**
   * Destroys a durable subscription or another destination with everything in it; nothing when it is missing.
   * @throws BrokerError ACCESS_DENIED
   */
  destroy(address: Address): void;
  /**
   * Calls back when everything that was published, settled, subscribed and saved so far is durable, or with the reason
   * why it is not. At once, before it returns, when nothing waits for the store.
   */
  whenDurable(done: (error?: BrokerError) => void): void;
  /** Starts a transaction. */
  begin(): Transaction;
  /** The client is gone: subscriptions are cancelled, open transactions aborted, nothing is called back any more. */
  close(): void;
}
