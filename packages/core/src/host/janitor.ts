import type { Logger } from "@tsapollo/domain";
import type { Queue } from "../queue/queue.ts";
import { Topic } from "../topic/topic.ts";
import type { TopicFeed } from "../topic/topic-feed.ts";
import type { HostEngine } from "./host-engine.ts";
import { ownerOf } from "./temporary.ts";

/** Destinations looked at in one sweep: a bounded pause, however many there are. */
const SWEEP_MAX = 5_000;

/** Once a second: drops expired messages, deletes idle destinations, cuts off consumers that block producers. */
export class Janitor {
  /** Topic consumers to watch. */
  readonly feeds: Set<TopicFeed> = new Set();
  readonly #host: HostEngine;
  readonly #logger: Logger;
  #topics: Iterator<Topic> | undefined = undefined;
  #queues: Iterator<Queue> | undefined = undefined;

  constructor(host: HostEngine, logger: Logger) {
    this.#host = host;
    this.#logger = logger;
  }

  sweep(): void {
    const { clock, router } = this.#host;
    const nowMs = clock.nowMs();
    this.#expire(nowMs);
    this.#dropTemporary();
    this.#topics = this.#some(this.#topics, router.topics.values(), (topic) => this.#dropTopic(topic, nowMs));
    this.#queues = this.#some(this.#queues, router.queues.values(), (queue) => this.#dropQueue(queue, nowMs));
    for (const feed of this.feeds) this.#watch(feed, nowMs);
  }

  #expire(nowMs: number): void {
    for (const queue of this.#host.router.expiring) {
      if (queue.nextExpiryMs > nowMs) continue;
      queue.expireDue();
      if (queue.nextExpiryMs === 0) this.#host.router.expiring.delete(queue);
    }
  }

  /** Temporary destinations go when their owner has gone. [messaging 2.9] */
  #dropTemporary(): void {
    const { router, brokerId } = this.#host;
    for (const destination of router.temporary) {
      const owner = ownerOf(destination.address, brokerId);
      if (owner !== undefined && this.#host.hasClient(owner)) continue;
      if (destination instanceof Topic) router.deleteTopic(destination);
      else router.deleteQueue(destination);
    }
  }

  /** Goes on where the last sweep ended; returns where the next one starts. */
  #some<T>(
    from: Iterator<T> | undefined,
    fresh: Iterator<T>,
    look: (one: T) => void,
  ): Iterator<T> | undefined {
    const iterator = from ?? fresh;
    for (let count = 0; count < SWEEP_MAX; count += 1) {
      const step = iterator.next();
      if (step.done === true) return undefined;
      look(step.value);
    }
    return iterator;
  }

  #dropTopic(topic: Topic, nowMs: number): void {
    const { autoDeleteAfterMs } = topic.settings;
    if (autoDeleteAfterMs === 0 || !topic.isIdle || nowMs - topic.usedAtMs < autoDeleteAfterMs) return;
    this.#host.router.deleteTopic(topic);
  }

  #dropQueue(queue: Queue, nowMs: number): void {
    const { autoDeleteAfterMs } = queue.settings;
    if (autoDeleteAfterMs === 0 || queue.length > 0 || queue.consumerCount > 0) return;
    if (nowMs - queue.usedAtMs >= autoDeleteAfterMs) this.#host.router.deleteQueue(queue);
  }

  #watch(feed: TopicFeed, nowMs: number): void {
    if (!feed.congestion.isAwaited || feed.taken !== feed.watchedTaken) {
      feed.watchedTaken = feed.taken;
      feed.watchedSinceMs = nowMs;
      return;
    }
    const { slowConsumerTimeoutMs } = this.#host.settings;
    if (slowConsumerTimeoutMs === 0 || nowMs - feed.watchedSinceMs < slowConsumerTimeoutMs) return;
    this.#logger.warn({ code: "SLOW_CONSUMER" }, "a topic consumer made no progress and is cut off");
    this.feeds.delete(feed);
    feed.cutOff(slowConsumerTimeoutMs);
  }
}
