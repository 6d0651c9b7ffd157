import { Message, type MessageCodec, type MessageParts } from "@tsapollo/domain";

/** A codec whose content is the body alone. */
export const PLAIN_CODEC: MessageCodec = Object.freeze({
  id: "plain",
  property: () => undefined,
  toNeutral: (message: Message) => ({ body: message.body(), properties: new Map() }),
});

/** A message with a text body and no headers. */
export function sampleMessage(text: string, rest?: Partial<MessageParts>): Message {
  const bytes = Buffer.from(text);
  return new Message({
    codec: PLAIN_CODEC,
    bytes,
    start: 0,
    bodyStart: 0,
    bodyEnd: bytes.length,
    end: bytes.length,
    borrowed: false,
    persistent: false,
    retain: "none",
    expiresAtMs: 0,
    priority: 4,
    groupKey: undefined,
    ...rest,
  });
}

/** The body of a message as text. */
export function bodyText(message: Message): string {
  return Buffer.from(message.body()).toString();
}
