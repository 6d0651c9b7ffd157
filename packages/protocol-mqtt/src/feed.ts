import type { BrokerError, Consumer, Delivery, Subscription } from "@tsapollo/domain";
import type { Filters, Match } from "./filters.ts";
import type { Sending } from "./sending.ts";

/** Who is told that the engine ended a subscription. */
export interface FeedOwner {
  /** @param own whether it is the session's own durable subscription */
  ended(reason: BrokerError, own: boolean): void;
}

/** What a feed is for. */
export interface FeedParts {
  readonly sending: Sending;
  /** The filters of the session; a shared subscription has one match of its own instead. */
  readonly filters: Filters;
  readonly match?: Match;
  /** Whether it is the session's own durable subscription, whose messages come again after the connection broke. */
  readonly own: boolean;
  readonly owner: FeedOwner;
}

/** One engine subscription of a session: offers go to what the connection sends. */
export class Feed implements Consumer {
  subscription: Subscription | undefined;
  readonly #owner: FeedOwner;
  readonly #sending: Sending;
  readonly #filters: Filters;
  #match: Match | undefined;
  readonly #own: boolean;
  #refused = false;

  constructor(parts: FeedParts) {
    this.#owner = parts.owner;
    this.#sending = parts.sending;
    this.#filters = parts.filters;
    this.#match = parts.match;
    this.#own = parts.own;
    this.#sending.feeds.add(this);
  }

  /** A shared subscription was made again with other options. */
  changeMatch(match: Match): void {
    this.#match = match;
  }

  offer(delivery: Delivery): boolean {
    const match = this.#match ?? this.#filters.match(delivery.address);
    if (this.#sending.deliver(delivery, match, this.#own)) return true;
    this.#refused = true;
    return false;
  }

  /** Takes what it refused, as far as there is room now. */
  resume(): void {
    if (!this.#refused || this.subscription === undefined) return;
    this.#refused = false;
    this.subscription.resume();
  }

  ended(reason: BrokerError): void {
    this.subscription = undefined;
    this.#sending.feeds.delete(this);
    this.#owner.ended(reason, this.#own);
  }

  /** Leaves; what was sent and not acknowledged returns to where it came from. */
  cancel(): void {
    this.#sending.feeds.delete(this);
    this.subscription?.cancel();
    this.subscription = undefined;
  }
}
