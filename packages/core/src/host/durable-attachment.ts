import { type Address, BrokerError, type Subscription } from "@tsapollo/domain";
import type { DurableSubscription } from "../queue/durable-subscription.ts";
import type { Topic } from "../topic/topic.ts";
import { TopicDelivery } from "../topic/topic-delivery.ts";
import type { Client } from "./client.ts";
import type { ClientSubscription } from "./client-subscription.ts";

/**
 * A consumer attached to a durable subscription: it consumes from its queue, and adding or removing addresses
 * changes what the durable subscription collects. [messaging 7, quirk 8 mended: topics are checked too]
 */
export class DurableAttachment implements Subscription {
  readonly #client: Client;
  readonly #durable: DurableSubscription;
  readonly #inner: ClientSubscription;

  constructor(client: Client, durable: DurableSubscription, inner: ClientSubscription) {
    this.#client = client;
    this.#durable = durable;
    this.#inner = inner;
  }

  /** Makes the durable subscription collect from exactly these addresses, then consumes from it. */
  rebind(addresses: readonly Address[]): void {
    for (const address of addresses) this.#check(address);
    this.#durable.guard = (topicId) => this.#client.mayReceiveTopic(topicId);
    const wanted = new Set(addresses.map((address) => address.key));
    for (const address of [...this.#durable.topics.values()]) {
      if (!wanted.has(address.key)) this.#client.host.router.unbindDurable(this.#durable, address);
    }
    for (const address of addresses) if (!this.#durable.topics.has(address.key)) this.#bind(address);
    this.#inner.joinDurable(this.#durable);
  }

  #check(address: Address): void {
    if (address.kind !== "topic") {
      throw new BrokerError(
        "BAD_ADDRESS",
        "A persistent subscription can only be used on a topic destination",
      );
    }
    if (!address.isPattern) this.#client.guard.demand("receive", address);
  }

  #bind(address: Address): void {
    const { router } = this.#client.host;
    if (!this.#durable.topics.has(address.key)) router.bindDurable(this.#durable, address);
    if (address.isPattern) router.findTopics(address, (topic) => this.#collectRetained(topic));
    else {
      const topic = router.topics.get(address.id);
      if (topic !== undefined) this.#collectRetained(topic);
    }
  }

  #collectRetained(topic: Topic): void {
    const message = topic.retained(this.#client.host.clock.nowMs());
    if (message === undefined || !this.#durable.mayReceive(topic.address.id)) return;
    this.#durable.take(new TopicDelivery(message, topic.address, true));
  }

  add(address: Address): void {
    this.#check(address);
    this.#bind(address);
  }

  remove(address: Address): boolean {
    return this.#client.host.router.unbindDurable(this.#durable, address);
  }

  resume(): void {
    this.#inner.resume();
  }

  cancel(): void {
    this.#inner.cancel();
  }
}
