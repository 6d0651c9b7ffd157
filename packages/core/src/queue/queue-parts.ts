import type { Address, Clock } from "@tsapollo/domain";
import type { Committer } from "../host/committer.ts";
import type { HostCounters } from "../host/host-counters.ts";
import type { MemoryBudget } from "../host/memory-budget.ts";
import type { QueueSettings } from "../settings.ts";
import type { Contents } from "./contents.ts";
import type { FindDeadLetterQueue } from "./dead-letters.ts";
import type { Paging } from "./paging.ts";
import type { Queue } from "./queue.ts";

/** What all queues of a host share. */
export interface QueueServices {
  readonly clock: Clock;
  readonly committer: Committer;
  readonly memory: MemoryBudget;
  readonly counters: HostCounters;
  /** Told when an entry with an expiry comes in and there was none. */
  readonly onExpiring: (queue: Queue) => void;
  /** The queue for another one's dead messages, made if need be. */
  readonly deadLetterQueue: FindDeadLetterQueue;
}

/** What a queue is made of. */
export interface QueueParts {
  readonly address: Address;
  readonly settings: QueueSettings;
  readonly services: QueueServices;
  /** Joins the queue to the store; undefined for a queue that is not stored. */
  readonly storage: ((queue: Queue, contents: Contents) => Paging) | undefined;
}
