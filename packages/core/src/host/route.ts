import type { Address, BrokerError, Message } from "@tsapollo/domain";
import type { DurableSubscription } from "../queue/durable-subscription.ts";
import type { Queue } from "../queue/queue.ts";
import type { Topic } from "../topic/topic.ts";

/** Where messages for an address go, and whether this client may send there: asked once, then remembered. */
export interface Route {
  readonly address: Address;
  /** Where messages go; for a mirrored queue its topic, which passes them on to the queue. */
  readonly topic: Topic | undefined;
  readonly queue: Queue | undefined;
  /** What the queue belongs to, if that is what the address names. */
  readonly durable: DurableSubscription | undefined;
  readonly refusal: BrokerError | undefined;
  readonly guardGeneration: number;
}

/** A message that one of its destinations had no room for. */
export interface Late {
  readonly addresses: readonly Address[];
  readonly message: Message;
  readonly token: number;
  /** Patterns are among the addresses, which may stand for so many when its turn comes; undefined: there are none. */
  readonly destinationsMax: number | undefined;
}
