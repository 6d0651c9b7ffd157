import { Address, BrokerError, SmallMap, type SubscribeRequest, type Subscription } from "@tsapollo/domain";
import { patternCovers } from "../path-tree.ts";
import type { DurableSubscription } from "../queue/durable-subscription.ts";
import type { Queue } from "../queue/queue.ts";
import type { QueueLink } from "../queue/queue-feed.ts";
import type { QueueSettings } from "../settings.ts";
import type { Topic } from "../topic/topic.ts";
import { TopicFeed, type TopicFeedOwner } from "../topic/topic-feed.ts";
import { LINK_BYTES, OWED_BYTES } from "./bindings.ts";
import type { Client } from "./client.ts";
import type { QueueWatcher } from "./router.ts";
import type { ShieldedConsumer } from "./shielded-consumer.ts";

/** Name of the queues between topics and slow consumers, for logs. */
const BUFFER = new Address("queue", ["topic-buffer"]);

/** Before a subscription has so many links, looking for those to deleted queues does not pay. */
const PRUNE_MIN = 64;

/** A live consumer joined to queues, topics and durable subscriptions, directly and by pattern. */
export class ClientSubscription implements Subscription, QueueWatcher, TopicFeedOwner {
  readonly #client: Client;
  readonly #consumer: ShieldedConsumer;
  readonly #addresses: SmallMap<string, Address> = new SmallMap();
  readonly #request: SubscribeRequest;
  readonly #links: SmallMap<Queue, QueueLink> = new SmallMap();
  #topicFeed: TopicFeed | undefined = undefined;
  /** With so many links it looks which queues are gone. */
  #pruneAt: number = PRUNE_MIN;
  #firstToResume = 0;
  #cancelled = false;

  constructor(client: Client, consumer: ShieldedConsumer, request: SubscribeRequest) {
    this.#client = client;
    this.#consumer = consumer;
    this.#request = request;
  }

  /** Looking takes other rights than taking. [instance 14.5] */
  get #action(): "consume" | "receive" {
    return this.#request.browse === undefined ? "consume" : "receive";
  }

  add(address: Address, withoutRetained: boolean = this.#request.withoutRetained ?? false): void {
    this.#addAll([address], withoutRetained);
  }

  /** Adds everything that the request names: what several of that cover comes once. [messaging 2.6, 9] */
  addRequested(): void {
    this.#addAll(this.#request.addresses, this.#request.withoutRetained ?? false);
  }

  #addAll(addresses: readonly Address[], withoutRetained: boolean): void {
    const owing = new Set<Topic>();
    for (const address of addresses) {
      if (address.kind === "topic") this.#addTopics(address, owing);
      else this.#addQueues(address);
    }
    if (withoutRetained) return;
    for (const topic of owing) {
      this.#topicFeed?.owe(topic);
      this.#client.bindings.check();
    }
  }

  #addTopics(address: Address, owing: Set<Topic>): void {
    const { router } = this.#client.host;
    const known = this.#addresses.has(address.key);
    if (address.isPattern) {
      const feed = this.#feedOfTopics();
      this.#addresses.set(address.key, address);
      if (!known) router.addTopicPattern(address, feed);
      router.findTopics(address, (topic) => {
        if (feed.mayReceive(topic.address.id)) owing.add(topic);
      });
      return;
    }
    const topic = this.#client.access.topicFor(address, "receive");
    const feed = this.#feedOfTopics();
    this.#addresses.set(address.key, address);
    topic.join(feed);
    owing.add(topic);
  }

  #feedOfTopics(): TopicFeed {
    const { host } = this.#client;
    if (this.#topicFeed === undefined) {
      this.#topicFeed = new TopicFeed({
        owner: this,
        rights: this.#client.access,
        consumer: this.#consumer,
        filter: this.#request.filter,
        limitBytes: host.settings.consumerBufferBytes,
      });
      host.watchFeed(this.#topicFeed);
    }
    return this.#topicFeed;
  }

  nowMs(): number {
    return this.#client.host.clock.nowMs();
  }

  owes(count: number): void {
    this.#client.bindings.count(count * OWED_BYTES);
  }

  makeBuffer(settings: QueueSettings): Queue {
    return this.#client.host.router.createBuffer(BUFFER, settings);
  }

  #addQueues(address: Address): void {
    const { router } = this.#client.host;
    if (!address.isPattern) {
      const queue = this.#client.access.queueFor(address, this.#action);
      this.#addresses.set(address.key, address);
      this.#join(queue);
      return;
    }
    if (address.kind === "dsub") {
      throw new BrokerError(
        "BAD_ADDRESS",
        `Cannot subscribe to durable subscriptions by pattern: '${address.id}'`,
      );
    }
    if (!this.#addresses.has(address.key)) router.addQueuePattern(address, this);
    this.#addresses.set(address.key, address);
    router.findQueues(address, (queue) => this.#joinIfAllowed(queue));
  }

  #joinIfAllowed(queue: Queue): void {
    if (this.#client.access.mayTake(this.#action, queue.address)) this.#join(queue);
  }

  /** A queue has come to be that one of the patterns matches. */
  queueCreated(queue: Queue): void {
    if (this.#cancelled) return;
    try {
      this.#joinIfAllowed(queue);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#consumer.ended(error); // whoever made the queue has nothing to do with it
    }
  }

  /** @throws BrokerError DESTINATION_LIMIT */
  #join(queue: Queue): void {
    if (this.#links.has(queue)) return;
    if (this.#links.size >= this.#pruneAt) this.#prune();
    const { bindings } = this.#client;
    bindings.count(LINK_BYTES);
    try {
      bindings.check();
    } catch (error) {
      bindings.count(-LINK_BYTES);
      throw error;
    }
    const link = this.#linkTo(queue);
    // the consumer may have ended the subscription while it took its first message
    if (this.#cancelled) {
      bindings.count(-LINK_BYTES);
      link.leave();
    } else this.#links.set(queue, link);
  }

  #unlink(queue: Queue): void {
    if (this.#links.delete(queue)) this.#client.bindings.count(-LINK_BYTES);
  }

  /** Forgets queues that were deleted: a pattern that lasts meets many that do not. */
  #prune(): void {
    for (const [queue, link] of [...this.#links]) if (link.closed) this.#unlink(queue);
    this.#pruneAt = Math.max(PRUNE_MIN, this.#links.size * 2);
  }

  #linkTo(queue: Queue): QueueLink {
    const { filter, exclusive = false, fromSequence = 0, browse: mode } = this.#request;
    if (mode !== undefined) return queue.browse(this.#consumer, { filter, mode, fromSequence });
    return queue.join(this.#consumer, { filter, exclusive, fromSequence });
  }

  /** Joins a durable subscription's queue; the topics are the durable subscription's own. */
  joinDurable(durable: DurableSubscription): void {
    this.#join(durable.queue);
  }

  remove(address: Address): boolean {
    if (!this.#addresses.delete(address.key)) return false;
    if (address.kind === "topic") this.#leaveTopics(address);
    else this.#leaveQueues(address);
    return true;
  }

  #leaveTopics(address: Address): void {
    const { router } = this.#client.host;
    if (this.#topicFeed === undefined) return;
    if (address.isPattern) router.removeTopicPattern(address, this.#topicFeed);
    else router.topics.get(address.id)?.leave(this.#topicFeed);
  }

  #leaveQueues(address: Address): void {
    if (address.isPattern) this.#client.host.router.removeQueuePattern(address, this);
    for (const [queue, feed] of this.#links) {
      if (this.#covers(queue.address)) continue;
      this.#unlink(queue);
      feed.leave();
    }
  }

  #covers(address: Address): boolean {
    for (const mine of this.#addresses.values()) {
      if (mine.kind !== address.kind) continue;
      if (mine.key === address.key || (mine.isPattern && patternCovers(mine.path, address.path))) return true;
    }
    return false;
  }

  resume(caughtUp?: () => void): void {
    if (this.#cancelled) return;
    this.#topicFeed?.resume();
    if (this.#links.size === 1) {
      for (const link of this.#links.values()) link.resume();
    } else if (this.#links.size > 1) this.#resumeInTurn();
    if (caughtUp !== undefined) this.#whenCaughtUp(caughtUp);
  }

  #whenCaughtUp(caughtUp: () => void): void {
    for (const [queue, link] of this.#links) {
      if (!link.awaitsPage) continue;
      queue.afterPage(() => this.#whenCaughtUp(caughtUp));
      return;
    }
    caughtUp();
  }

  /** Starts with another queue each time, so that a busy one does not starve the others. */
  #resumeInTurn(): void {
    const feeds = [...this.#links.values()];
    this.#firstToResume = (this.#firstToResume + 1) % feeds.length;
    for (let at = 0; at < feeds.length; at += 1) {
      const feed = feeds[(this.#firstToResume + at) % feeds.length]!;
      if (feed.closed) this.#unlink(feed.queue);
      else feed.resume();
    }
  }

  /** Its client leaves; {@link ClientSubscription.cancel} follows. */
  close(): void {
    this.#consumer.close();
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    for (const address of [...this.#addresses.values()]) {
      if (address.kind === "topic") this.#leaveTopics(address);
      else if (address.isPattern) this.#client.host.router.removeQueuePattern(address, this);
    }
    this.#addresses.clear();
    if (this.#topicFeed !== undefined) {
      this.#client.host.unwatchFeed(this.#topicFeed);
      this.#topicFeed.close();
    }
    for (const link of this.#links.values()) link.leave();
    this.#client.bindings.count(-LINK_BYTES * this.#links.size);
    this.#links.clear();
    this.#client.forget(this);
  }
}
