import { isUtf8 } from "node:buffer";
import {
  type Address,
  BrokerError,
  type Message,
  type MessageCodec,
  type NeutralMessage,
  type PropertyValue,
} from "@tsapollo/domain";
import { MqttAddresses } from "./addresses.ts";
import { MQTT_CODEC_ID, MQTT5_CODEC_ID, propertiesStart } from "./content.ts";
import { DEFAULT_MQTT_OPTIONS } from "./options.ts";
import { PROPERTY, PropertyCursor } from "./properties.ts";
import { PACKET, type Qos, textOf } from "./wire.ts";

const NO_PROPERTIES: ReadonlyMap<string, PropertyValue> = new Map();
/** Begins a correlation id that stands for bytes that are no text; the rest is base64. */
const BASE64 = "base64:";

/**
 * Messages as MQTT 3.1 and 3.1.1 clients send them: the content is the whole PUBLISH packet as it came, the body
 * is its payload. Such messages have no headers, so selectors see none. [messaging 14.4, 20]
 */
export class MqttMessageCodec implements MessageCodec {
  readonly id: string = MQTT_CODEC_ID;

  property(_message: Message, _name: string): PropertyValue | undefined {
    return undefined;
  }

  toNeutral(message: Message): NeutralMessage {
    return { body: message.body(), properties: NO_PROPERTIES };
  }
}

/**
 * Messages as MQTT 5.0 clients send them: PUBLISH packets with properties. User properties are the application's
 * headers; of those with one name the first counts, to MQTT 5.0 subscribers all go. [messaging 20]
 */
export class Mqtt5MessageCodec implements MessageCodec {
  readonly id: string = MQTT5_CODEC_ID;
  readonly #addresses: MqttAddresses;
  readonly #cursor: PropertyCursor = new PropertyCursor();

  /** @param addresses how response topics are read */
  constructor(addresses: MqttAddresses = new MqttAddresses(DEFAULT_MQTT_OPTIONS)) {
    this.#addresses = addresses;
  }

  /** A user property, or three names of JMS. */
  property(message: Message, name: string): PropertyValue | undefined {
    if (name === "JMSDeliveryMode") return message.persistent ? "PERSISTENT" : "NON_PERSISTENT";
    const id = name === "JMSCorrelationID" ? PROPERTY.CORRELATION_DATA : PROPERTY.USER;
    const { bytes, bodyStart } = message;
    const cursor = this.#cursor;
    cursor.begin(PACKET.PUBLISH);
    for (let at = propertiesStart(message); at < bodyStart; ) {
      at = cursor.next(bytes, at, bodyStart);
      if (cursor.id !== id) continue;
      if (id === PROPERTY.CORRELATION_DATA) return correlationId(bytes, cursor.start, cursor.end);
      if (textOf(bytes, cursor.start, cursor.end) !== name) continue;
      return textOf(bytes, cursor.valueStart, cursor.valueEnd);
    }
    return undefined;
  }

  toNeutral(message: Message): NeutralMessage {
    const { bytes, bodyStart } = message;
    const properties = new Map<string, PropertyValue>();
    let contentType: string | undefined;
    let replyTo: Address | string | undefined;
    let correlation: string | undefined;
    const cursor = this.#cursor;
    cursor.begin(PACKET.PUBLISH);
    for (let at = propertiesStart(message); at < bodyStart; ) {
      at = cursor.next(bytes, at, bodyStart);
      const { id, start, end } = cursor;
      if (id === PROPERTY.USER) {
        const name = textOf(bytes, start, end);
        if (!properties.has(name)) properties.set(name, textOf(bytes, cursor.valueStart, cursor.valueEnd));
      } else if (id === PROPERTY.CONTENT_TYPE) contentType = textOf(bytes, start, end);
      else if (id === PROPERTY.RESPONSE_TOPIC) replyTo = this.#replyTo(textOf(bytes, start, end));
      else if (id === PROPERTY.CORRELATION_DATA) correlation = correlationId(bytes, start, end);
    }
    return {
      body: message.body(),
      properties,
      ...(contentType !== undefined && { contentType }),
      ...(replyTo !== undefined && { replyTo }),
      ...(correlation !== undefined && { correlationId: correlation }),
    };
  }

  #replyTo(name: string): Address | string {
    try {
      return this.#addresses.ofTopicName(name);
    } catch (error) {
      if (error instanceof BrokerError) return name;
      throw error;
    }
  }
}

/** Correlation data as other protocols carry it: text as it is, other bytes as `base64:…`. */
function correlationId(bytes: Uint8Array, start: number, end: number): string {
  const data = bytes.subarray(start, end);
  if (isUtf8(data) && !data.includes(0)) return textOf(bytes, start, end);
  return `${BASE64}${Buffer.from(data).toString("base64")}`;
}

/** Correlation data that another protocol's correlation id stands for. */
export function correlationData(id: string): Uint8Array {
  return id.startsWith(BASE64) ? Buffer.from(id.slice(BASE64.length), "base64") : Buffer.from(id, "utf8");
}

/** The codec of content without properties; it has no state. */
export const MQTT_CODEC: MqttMessageCodec = new MqttMessageCodec();

/** The QoS a message was published with; another protocol's persistent message counts as 2, any other as 0. */
export function publishQos(message: Message): Qos {
  const { id } = message.codec;
  if (id === MQTT_CODEC_ID || id === MQTT5_CODEC_ID) return ((message.bytes[message.start]! >> 1) & 3) as Qos;
  return message.persistent ? 2 : 0;
}
