import {
  type Address,
  type Delivery,
  type DurableLimit,
  type MessageFilter,
  SmallMap,
} from "@tsapollo/domain";
import type { Congestion } from "../congestion.ts";
import type { Bearer } from "../host/guard.ts";
import type { TopicRights, TopicTarget } from "../topic/topic-feed.ts";
import type { Queue } from "./queue.ts";

/** What a durable subscription may see, now: rules are looked at again whenever they change. */
export interface CollectingRights extends TopicRights {
  /** Whose rights these are; undefined when that is not known. */
  readonly bearer: Bearer | undefined;
}

/** Nobody knows who bound it: it collects nothing until somebody attaches. */
export const NOBODY_KNOWN: CollectingRights = Object.freeze({
  bearer: undefined,
  mayReceiveTopic: () => false,
});

/** A queue that collects what is published to topics, whether or not anybody consumes from it. [messaging 7] */
export class DurableSubscription implements TopicTarget {
  readonly queue: Queue;
  /** The topics and patterns it collects from, by id. */
  readonly topics: SmallMap<string, Address> = new SmallMap();
  /** Those of whoever bound it last; undefined: the configuration did, and it collects everything. */
  rights: CollectingRights | undefined = undefined;
  /** What it collects of that; undefined for everything. */
  filter: MessageFilter | undefined = undefined;
  /** What its creator wanted instead of the configured limits. */
  readonly limit: DurableLimit | undefined;

  constructor(queue: Queue, limit?: DurableLimit) {
    this.queue = queue;
    this.limit = limit;
  }

  get congestion(): Congestion {
    return this.queue.waitingPlace;
  }

  get stores(): boolean {
    return this.queue.storeId !== 0;
  }

  mayReceive(topicId: string): boolean {
    return this.rights === undefined || this.rights.mayReceiveTopic(topicId);
  }

  under(): TopicTarget {
    return this;
  }

  take(delivery: Delivery): boolean {
    if (this.filter !== undefined && !this.filter.matches(delivery.message)) return true;
    return this.queue.enqueue(delivery.message, delivery.address, delivery.retained);
  }
}
