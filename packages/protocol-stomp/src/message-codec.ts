import {
  type Address,
  BrokerError,
  type Message,
  type MessageCodec,
  type NeutralMessage,
  type PropertyValue,
} from "@tsapollo/domain";
import { unescapeHeader, utf8Text } from "@tsapollo/stomp-parser";
import { StompAddresses } from "./addresses.ts";
import { byteText, eachHeader, findHeader } from "./header-lines.ts";
import { DEFAULT_STOMP_OPTIONS } from "./options.ts";

/** {@link StompMessageCodec.id}; stored with messages. */
export const STOMP_CODEC_ID = "stomp";

/** Headers that say something to a broker, or are fields of every message: they are no properties. */
const NO_PROPERTIES: ReadonlySet<string> = new Set([
  "ack",
  "content-length",
  "content-type",
  "correlation-id",
  "delay",
  "destination",
  "expires",
  "message-id",
  "message_group",
  "not-before",
  "persistent",
  "priority",
  "receipt",
  "reply-to",
  "retain",
  "subscription",
  "transaction",
  "ttl",
]);

/**
 * Messages as STOMP clients send them: header lines without white space around them, those the broker added
 * first, an empty line, the body. The command and the NUL are not kept.
 */
export class StompMessageCodec implements MessageCodec {
  readonly id: string = STOMP_CODEC_ID;
  readonly #addresses: StompAddresses;

  /** @param addresses how `reply-to` is read */
  constructor(addresses: StompAddresses = new StompAddresses(DEFAULT_STOMP_OPTIONS)) {
    this.#addresses = addresses;
  }

  /** A header as it was written, escapes included, and three names of JMS. [messaging 14.4] */
  property(message: Message, name: string): PropertyValue | undefined {
    switch (name) {
      case "JMSDeliveryMode":
        return message.persistent ? "PERSISTENT" : "NON_PERSISTENT";
      case "JMSMessageID":
        return rawHeader(message, "message-id");
      case "JMSType":
        return rawHeader(message, "type");
      default:
        return rawHeader(message, name);
    }
  }

  toNeutral(message: Message): NeutralMessage {
    const properties = new Map<string, PropertyValue>();
    const fields = new Map<string, string>();
    const { bytes } = message;
    eachHeader(bytes, message.start, message.bodyStart - 1, (nameStart, nameEnd, valueEnd) => {
      const name = unescapeHeader(utf8Text(bytes, nameStart, nameEnd));
      const target = NO_PROPERTIES.has(name) ? fields : properties;
      if (!target.has(name)) target.set(name, unescapeHeader(utf8Text(bytes, nameEnd + 1, valueEnd)));
      return true;
    });
    const contentType = fields.get("content-type");
    const messageId = fields.get("message-id");
    const correlationId = fields.get("correlation-id");
    const replyTo = fields.get("reply-to");
    return {
      body: message.body(),
      properties,
      ...(contentType !== undefined && { contentType }),
      ...(messageId !== undefined && { messageId }),
      ...(correlationId !== undefined && { correlationId }),
      ...(replyTo !== undefined && { replyTo: this.#replyTo(replyTo) }),
    };
  }

  #replyTo(text: string): Address | string {
    try {
      return this.#addresses.parse(text);
    } catch (error) {
      if (error instanceof BrokerError) return text;
      throw error;
    }
  }
}

function rawHeader(message: Message, name: string): string | undefined {
  return findHeader(message.bytes, message.start, message.bodyStart - 1, byteText(name));
}
