import type { BrokerError, Consumer, Delivery, MessageFilter } from "@tsapollo/domain";
import type { Congestion } from "../congestion.ts";
import type { Queue } from "../queue/queue.ts";
import type { QueueFeed } from "../queue/queue-feed.ts";
import { TopicDelivery } from "./topic-delivery.ts";
import type { TopicRights, TopicTarget } from "./topic-feed.ts";

/**
 * A queue between topics and one consumer: the policy `queue` for slow consumers. Producers wait only when the
 * queue is full. A message leaves it when the consumer takes it; acknowledging has no effect, as on any topic.
 * [messaging 6]
 */
export class BufferedFeed implements TopicTarget, Consumer {
  readonly stores = false;
  readonly #queue: Queue;
  readonly #consumer: Consumer;
  readonly #filter: MessageFilter | undefined;
  readonly #rights: TopicRights;
  readonly #feed: QueueFeed;

  constructor(queue: Queue, consumer: Consumer, filter: MessageFilter | undefined, rights: TopicRights) {
    this.#queue = queue;
    this.#consumer = consumer;
    this.#filter = filter;
    this.#rights = rights;
    this.#feed = queue.join(this);
  }

  get congestion(): Congestion {
    return this.#queue.waitingPlace;
  }

  mayReceive(topicId: string): boolean {
    return this.#rights.mayReceiveTopic(topicId);
  }

  under(): TopicTarget {
    return this;
  }

  take(delivery: Delivery): boolean {
    if (this.#filter !== undefined && !this.#filter.matches(delivery.message)) return true;
    return this.#queue.enqueue(delivery.message, delivery.address, delivery.retained);
  }

  offer(entry: Delivery): boolean {
    if (!this.#consumer.offer(new TopicDelivery(entry.message, entry.address, entry.retained))) return false;
    entry.settle("consumed");
    return true;
  }

  ended(reason: BrokerError): void {
    this.#consumer.ended(reason);
  }

  /** The consumer has credit again. */
  resume(): void {
    this.#feed.resume();
  }

  /** Forgets what waits. */
  close(): void {
    this.#queue.delete();
  }
}
