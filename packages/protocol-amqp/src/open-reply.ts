import type { OpenReply } from "./codec/write-performatives.ts";
import type { AmqpShared } from "./shared.ts";

const UINT_MAX = 0xffff_ffff;

/**
 * What our Open says. The prefixes let JMS clients use plain names; a client that is refused at once is told so by a
 * property. [AMQP 2.7.1; JMS mapping]
 */
export function openReply(
  { options, addresses }: AmqpShared,
  containerId: string,
  version: string,
  refused: boolean,
): OpenReply {
  const { prefixes } = addresses;
  return {
    containerId,
    maxFrameSize: Math.min(UINT_MAX, options.maxFrameSizeBytes),
    channelMax: options.channelMax,
    // half of what we tolerate, so that who keeps to it is never late [AMQP 2.4.5]
    idleTimeoutMs: Math.floor(options.idleTimeoutMs / 2),
    offered: ["ANONYMOUS-RELAY", "DELAYED_DELIVERY", "SHARED-SUBS", "sole-connection-for-container"],
    properties: {
      product: "tsapollo",
      version,
      "queue-prefix": prefixes.queue,
      "topic-prefix": prefixes.topic,
      ...(refused ? { "amqp:connection-establishment-failed": true } : {}),
    },
  };
}
