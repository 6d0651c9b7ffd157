import type { Message } from "@tsapollo/domain";
import type { QueueSettings } from "../settings.ts";
import type { QueueEntry } from "./entry.ts";
import type { Queue } from "./queue.ts";

/** The queue for another one's dead messages, made if need be. */
export type FindDeadLetterQueue = (queue: Queue, dlq: string) => Queue;

/** Dead letters of dead letters have queues of their own so many times; further ones stay where they are. */
const CHAIN_MAX = 3;

/**
 * The id of the queue for dead letters of a queue: the template with the queue's id for every `*`. A client that
 * refuses what it gets must not make `dlq.dlq.dlq.dlq…`: after a few of them a queue keeps its own.
 */
export function deadLetterId(id: string, template: string): string {
  let inner: string | undefined = id;
  for (let depth = 0; depth < CHAIN_MAX; depth += 1) {
    inner = innerOf(inner, template);
    if (inner === undefined) return template.replaceAll("*", () => id);
  }
  return id;
}

/** The inverse of putting an id into a template; undefined for an id that did not come from it. */
function innerOf(id: string, template: string): string | undefined {
  const start = template.indexOf("*");
  const stars = template.split("*").length - 1;
  const length = (id.length - (template.length - stars)) / stars;
  if (start === -1 || length < 1 || !Number.isInteger(length)) return undefined;
  const inner = id.slice(start, start + length);
  return template.replaceAll("*", () => inner) === id ? inner : undefined;
}

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
