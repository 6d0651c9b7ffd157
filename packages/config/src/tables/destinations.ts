import { type ElementRule, element, option, optionsOf, ours, type Table } from "../declare.ts";
import {
  COUNT_OR_NONE,
  count,
  FLAG,
  MEMORY_SIZE_OR_NONE,
  memorySize,
  oneOf,
  regex,
  TEXT_OR_NONE,
} from "../value-types.ts";
import type { QueueSettings } from "../virtual-host-config.ts";

const INT_MAX = 2_147_483_647;
const KIB = 1_024;

/** `<queue>` settings as they are written: what can be wrong without ending start-up is still text. */
export type QueueSettingsAttributes = Omit<QueueSettings, "fullPolicy"> & {
  readonly fullPolicy: string | undefined;
};

/** Settings common to `<queue>`, `<dsub>` and `<subscription>`. [instance 7.3] */
export const QUEUE_SETTINGS: Table<QueueSettingsAttributes> = {
  tailBufferBytes: option(
    "tail_buffer",
    memorySize(0),
    640 * KIB,
    "Memory for freshly enqueued messages; how much a queue that is not persistent holds.",
  ),
  persistent: option("persistent", FLAG, true, "Whether entries are stored; off when the host has no store."),
  priority: ours(
    "priority",
    FLAG,
    false,
    "`true`: of what a consumer may have, the highest priority goes out first, then the oldest. What a consumer was sent is not overtaken. The queue stays in memory.",
  ),
  roundRobin: option("round_robin", FLAG, true, "`false`: fill the first consumer until it has no credit."),
  messageGroupGracefulHandoff: option(
    "message_group_graceful_handoff",
    FLAG,
    true,
    "When groups move, drain the old consumer before the new one gets messages of that group.",
  ),
  swap: option(
    "swap",
    FLAG,
    true,
    "Take messages that nobody needs soon out of memory; only when persistent.",
  ),
  swapRangeSize: option(
    "swap_range_size",
    count(1, INT_MAX),
    10_000,
    "Entries per range that is taken out, and per load from the store.",
  ),
  quotaBytes: option("quota", MEMORY_SIZE_OR_NONE, undefined, "Most bytes in the queue."),
  quotaMessages: option("quota_messages", COUNT_OR_NONE, undefined, "Most messages in the queue."),
  fullPolicy: option(
    "full_policy",
    TEXT_OR_NONE,
    undefined,
    "When full: `block` (the usual), `drop tail`, `drop head`, in any case. Another word gives a warning and means `block`.",
  ),
  fastDeliveryRateBytesPerS: option(
    "fast_delivery_rate",
    memorySize(0),
    512 * KIB,
    "Per second; above it producers may be slowed so that consumers stay at the tail.",
  ),
  catchupEnqueueRateBytesPerS: option(
    "catchup_enqueue_rate",
    MEMORY_SIZE_OR_NONE,
    undefined,
    "Per second while consumers catch up; none: half the current delivery rate.",
  ),
  maxEnqueueRateBytesPerS: option("max_enqueue_rate", MEMORY_SIZE_OR_NONE, undefined, "Per second, always."),
  dlq: option(
    "dlq",
    TEXT_OR_NONE,
    undefined,
    "Dead letter queue; `*` stands for the queue's id. Dead letters of dead letters stop after three such queues.",
  ),
  nakLimit: option(
    "nak_limit",
    count(-INT_MAX, INT_MAX),
    0,
    "Refusals before a message is dead-lettered, or dropped without `dlq`; less than 1: never.",
  ),
  dlqExpired: option("dlq_expired", FLAG, false, "Expired messages go to the dead letter queue too."),
};

/** What `<queue>` adds. */
export interface QueueAttributes {
  readonly id: string | undefined;
  readonly autoDeleteAfterS: number;
  readonly mirrored: boolean;
}

const ID_DOC =
  "Name, or pattern with `*`, `**`, `{regex}`; missing: every one. A name without wildcards is created at start. A level has letters, digits, blanks and `_-%~:()`; others are written `%xx`.";

/** What `<queue>` adds to the common settings. [instance 7.4] */
export const QUEUE: Table<QueueAttributes> = {
  id: option("id", TEXT_OR_NONE, undefined, ID_DOC),
  autoDeleteAfterS: option(
    "auto_delete_after",
    count(0, INT_MAX),
    30,
    "Seconds without producers, consumers and messages after which the queue is deleted; 0: never. Always 0 for names without wildcards, mirrored queues and durable subscriptions.",
  ),
  mirrored: option(
    "mirrored",
    FLAG,
    false,
    "The queue and the topic of the same name exchange messages once the queue exists.",
  ),
};

/** `<queue>` as an element. */
export const QUEUE_RULE: ElementRule = element(
  "queue",
  "Settings of queues. The first in file order whose id matches counts; put the one without id last.",
  { occurs: "many", attributes: [...optionsOf(QUEUE), ...optionsOf(QUEUE_SETTINGS)] },
);

/** What `<topic>` says itself. */
export interface TopicAttributes {
  readonly id: string | undefined;
  readonly autoDeleteAfterS: number;
  readonly slowConsumerPolicy: "block" | "queue";
}

/** `<topic>`. [instance 7.5] */
export const TOPIC: Table<TopicAttributes> = {
  id: option("id", TEXT_OR_NONE, undefined, ID_DOC),
  autoDeleteAfterS: option(
    "auto_delete_after",
    count(0, INT_MAX),
    30,
    "Seconds without producers, consumers and a retained message after which the topic is deleted; 0: never. Always 0 for names without wildcards.",
  ),
  slowConsumerPolicy: option(
    "slow_consumer_policy",
    oneOf("block", "queue"),
    "block",
    "What a slow consumer does: `block` its producers, or read from one shared temporary `queue`.",
  ),
};

/** `<topic>` as an element. */
export const TOPIC_RULE: ElementRule = element(
  "topic",
  "Settings of topics; the first in file order whose id matches counts.",
  {
    occurs: "many",
    attributes: optionsOf(TOPIC),
    children: [
      element("subscription", 'Settings of the shared queue of `slow_consumer_policy="queue"`.', {
        attributes: optionsOf(QUEUE_SETTINGS),
      }),
    ],
  },
);

/** What `<dsub>` adds to `<queue>`. */
export interface DsubAttributes {
  readonly idRegex: RegExp | undefined;
  readonly topic: string | undefined;
  readonly selector: string | undefined;
}

/** What `<dsub>` adds to `<queue>`. [instance 7.5] */
export const DSUB: Table<DsubAttributes> = {
  idRegex: option(
    "id_regex",
    regex("part"),
    undefined,
    "Which ones, when there is no `id`; found anywhere in the id.",
  ),
  topic: option(
    "topic",
    TEXT_OR_NONE,
    undefined,
    "With an `id` without wildcards: create the subscription at start on this topic.",
  ),
  selector: option(
    "selector",
    TEXT_OR_NONE,
    undefined,
    "Selector of the subscription that is created at start.",
  ),
};

/** `<dsub>` as an element. */
export const DSUB_RULE: ElementRule = element(
  "dsub",
  "Settings of durable subscriptions; the first in file order that matches counts.",
  {
    occurs: "many",
    attributes: [...optionsOf(QUEUE), ...optionsOf(DSUB), ...optionsOf(QUEUE_SETTINGS)],
    children: [element("topic", "", { occurs: "many", text: "A further topic of the subscription." })],
  },
);
