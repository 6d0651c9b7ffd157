import type { Address, Subscription } from "@tsapollo/domain";
import { patternCovers } from "../path-tree.ts";
import type { DurableSubscription } from "../queue/durable-subscription.ts";
import type { Topic } from "../topic/topic.ts";
import { TopicDelivery } from "../topic/topic-delivery.ts";
import type { Client } from "./client.ts";
import type { ClientSubscription } from "./client-subscription.ts";
import { isSameBearer } from "./guard.ts";

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
  rebind(addresses: readonly Address[], withoutRetained: boolean): void {
    const { access, host } = this.#client;
    const known = this.#durable.rights;
    if (known === undefined || !isSameBearer(known.bearer, access.bearer))
      host.router.describe(this.#durable);
    this.#durable.rights = access; // holds on to the rights, not to the client
    host.router.rematchTopics(); // what topics remember was right for whoever bound it before
    const wanted = new Set(addresses.map(({ id }) => id));
    const before = [...this.#durable.topics.values()];
    for (const address of before) {
      if (!wanted.has(address.id)) host.router.unbindDurable(this.#durable, address);
    }
    this.#bind(addresses, before, withoutRetained);
    this.#inner.joinDurable(this.#durable);
  }

  /** Retained messages come of topics that are new to it, each once. [messaging 9] */
  #bind(addresses: readonly Address[], before: readonly Address[], withoutRetained: boolean): void {
    const { router } = this.#client.host;
    const found = new Set<Topic>();
    for (const address of addresses) {
      if (!this.#durable.topics.has(address.id)) router.bindDurable(this.#durable, address);
      if (withoutRetained) continue;
      if (address.isPattern) router.findTopics(address, (topic) => void found.add(topic));
      else {
        const topic = router.topics.get(address.id);
        if (topic !== undefined) found.add(topic);
      }
    }
    for (const topic of found) {
      if (!before.some(({ path }) => patternCovers(path, topic.address.path))) this.#collectRetained(topic);
    }
  }

  #collectRetained(topic: Topic): void {
    const { host } = this.#client;
    const { queue } = this.#durable;
    // renewing again and again must not fill the memory with copies that nobody consumes
    if (host.memory.isExhausted || queue.isFull || queue.contents.retainedCount >= host.router.topics.size)
      return;
    const message = topic.retained(host.clock.nowMs());
    if (message === undefined || !this.#durable.mayReceive(topic.address.id)) return;
    this.#durable.take(new TopicDelivery(message, topic.address, true));
  }

  add(address: Address, withoutRetained = false): void {
    this.#client.access.checkCollectable(address);
    this.#bind([address], [], withoutRetained); // renewed: its retained messages come again
  }

  remove(address: Address): boolean {
    return this.#client.host.router.unbindDurable(this.#durable, address);
  }

  resume(caughtUp?: () => void): void {
    this.#inner.resume(caughtUp);
  }

  cancel(): void {
    this.#inner.cancel();
  }
}
