/** What a virtual host holds and what it lost, counted where it happens: plain numbers, read by whoever wants to. */
export class HostCounters {
  /** Messages in queues, durable subscriptions and buffers, each copy by itself. */
  queuedMessages = 0;
  /** Bytes of their content. */
  queuedBytes = 0;
  /** Topics with a retained message. */
  retainedMessages = 0;
  /** Bytes of their content. */
  retainedBytes = 0;
  /** Messages that a full queue with a drop policy did not take, or dropped. */
  droppedMessages = 0;
}
