import type { Delivery } from "@tsapollo/domain";
import type { Congestion } from "../congestion.ts";
import type { TopicTarget } from "../topic/topic-feed.ts";
import type { Queue } from "./queue.ts";

/** A mirrored queue's ear at the topic of the same name: each message goes into the queue, once. [messaging 8] */
export class Mirror implements TopicTarget {
  readonly #queue: Queue;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  get congestion(): Congestion {
    return this.#queue.waitingPlace;
  }

  get stores(): boolean {
    return this.#queue.storeId !== 0;
  }

  mayReceive(): boolean {
    return true;
  }

  under(): TopicTarget {
    return this;
  }

  take(delivery: Delivery): boolean {
    return this.#queue.enqueue(delivery.message, this.#queue.address, delivery.retained);
  }
}
