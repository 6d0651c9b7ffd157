import type { Message } from "@tsapollo/domain";
import type { QueueSettings } from "../settings.ts";
import type { QueueEntry } from "./entry.ts";
import type { Queue } from "./queue.ts";

/** The queue for another one's dead messages, made if need be. */
export type FindDeadLetterQueue = (queue: Queue, dlq: string) => Queue;

/** Whether a message that is refused once more is refused for good. [messaging 5.9] */
export function isPoison({ redeliveryCount }: QueueEntry, { nakLimit }: QueueSettings): boolean {
  return nakLimit > 0 && redeliveryCount + 1 >= nakLimit;
}

/** Puts a message that nobody can use into its queue's dead letter queue, if there is one; it never expires there. */
export function bequeath(
  message: Message,
  redeliveryCount: number,
  queue: Queue,
  find: FindDeadLetterQueue,
): void {
  const { dlq } = queue.settings;
  if (dlq === undefined) return;
  const target = find(queue, dlq);
  const dead = message.expiresAtMs === 0 ? message : message.withoutExpiry();
  target.enqueue(dead, target.address, false, redeliveryCount);
}
