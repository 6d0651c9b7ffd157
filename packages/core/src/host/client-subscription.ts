import { type Address, BrokerError, type Consumer, type Subscription } from "@tsapollo/domain";
import { patternCovers } from "../path-tree.ts";
import type { DurableSubscription } from "../queue/durable-subscription.ts";
import type { Queue } from "../queue/queue.ts";
import type { QueueFeed } from "../queue/queue-feed.ts";
import type { Topic } from "../topic/topic.ts";
import { TopicFeed } from "../topic/topic-feed.ts";
import type { Client } from "./client.ts";
import type { QueueWatcher } from "./router.ts";

/** A live consumer joined to queues, topics and durable subscriptions, directly and by pattern. */
export class ClientSubscription implements Subscription, QueueWatcher {
  readonly #client: Client;
  readonly #consumer: Consumer;
  readonly #addresses: Map<string, Address> = new Map();
  readonly #queueFeeds: Map<Queue, QueueFeed> = new Map();
  #topicFeed: TopicFeed | undefined = undefined;
  #firstToResume = 0;
  #cancelled = false;

  constructor(client: Client, consumer: Consumer) {
    this.#client = client;
    this.#consumer = consumer;
  }

  add(address: Address): void {
    if (address.kind === "topic") this.#addTopics(address);
    else this.#addQueues(address);
    this.#addresses.set(address.key, address);
  }

  #addTopics(address: Address): void {
    const { router } = this.#client.host;
    const known = this.#addresses.has(address.key);
    if (address.isPattern) {
      const feed = this.#feedOfTopics();
      if (!known) router.addTopicPattern(address, feed);
      router.findTopics(address, (topic) => {
        if (feed.mayReceive(topic.address.id)) this.#offerRetained(topic, feed);
      });
      return;
    }
    const topic = this.#client.topicFor(address, "receive");
    const feed = this.#feedOfTopics();
    topic.join(feed);
    this.#offerRetained(topic, feed);
  }

  #feedOfTopics(): TopicFeed {
    const { host } = this.#client;
    if (this.#topicFeed === undefined) {
      const guard = (topicId: string): boolean => this.#client.mayReceiveTopic(topicId);
      this.#topicFeed = new TopicFeed(this.#consumer, host.settings.consumerBufferBytes, guard);
      host.watchFeed(this.#topicFeed);
    }
    return this.#topicFeed;
  }

  #offerRetained(topic: Topic, feed: TopicFeed): void {
    const delivery = topic.retainedDelivery(this.#client.host.clock.nowMs());
    if (delivery !== undefined) feed.take(delivery);
  }

  #addQueues(address: Address): void {
    const { router } = this.#client.host;
    if (!address.isPattern) {
      this.#join(this.#client.queueFor(address, "consume"));
      return;
    }
    if (address.kind === "dsub") {
      throw new BrokerError(
        "BAD_ADDRESS",
        `Cannot subscribe to durable subscriptions by pattern: '${address.id}'`,
      );
    }
    if (!this.#addresses.has(address.key)) router.addQueuePattern(address, this);
    router.findQueues(address, (queue) => this.queueCreated(queue));
  }

  /** A queue exists that one of the patterns matches. */
  queueCreated(queue: Queue): void {
    if (this.#client.guard.may("consume", queue.address)) this.#join(queue);
  }

  #join(queue: Queue): void {
    if (this.#queueFeeds.has(queue)) return;
    const feed = queue.join(this.#consumer);
    // the consumer may have ended the subscription while it took its first message
    if (this.#cancelled) queue.leave(feed);
    else this.#queueFeeds.set(queue, feed);
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
    for (const [queue, feed] of this.#queueFeeds) {
      if (this.#covers(queue.address)) continue;
      this.#queueFeeds.delete(queue);
      queue.leave(feed);
    }
  }

  #covers(address: Address): boolean {
    for (const mine of this.#addresses.values()) {
      if (mine.kind !== address.kind) continue;
      if (mine.key === address.key || (mine.isPattern && patternCovers(mine.path, address.path))) return true;
    }
    return false;
  }

  resume(): void {
    if (this.#cancelled) return;
    this.#topicFeed?.resume();
    if (this.#queueFeeds.size === 1) {
      for (const feed of this.#queueFeeds.values()) feed.queue.resume(feed);
    } else if (this.#queueFeeds.size > 1) this.#resumeInTurn();
  }

  /** Starts with another queue each time, so that a busy one does not starve the others. */
  #resumeInTurn(): void {
    const feeds = [...this.#queueFeeds.values()];
    this.#firstToResume = (this.#firstToResume + 1) % feeds.length;
    for (let at = 0; at < feeds.length; at += 1) {
      const feed = feeds[(this.#firstToResume + at) % feeds.length]!;
      if (feed.closed) this.#queueFeeds.delete(feed.queue);
      else feed.queue.resume(feed);
    }
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
    for (const [queue, feed] of this.#queueFeeds) queue.leave(feed);
    this.#queueFeeds.clear();
    this.#client.forget(this);
  }
}
