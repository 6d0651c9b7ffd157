import { type Address, BrokerError, type Clock, filterMatches } from "@tsapollo/domain";
import { PathTree } from "../path-tree.ts";
import { DurableSubscription } from "../queue/durable-subscription.ts";
import { Queue } from "../queue/queue.ts";
import {
  type Configured,
  DEFAULT_QUEUE_SETTINGS,
  DEFAULT_TOPIC_SETTINGS,
  type HostSettings,
  type QueueSettings,
} from "../settings.ts";
import { Topic, type TopicPatterns } from "../topic/topic.ts";
import type { TopicTarget } from "../topic/topic-feed.ts";
import type { Committer } from "./committer.ts";
import type { MemoryBudget } from "./memory-budget.ts";

/** Somebody who wants to know about queues that come to be under a pattern. */
export interface QueueWatcher {
  queueCreated(queue: Queue): void;
}

/** What the destinations of a host share. */
export interface RouterParts {
  readonly settings: HostSettings;
  readonly clock: Clock;
  readonly committer: Committer;
  readonly memory: MemoryBudget;
  /** Whether a queue can be stored at all. */
  readonly hasStore: boolean;
}

/** Knows every destination of a virtual host by name, makes them and deletes them. [messaging 3] */
export class Router {
  readonly queues: Map<string, Queue> = new Map();
  readonly topics: Map<string, Topic> = new Map();
  readonly dsubs: Map<string, DurableSubscription> = new Map();
  /** Queues with entries that expire. */
  readonly expiring: Set<Queue> = new Set();
  readonly #parts: RouterParts;
  readonly #queueNames: PathTree<Queue> = new PathTree();
  readonly #topicNames: PathTree<Topic> = new PathTree();
  readonly #queueWatchers: PathTree<QueueWatcher> = new PathTree();
  readonly #topicPatterns: TopicPatterns = { tree: new PathTree(), generation: 0 };
  #nextStoreId = 1;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  get autoCreates(): boolean {
    return this.#parts.settings.autoCreateDestinations;
  }

  /** Destinations of all kinds. */
  get size(): number {
    return this.queues.size + this.topics.size + this.dsubs.size;
  }

  createTopic(address: Address): Topic {
    this.#checkLimit();
    const { settings, clock, memory } = this.#parts;
    const topic = new Topic({
      address,
      settings: configured(settings.topics, address) ?? DEFAULT_TOPIC_SETTINGS,
      patterns: this.#topicPatterns,
      memory,
      nowMs: clock.nowMs(),
    });
    this.topics.set(address.id, topic);
    this.#topicNames.add(address.path, topic);
    return topic;
  }

  createQueue(address: Address): Queue {
    this.#checkLimit();
    const queue = this.#newQueue(address, configured(this.#parts.settings.queues, address));
    this.queues.set(address.id, queue);
    this.#queueNames.add(address.path, queue);
    const watchers = new Set<QueueWatcher>();
    this.#queueWatchers.match(address.path, watchers);
    for (const watcher of watchers) watcher.queueCreated(queue);
    return queue;
  }

  createDurable(address: Address): DurableSubscription {
    this.#checkLimit();
    const queue = this.#newQueue(address, configured(this.#parts.settings.dsubs, address));
    const durable = new DurableSubscription(queue);
    this.dsubs.set(address.id, durable);
    return durable;
  }

  #newQueue(address: Address, found: QueueSettings | undefined): Queue {
    const settings = found ?? DEFAULT_QUEUE_SETTINGS;
    const { clock, committer, memory, hasStore } = this.#parts;
    const storeId = hasStore && settings.persistent ? this.#nextStoreId++ : 0;
    if (storeId !== 0) committer.unit().putQueue({ queueId: storeId, key: address.key, description: "{}" });
    const onExpiring = (queue: Queue) => void this.expiring.add(queue);
    return new Queue({ address, settings, storeId, clock, committer, memory, onExpiring });
  }

  #checkLimit(): void {
    const { destinationsMax } = this.#parts.settings;
    if (this.size < destinationsMax) return;
    throw new BrokerError(
      "DESTINATION_LIMIT",
      `There are ${destinationsMax} destinations, no more can be created (destinations_max of the virtual host)`,
    );
  }

  /** Somebody listens to every topic that a pattern matches, also to later ones. */
  addTopicPattern(pattern: Address, target: TopicTarget): void {
    this.#topicPatterns.tree.add(pattern.path, target);
    this.#topicPatterns.generation += 1;
  }

  removeTopicPattern(pattern: Address, target: TopicTarget): void {
    this.#topicPatterns.tree.remove(pattern.path, target);
    this.#topicPatterns.generation += 1;
  }

  /** Verdicts about who may see which topic may have changed. */
  rematchTopics(): void {
    this.#topicPatterns.generation += 1;
  }

  addQueuePattern(pattern: Address, watcher: QueueWatcher): void {
    this.#queueWatchers.add(pattern.path, watcher);
  }

  removeQueuePattern(pattern: Address, watcher: QueueWatcher): void {
    this.#queueWatchers.remove(pattern.path, watcher);
  }

  /** The existing topics that a pattern matches. */
  findTopics(pattern: Address, each: (topic: Topic) => void): void {
    this.#topicNames.find(pattern.path, each);
  }

  /** The existing queues that a pattern matches. */
  findQueues(pattern: Address, each: (queue: Queue) => void): void {
    this.#queueNames.find(pattern.path, each);
  }

  deleteTopic(topic: Topic): void {
    topic.delete();
    this.topics.delete(topic.address.id);
    this.#topicNames.remove(topic.address.path, topic);
  }

  /** Deletes a queue with everything in it; its consumers are told. */
  deleteQueue(queue: Queue): void {
    this.queues.delete(queue.address.id);
    this.#queueNames.remove(queue.address.path, queue);
    this.#dissolve(queue);
  }

  deleteDurable(durable: DurableSubscription): void {
    for (const address of durable.topics.values()) this.unbindDurable(durable, address);
    this.dsubs.delete(durable.queue.address.id);
    this.#dissolve(durable.queue);
  }

  #dissolve(queue: Queue): void {
    this.expiring.delete(queue);
    const gone = new BrokerError(
      "DESTINATION_MISSING",
      `The ${queue.address.kind} '${queue.address.id}' was deleted`,
    );
    for (const feed of queue.delete()) feed.consumer.ended(gone);
  }

  /** A durable subscription collects from one more topic or pattern. */
  bindDurable(durable: DurableSubscription, address: Address): void {
    durable.topics.set(address.key, address);
    // by pattern even for one name: the topic need not exist, and may be deleted and come back
    this.addTopicPattern(address, durable);
  }

  unbindDurable(durable: DurableSubscription, address: Address): boolean {
    if (!durable.topics.delete(address.key)) return false;
    this.removeTopicPattern(address, durable);
    return true;
  }
}

function configured<Settings>(all: readonly Configured<Settings>[], address: Address): Settings | undefined {
  const found = all.find(({ filter }) => filter === undefined || filterMatches(filter, address.path));
  return found?.settings;
}
