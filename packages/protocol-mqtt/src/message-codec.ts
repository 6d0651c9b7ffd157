import type { Message, MessageCodec, NeutralMessage, PropertyValue } from "@tsapollo/domain";
import type { Qos } from "./wire.ts";

const NO_PROPERTIES: ReadonlyMap<string, PropertyValue> = new Map();

/**
 * Messages as MQTT 3.1 and 3.1.1 clients send them: the content is the whole PUBLISH packet as it came, the body
 * is its payload. Such messages have no headers, so selectors see none. [messaging 14.4, 20]
 */
export class MqttMessageCodec implements MessageCodec {
  readonly id = "mqtt";

  property(_message: Message, _name: string): PropertyValue | undefined {
    return undefined;
  }

  toNeutral(message: Message): NeutralMessage {
    return { body: message.body(), properties: NO_PROPERTIES };
  }
}

/** The codec; it has no state. */
export const MQTT_CODEC: MqttMessageCodec = new MqttMessageCodec();

/** The QoS a message was published with; another protocol's persistent message counts as 2, any other as 0. */
export function publishQos(message: Message): Qos {
  if (message.codec.id === "mqtt") return ((message.bytes[message.start]! >> 1) & 3) as Qos;
  return message.persistent ? 2 : 0;
}
