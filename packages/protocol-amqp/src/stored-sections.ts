import type { Message } from "@tsapollo/domain";
import { AmqpAddresses } from "./addresses.ts";
import { MessageComposer } from "./composer.ts";
import type { AmqpMessageCodec } from "./message-codec.ts";
import { DEFAULT_AMQP_OPTIONS } from "./options.ts";

/**
 * A message of its encoded sections, as Apollo exports messages. [instance 19]
 * @throws AmqpError decode-error when it is none
 */
export function readStoredSections(codec: AmqpMessageCodec, bytes: Uint8Array): Message {
  const addresses = new AmqpAddresses(DEFAULT_AMQP_OPTIONS);
  const composer = new MessageComposer({ codec, addresses, scope: [], containerId: "" });
  return composer.compose(bytes, 0, bytes.length, false, 0, false);
}
