import type { Logger } from "@tsapollo/domain";
import type { Queue } from "../queue/queue.ts";
import { Topic } from "../topic/topic.ts";
import type { TopicFeed } from "../topic/topic-feed.ts";
import type { HostEngine } from "./host-engine.ts";
import { ownerOf } from "./temporary.ts";

/** Everything is looked at in so many sweeps, a few thousand at least in each: a bounded pause. */
const SWEEPS = 20;
const SWEEP_MIN = 5_000;

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

  /** Each task by itself: what goes wrong in one must not keep the others from being done, or end the process. */
  sweep(): void {
    const { clock, router } = this.#host;
    const nowMs = clock.nowMs();
    this.#try(() => this.#expire(nowMs));
    this.#try(() => this.#dropTemporary());
    this.#try(() => {
      const { topics } = router;
      this.#topics = this.#some(this.#topics, topics, (topic) => this.#dropTopic(topic, nowMs));
    });
    this.#try(() => {
      const { queues } = router;
      this.#queues = this.#some(this.#queues, queues, (queue) => this.#dropQueue(queue, nowMs));
    });
    for (const feed of this.feeds) this.#try(() => this.#watch(feed, nowMs));
  }

  #try(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#logger.error({ error }, "maintenance of a virtual host failed");
    }
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
      if (this.#host.hasClient(ownerOf(destination.address, brokerId)!)) continue;
      if (destination instanceof Topic) router.deleteTopic(destination);
      else router.deleteQueue(destination);
    }
  }

  /** Goes on where the last sweep ended; returns where the next one starts. */
  #some<T>(
    from: Iterator<T> | undefined,
    all: ReadonlyMap<string, T>,
    look: (one: T) => void,
  ): Iterator<T> | undefined {
    const iterator = from ?? all.values();
    const count = Math.max(SWEEP_MIN, Math.ceil(all.size / SWEEPS));
    for (let at = 0; at < count; at += 1) {
      const step = iterator.next();
      if (step.done === true) return undefined;
      look(step.value);
    }
    return iterator;
  }

  #dropTopic(topic: Topic, nowMs: number): void {
    const { autoDeleteAfterMs } = topic.settings;
    topic.retained(nowMs); // an expired one is forgotten
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
