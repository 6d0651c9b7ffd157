import type { StompConsumer } from "./consumer.ts";

/**
 * Which subscriptions of a connection have unacknowledged deliveries with a message id: an ACK of STOMP 1.0 need not
 * say which it means, and there may be thousands.
 */
export class Holders {
  readonly #byMessageId: Map<string, Set<StompConsumer>> = new Map();

  add(messageId: string, consumer: StompConsumer): void {
    const holders = this.#byMessageId.get(messageId);
    if (holders === undefined) this.#byMessageId.set(messageId, new Set([consumer]));
    else holders.add(consumer);
  }

  remove(messageId: string, consumer: StompConsumer): void {
    const holders = this.#byMessageId.get(messageId);
    holders?.delete(consumer);
    if (holders?.size === 0) this.#byMessageId.delete(messageId);
  }

  /** The one that has had such a delivery longest. */
  first(messageId: string): StompConsumer | undefined {
    for (const consumer of this.#byMessageId.get(messageId) ?? []) return consumer;
    return undefined;
  }
}
