import type { Address } from "./address.ts";
import type { BrokerError } from "./errors.ts";
import type { Message } from "./message.ts";

/**
 * How a delivery ended.
 *
 * | outcome | meaning | redelivery counter |
 * |---|---|---|
 * | consumed | processed; the message is done | |
 * | retry | was sent, never acknowledged; available again at its old place | +1 |
 * | undelivered | never left the broker; available again at its old place | unchanged |
 * | expired | found expired by the consumer's side | |
 * | poisoned | the client refused it; dead-lettered past the limit, else available again | +1 |
 */
export type Outcome = "consumed" | "retry" | "undelivered" | "expired" | "poisoned";

/** One message on its way to one consumer. Ends in exactly one {@link Outcome}. */
export interface Delivery {
  readonly message: Message;
  /** The concrete destination it came through; for a durable subscription the topic it was published to. */
  readonly address: Address;
  /** Its number in the queue, from 1 upward; -1 when it comes straight from a topic. */
  readonly sequence: number;
  /** How often it was sent before without being acknowledged. */
  readonly redeliveryCount: number;
  /** Whether it is a topic's retained message, handed to a new subscription. */
  readonly retained: boolean;
  /** Ends the delivery. Without effect when it comes straight from a topic, or has ended already. */
  settle(outcome: Outcome): void;
}

/** Somebody who takes deliveries while it has credit. */
export interface Consumer {
  /**
   * Takes the delivery, or says `false`: no credit; the engine keeps it, in order, and offers nothing more
   * until `Subscription.resume()`. The message's bytes may be borrowed: what is kept must be owned.
   */
  offer(delivery: Delivery): boolean;
  /**
   * A browser that ends by itself has seen all of this queue; it is not joined to it any more. Only browsers
   * need it. [messaging 5.7]
   */
  browsed?(address: Address): void;
  /** The engine ended the subscription (destination deleted, no progress for too long). Nothing more will come. */
  ended(reason: BrokerError): void;
}
