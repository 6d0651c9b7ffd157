import {
  Address,
  BrokerError,
  type Clock,
  type DurableLimit,
  filterMatches,
  type Logger,
  type Message,
  type MessageStore,
  type PathPart,
  parseId,
  type QueueState,
} from "@tsapollo/domain";
import { PathTree } from "../path-tree.ts";
import { deadLetterId } from "../queue/dead-letters.ts";
import { DurableSubscription, NOBODY_KNOWN } from "../queue/durable-subscription.ts";
import { Mirror } from "../queue/mirror.ts";
import { Queue } from "../queue/queue.ts";
import type { QueueServices } from "../queue/queue-parts.ts";
import {
  type Configured,
  DEFAULT_QUEUE_SETTINGS,
  DEFAULT_TOPIC_SETTINGS,
  type HostSettings,
  type QueueSettings,
} from "../settings.ts";
import { Topic } from "../topic/topic.ts";
import { TopicDelivery } from "../topic/topic-delivery.ts";
import type { TopicTarget } from "../topic/topic-feed.ts";
import { TopicPatterns } from "../topic/topic-patterns.ts";
import type { Committer } from "./committer.ts";
import type { HostCounters } from "./host-counters.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { QueueStorages, runOf } from "./queue-storages.ts";
import { RetainedMessages } from "./retained-messages.ts";
import { isSystem } from "./system-topics.ts";
import { isTemporary } from "./temporary.ts";

/** Somebody who wants to know about queues that come to be under a pattern. */
export interface QueueWatcher {
  queueCreated(queue: Queue): void;
}

/** What the destinations of a host share. */
export interface RouterParts {
  readonly brokerId: string;
  readonly settings: HostSettings;
  readonly clock: Clock;
  readonly committer: Committer;
  readonly memory: MemoryBudget;
  readonly counters: HostCounters;
  /** Where queues are kept; undefined: nowhere. */
  readonly store: MessageStore | undefined;
  readonly logger: Logger;
  /** Grows when access rights change. */
  readonly rightsGeneration: () => number;
}

/** Knows every destination of a virtual host by name, makes them and deletes them. [messaging 3] */
export class Router {
  readonly queues: Map<string, Queue> = new Map();
  readonly topics: Map<string, Topic> = new Map();
  readonly dsubs: Map<string, DurableSubscription> = new Map();
  /** Queues with entries that expire. */
  readonly expiring: Set<Queue> = new Set();
  /** Destinations that live as long as a client. */
  readonly temporary: Set<Queue | Topic> = new Set();
  #systemTopics = 0;
  readonly #mirrors: Map<Queue, Mirror> = new Map();
  readonly #parts: RouterParts;
  readonly #services: QueueServices;
  readonly #queueNames: PathTree<Queue> = new PathTree();
  readonly #topicNames: PathTree<Topic> = new PathTree();
  readonly #queueWatchers: PathTree<QueueWatcher> = new PathTree();
  readonly #topicPatterns: TopicPatterns;
  readonly #storage: QueueStorages | undefined;
  readonly #onRetained: ((topic: Topic) => void) | undefined;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    const { store } = parts;
    this.#storage = store === undefined ? undefined : new QueueStorages({ ...parts, store });
    const retained = store === undefined ? undefined : new RetainedMessages(parts.committer);
    this.#onRetained = retained === undefined ? undefined : (topic) => retained.changed(topic);
    this.#topicPatterns = new TopicPatterns(parts.rightsGeneration);
    const { clock, committer, memory, counters } = parts;
    this.#services = {
      clock,
      committer,
      memory,
      counters,
      onExpiring: (queue) => void this.expiring.add(queue),
      deadLetterQueue: (queue, dlq) => this.#deadLetterQueue(queue, dlq),
    };
  }

  get autoCreates(): boolean {
    return this.#parts.settings.autoCreateDestinations;
  }

  /** Makes every destination that the configuration names. [messaging 3] */
  createConfigured(): void {
    const { queues, topics, dsubs } = this.#parts.settings;
    for (const { filter } of queues) {
      const address = isName(filter) ? new Address("queue", filter) : undefined;
      if (address !== undefined && !this.queues.has(address.id)) this.createQueue(address);
    }
    for (const { filter } of topics) {
      const address = isName(filter) ? new Address("topic", filter) : undefined;
      if (address !== undefined && !this.topics.has(address.id)) this.createTopic(address);
    }
    for (const { filter, topics: addresses, messages } of dsubs) {
      const name = isName(filter) && addresses.length > 0 ? new Address("dsub", filter) : undefined;
      if (name === undefined) continue;
      const known = this.dsubs.get(name.id);
      if (known?.rights === NOBODY_KNOWN) this.#adopt(known);
      if (known !== undefined) continue;
      const durable = this.createDurable(name);
      durable.filter = messages;
      for (const address of addresses) this.bindDurable(durable, address);
    }
  }

  /** One that the configuration names is the configuration's when nobody knows who bound it. */
  #adopt(durable: DurableSubscription): void {
    durable.rights = undefined;
    this.describe(durable);
  }

  /** Destinations of all kinds, but for those in which the broker speaks of itself. */
  get size(): number {
    return this.queues.size + this.topics.size + this.dsubs.size - this.#systemTopics;
  }

  createTopic(address: Address): Topic {
    const { settings, clock, memory, counters, brokerId } = this.#parts;
    const isTransient = isTemporary(address, brokerId) || isSystem(address);
    const topic = new Topic({
      address,
      settings: configured(settings.topics, address) ?? DEFAULT_TOPIC_SETTINGS,
      patterns: this.#topicPatterns,
      memory,
      counters,
      nowMs: clock.nowMs(),
      onRetained: isTransient ? undefined : this.#onRetained,
    });
    this.topics.set(address.id, topic);
    if (isTemporary(address, brokerId)) this.temporary.add(topic);
    if (isSystem(address)) this.#systemTopics += 1;
    this.#topicNames.add(address.path, topic);
    const queue = this.queues.get(address.id);
    const mirror = queue === undefined ? undefined : this.#mirrors.get(queue);
    if (mirror !== undefined) topic.join(mirror);
    return topic;
  }

  /** An earlier process's topic retained this. */
  restoreRetained(address: Address, message: Message): void {
    if (isSystem(address)) return; // what that process said of itself, or a version that let clients send there
    (this.topics.get(address.id) ?? this.createTopic(address)).remember(message);
  }

  /** @param stored what an earlier process left of it */
  createQueue(address: Address, stored?: QueueState): Queue {
    const settings = configured(this.#parts.settings.queues, address);
    if (settings?.mirrored) {
      this.mirrorTopic(address);
    }
    const isTemporaryQueue = isTemporary(address, this.#parts.brokerId);
    const queue = this.#newQueue(address, isTemporaryQueue ? forAClient(settings) : settings, stored);
    this.queues.set(address.id, queue);
    if (isTemporaryQueue) this.temporary.add(queue);
    if (queue.settings.mirrored) this.#mirror(queue);
    this.#queueNames.add(address.path, queue);
    const watchers = new Set<QueueWatcher>();
    this.#queueWatchers.match(address.path, watchers);
    for (const watcher of watchers) watcher.queueCreated(queue);
    return queue;
  }

  /** From now on the queue gets what is sent to the topic of its name. [messaging 8] */
  #mirror(queue: Queue): void {
    const topic = this.mirrorTopic(queue.address);
    const mirror = new Mirror(queue);
    this.#mirrors.set(queue, mirror);
    topic.join(mirror);
    const retained = topic.retainedDelivery(this.#parts.clock.nowMs());
    if (retained !== undefined) mirror.take(retained);
  }

  /** The topic that the producers of a mirrored queue of this name really send to. */
  mirrorTopic(name: Address): Topic {
    const address = new Address("topic", name.path);
    return this.topics.get(address.id) ?? this.createTopic(address);
  }

  /** Makes a queue that is no destination: what stands between topics and a slow consumer. */
  createBuffer(address: Address, settings: QueueSettings): Queue {
    return this.#newQueue(address, { ...settings, persistent: false });
  }

  /**
   * @param stored what an earlier process left of it
   * @param limit goes before what is configured
   */
  createDurable(address: Address, stored?: QueueState, limit?: DurableLimit): DurableSubscription {
    const configured = configuredDsub(this.#parts.settings.dsubs, address) ?? DEFAULT_QUEUE_SETTINGS;
    const settings =
      limit === undefined
        ? configured
        : { ...configured, quotaMessages: limit.messages, fullPolicy: limit.whenFull };
    const durable = new DurableSubscription(this.#newQueue(address, settings, stored), limit);
    this.dsubs.set(address.id, durable);
    if (stored === undefined) this.describe(durable);
    return durable;
  }

  /** What a durable subscription collects has changed: the store is told with the next unit of work. */
  describe(durable: DurableSubscription): void {
    this.#storage?.describe(durable);
  }

  #newQueue(address: Address, found: QueueSettings | undefined, stored?: QueueState): Queue {
    const settings = found ?? DEFAULT_QUEUE_SETTINGS;
    const isStored = settings.persistent || stored !== undefined;
    const storage = isStored ? this.#storage?.forQueue(address, stored) : undefined;
    const queue = new Queue({ address, settings, services: this.#services, storage });
    if (stored !== undefined) queue.restore(stored.lastSequence, runOf(stored));
    return queue;
  }

  /** The queue for a queue's dead messages. [messaging 5.9] */
  #deadLetterQueue(queue: Queue, dlq: string): Queue {
    const address = new Address("queue", parseId(deadLetterId(queue.address.id, dlq)));
    return this.queues.get(address.id) ?? this.createQueue(address);
  }

  /**
   * Whether a client may make one more destination. What the broker makes for itself (dead letter queues, the
   * destination of a message it has accepted) is never refused.
   * @throws BrokerError DESTINATION_LIMIT
   */
  checkLimit(): void {
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
    this.#topicPatterns.changed();
  }

  removeTopicPattern(pattern: Address, target: TopicTarget): void {
    this.#topicPatterns.tree.remove(pattern.path, target);
    this.#topicPatterns.changed();
  }

  /** Verdicts about who may see which topic may have changed. */
  rematchTopics(): void {
    this.#topicPatterns.changed();
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

  /** Delivers a message whose access was checked before; its destination is made again if it has gone. */
  deliver(address: Address, message: Message): void {
    if (address.kind === "topic") {
      const topic = this.topics.get(address.id) ?? this.createTopic(address);
      const delivery = new TopicDelivery(message, topic.address, false);
      for (const target of topic.accept(message, this.#parts.clock.nowMs())) target.take(delivery);
    } else if (address.kind === "queue") {
      const queue = this.queues.get(address.id) ?? this.createQueue(address);
      if (queue.settings.mirrored) this.deliver(this.mirrorTopic(queue.address).address, message);
      else queue.enqueue(message, queue.address, false);
    } else {
      const queue = this.dsubs.get(address.id)?.queue;
      queue?.enqueue(message, queue.address, false);
    }
  }

  deleteTopic(topic: Topic): void {
    topic.delete();
    this.temporary.delete(topic);
    this.topics.delete(topic.address.id);
    if (isSystem(topic.address)) this.#systemTopics -= 1;
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
    this.temporary.delete(queue);
    const mirror = this.#mirrors.get(queue);
    if (mirror !== undefined) this.topics.get(queue.address.id)?.leave(mirror);
    this.#mirrors.delete(queue);
    const gone = new BrokerError(
      "DESTINATION_MISSING",
      `The ${queue.address.kind} '${queue.address.id}' was deleted`,
    );
    for (const consumer of queue.delete()) consumer.ended(gone);
  }

  /** A durable subscription collects from one more topic or pattern. */
  bindDurable(durable: DurableSubscription, address: Address): void {
    this.restoreBinding(durable, address);
    this.describe(durable);
  }

  /** An earlier process's durable subscription collects from this. */
  restoreBinding(durable: DurableSubscription, address: Address): void {
    durable.topics.set(address.id, address);
    // by pattern even for one name: the topic need not exist, and may be deleted and come back
    this.addTopicPattern(address, durable);
  }

  unbindDurable(durable: DurableSubscription, address: Address): boolean {
    if (!durable.topics.delete(address.id)) return false;
    this.describe(durable);
    this.removeTopicPattern(address, durable);
    return true;
  }
}

/** A temporary queue is not stored, and holds as much as its sender dares to wait for. */
function forAClient(settings: QueueSettings = DEFAULT_QUEUE_SETTINGS): QueueSettings {
  return { ...settings, persistent: false, tailBufferBytes: Number.POSITIVE_INFINITY };
}

/** Whether a filter is the name of one destination. */
function isName(filter: readonly PathPart[] | undefined): filter is readonly string[] {
  return filter?.every((part) => typeof part === "string") ?? false;
}

/** By name first in order, else by expression, else the first that says neither. [messaging 3] */
function configuredDsub(all: HostSettings["dsubs"], address: Address): QueueSettings | undefined {
  const found = all.find(({ filter, idRegex }) => {
    if (filter !== undefined) return filterMatches(filter, address.path);
    return idRegex?.test(address.id) ?? true;
  });
  return found?.settings;
}

function configured<Settings>(all: readonly Configured<Settings>[], address: Address): Settings | undefined {
  const found = all.find(({ filter }) => filter === undefined || filterMatches(filter, address.path));
  return found?.settings;
}
