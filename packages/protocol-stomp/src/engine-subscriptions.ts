import type { SubscribeRequest, Subscription } from "@tsapollo/domain";

interface Joined {
  readonly request: SubscribeRequest;
  readonly subscription: Subscription;
}

/**
 * What the engine made of one SUBSCRIBE: one subscription, or one for the topics and one for the rest, or one for a
 * durable subscription and one for others consumed besides it.
 */
export class EngineSubscriptions {
  readonly #joined: Joined[] = [];

  add(request: SubscribeRequest, subscription: Subscription): void {
    this.#joined.push({ request, subscription });
  }

  /** The consumer has credit again. */
  resume(): void {
    for (const { subscription } of this.#joined) subscription.resume();
  }

  cancel(): void {
    for (const { subscription } of this.#joined.splice(0)) subscription.cancel();
  }

  /** Leaves topics, to which nothing returns, and whose publishers would wait for a consumer that takes no more. */
  cancelTopics(): void {
    const all = this.#joined.splice(0);
    for (const joined of all) {
      if (isOfTopics(joined.request)) joined.subscription.cancel();
      else this.#joined.push(joined);
    }
  }

  /**
   * Whether deliveries may still come when this many queues were deleted. Patterns and topics go on for ever; a
   * deleted queue is not joined again when it comes back.
   */
  outlives(deletedQueues: number): boolean {
    const queues = new Set<string>();
    for (const { request } of this.#joined) {
      if (request.durable !== undefined) {
        queues.add(request.durable.key);
        continue;
      }
      for (const { kind, isPattern, key } of request.addresses) {
        if (kind === "topic" || isPattern) return true;
        queues.add(key);
      }
    }
    return queues.size > deletedQueues;
  }
}

function isOfTopics({ durable, addresses }: SubscribeRequest): boolean {
  return durable === undefined && addresses[0]?.kind === "topic"; // they are subscribed to apart from others
}
