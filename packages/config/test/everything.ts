import type { QueueSettings } from "../src/index.ts";

/** What `<queue id="orders.**">` of everything.xml says. */
export const EVERYTHING_QUEUE: QueueSettings = {
  tailBufferBytes: 1024 ** 2,
  persistent: false,
  priority: true,
  roundRobin: false,
  messageGroupGracefulHandoff: false,
  swap: false,
  swapRangeSize: 100,
  quotaBytes: 4 * 1024 ** 3,
  quotaMessages: 5,
  fullPolicy: "drop tail",
  fastDeliveryRateBytesPerS: 1024 ** 2,
  catchupEnqueueRateBytesPerS: 2 * 1024 ** 2,
  maxEnqueueRateBytesPerS: 3 * 1024 ** 2,
  dlq: "dlq.*",
  nakLimit: 3,
  dlqExpired: true,
};

/** Where the `<subscription>` of everything.xml says something else. */
export const ADDED: Partial<QueueSettings> = { quotaBytes: 3 * 1024 ** 3, fullPolicy: "drop head" };
