import type { Address, Delivery, DurableLimit, MessageFilter } from "@tsapollo/domain";
import type { Congestion } from "../congestion.ts";
import type { TopicTarget } from "../topic/topic-feed.ts";
import type { Queue } from "./queue.ts";

/** A queue that collects what is published to topics, whether or not anybody consumes from it. [messaging 7] */
export class DurableSubscription implements TopicTarget {
  readonly queue: Queue;
  /** The topics and patterns it collects from, by key. */
  readonly topics: Map<string, Address> = new Map();
  /** Access rights of whoever bound it last; who restored it from the store may see everything. */
  guard: (topicId: string) => boolean = () => true;

  /** What it collects of that; undefined for everything. */
  filter: MessageFilter | undefined = undefined;
  /** What the store was told of it last. */
  written: string | undefined = undefined;

  /** What its creator wanted instead of the configured limits. */
  readonly limit: DurableLimit | undefined;

  constructor(queue: Queue, limit?: DurableLimit) {
    this.queue = queue;
    this.limit = limit;
  }

  get congestion(): Congestion {
    return this.queue.waitingPlace;
  }

  mayReceive(topicId: string): boolean {
    return this.guard(topicId);
  }

  under(): TopicTarget {
    return this;
  }

  take(delivery: Delivery): boolean {
    if (this.filter !== undefined && !this.filter.matches(delivery.message)) return true;
    return this.queue.enqueue(delivery.message, delivery.address, delivery.retained);
  }
}
