import {
  type Address,
  BrokerError,
  type Message,
  type MessageCodec,
  type NeutralMessage,
  type PropertyValue,
} from "@tsapollo/domain";
import { AmqpAddresses } from "./addresses.ts";
import { bodyType, neutralBody } from "./body.ts";
import { FieldReader } from "./codec/field-reader.ts";
import { Descriptor } from "./codec/frames.ts";
import { scalar } from "./codec/scalars.ts";
import { contentStart, isText, MapWalker, PROPERTY, Sections, type Span } from "./codec/sections.ts";
import { utf8 } from "./codec/values.ts";
import { idText } from "./message-ids.ts";
import { DEFAULT_AMQP_OPTIONS } from "./options.ts";

/** {@link AmqpMessageCodec.id}; stored with messages. */
export const AMQP_CODEC_ID = "amqp-1.0";

/** The wire form that says which container sent a message, for no-local. */
export const ORIGIN_FORM = "amqp:origin";

/** The property that selectors know the origin by; see `selectors.ts`. */
export const ORIGIN_PROPERTY = "JMS_AMQP_ORIGIN";

/** Names of JMS and of properties that are fields, by the index of the field. [messaging 14.4] */
const FIELD_NAMES: ReadonlyMap<string, number> = new Map([
  ["JMSMessageID", PROPERTY.messageId],
  ["JMSXUserID", PROPERTY.userId],
  ["JMSDestination", PROPERTY.to],
  ["JMS_AMQP_Subject", PROPERTY.subject],
  ["JMSReplyTo", PROPERTY.replyTo],
  ["JMSCorrelationID", PROPERTY.correlationId],
  ["JMS_AMQP_ContentType", PROPERTY.contentType],
  ["JMS_AMQP_ContentEncoding", PROPERTY.contentEncoding],
  ["JMSTimestamp", PROPERTY.creationTime],
  ["JMSXGroupID", PROPERTY.groupId],
  ["JMSXGroupSeq", PROPERTY.groupSequence],
  ["JMS_AMQP_ReplyToGroupID", PROPERTY.replyToGroupId],
]);

/** Fields that have no place in the common form and become properties there. */
const FIELDS_AS_PROPERTIES: readonly (readonly [name: string, field: number])[] = [
  ["subject", PROPERTY.subject],
  ["content-encoding", PROPERTY.contentEncoding],
  ["group-sequence", PROPERTY.groupSequence],
  ["reply-to-group-id", PROPERTY.replyToGroupId],
];

const JMS_TYPE = Buffer.from("x-opt-jms-type");
const DELIVERY_ANNOTATION = "JMS_AMQP_DA_";
const MESSAGE_ANNOTATION = "JMS_AMQP_MA_";
const FOOTER = "JMS_AMQP_FT_";
const NAMES_MAX = 1_000;

/**
 * Messages as AMQP clients send them: the sections as they came, without the header, which the broker keeps in the
 * fields of {@link Message}. (It stays in front when it counts earlier deliveries.) Nothing is decoded before
 * somebody asks.
 */
export class AmqpMessageCodec implements MessageCodec {
  readonly id: string = AMQP_CODEC_ID;
  readonly #addresses: AmqpAddresses;
  readonly #sections: Sections = new Sections(new Descriptor(), new FieldReader());
  readonly #walker: MapWalker = new MapWalker();
  readonly #names: Map<string, Uint8Array> = new Map();

  /** @param addresses how `reply-to` is read */
  constructor(addresses: AmqpAddresses = new AmqpAddresses(DEFAULT_AMQP_OPTIONS)) {
    this.#addresses = addresses;
  }

  /** A property with its type, or one of the names of JMS. [messaging 14.4] */
  property(message: Message, name: string): PropertyValue | undefined {
    if (name.startsWith("JMS")) return this.#jms(message, name);
    const sections = this.#scan(message);
    return this.#entry(message.bytes, sections.applicationProperties, this.#nameBytes(name));
  }

  #scan(message: Message): Sections {
    this.#sections.scan(message.bytes, message.start, message.end);
    return this.#sections;
  }

  #nameBytes(name: string): Uint8Array {
    let bytes = this.#names.get(name);
    if (bytes === undefined) {
      if (this.#names.size >= NAMES_MAX) this.#names.clear();
      bytes = Buffer.from(name);
      this.#names.set(name, bytes);
    }
    return bytes;
  }

  #jms(message: Message, name: string): PropertyValue | undefined {
    switch (name) {
      case "JMSDeliveryMode":
        return message.persistent ? "PERSISTENT" : "NON_PERSISTENT";
      case "JMSPriority":
        return message.priority;
      case "JMSExpiration":
        return message.expiresAtMs === 0 ? undefined : message.expiresAtMs;
      case ORIGIN_PROPERTY:
        return originOf(message);
      default:
        return this.#jmsInside(message, name);
    }
  }

  #jmsInside(message: Message, name: string): PropertyValue | undefined {
    const { bytes } = message;
    const sections = this.#scan(message);
    const field = FIELD_NAMES.get(name);
    if (field !== undefined) return fieldOf(bytes, sections.properties[field]!, field);
    if (name === "JMSType") {
      const subject = sections.properties[PROPERTY.subject]!; // where JMS clients have it by now
      return (
        this.#entry(bytes, sections.messageAnnotations, JMS_TYPE) ?? fieldOf(bytes, subject, PROPERTY.subject)
      );
    }
    if (name === "JMSXDeliveryCount") return sections.deliveryCount;
    if (name.startsWith(DELIVERY_ANNOTATION)) {
      return this.#entry(
        bytes,
        sections.deliveryAnnotations,
        Buffer.from(name.slice(DELIVERY_ANNOTATION.length)),
      );
    }
    if (name.startsWith(MESSAGE_ANNOTATION)) {
      return this.#entry(
        bytes,
        sections.messageAnnotations,
        Buffer.from(name.slice(MESSAGE_ANNOTATION.length)),
      );
    }
    if (name.startsWith(FOOTER)) {
      return this.#entry(bytes, sections.footer, Buffer.from(name.slice(FOOTER.length)));
    }
    return this.#entry(bytes, sections.applicationProperties, this.#nameBytes(name));
  }

  #entry(bytes: Uint8Array, map: Span, name: Uint8Array): PropertyValue | undefined {
    if (map.start === map.end) return undefined;
    const walker = this.#walker;
    walker.open(bytes, map.start, map.end);
    while (walker.next()) if (walker.keyIs(name)) return scalar(bytes, walker.value, walker.valueEnd);
    return undefined;
  }

  toNeutral(message: Message): NeutralMessage {
    const { bytes } = message;
    const sections = this.#scan(message);
    const { properties: fields } = sections;
    const given = fieldOf(bytes, fields[PROPERTY.contentType]!, PROPERTY.contentType);
    const contentType = typeof given === "string" ? given : bodyType(bytes, sections);
    const messageId = idText(bytes, fields[PROPERTY.messageId]!);
    const correlationId = idText(bytes, fields[PROPERTY.correlationId]!);
    const replyTo = fieldOf(bytes, fields[PROPERTY.replyTo]!, PROPERTY.replyTo);
    return {
      properties: this.#neutralProperties(bytes, sections),
      body: neutralBody(bytes, sections),
      ...(contentType !== undefined && { contentType }),
      ...(messageId !== undefined && { messageId }),
      ...(correlationId !== undefined && { correlationId }),
      ...(typeof replyTo === "string" && { replyTo: this.#replyTo(replyTo) }),
    };
  }

  #neutralProperties(bytes: Uint8Array, sections: Sections): Map<string, PropertyValue> {
    const properties = new Map<string, PropertyValue>();
    const type = this.#entry(bytes, sections.messageAnnotations, JMS_TYPE);
    if (type !== undefined) properties.set("type", type);
    for (const [name, field] of FIELDS_AS_PROPERTIES) {
      const value = fieldOf(bytes, sections.properties[field]!, field);
      if (value !== undefined) properties.set(name, value);
    }
    const { applicationProperties: map } = sections;
    if (map.start === map.end) return properties;
    const walker = this.#walker;
    walker.open(bytes, map.start, map.end);
    while (walker.next()) {
      if (!isText(bytes[walker.key]!)) continue;
      const value = scalar(bytes, walker.value, walker.valueEnd);
      const name = utf8(bytes, contentStart(bytes, walker.key), walker.value);
      if (value !== undefined) properties.set(name, value);
    }
    return properties;
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

/** The container that sent a message, as long as the broker remembers it. */
function originOf(message: Message): string | undefined {
  const origin = message.wireForm(ORIGIN_FORM);
  return origin === undefined ? undefined : Buffer.from(origin).toString();
}

function fieldOf(bytes: Uint8Array, span: Span, field: number): PropertyValue | undefined {
  if (span.start === span.end) return undefined;
  if (field === PROPERTY.messageId || field === PROPERTY.correlationId) return idText(bytes, span);
  const value = scalar(bytes, span.start, span.end);
  if (field === PROPERTY.userId && value instanceof Uint8Array) return Buffer.from(value).toString();
  return value;
}
