import type { AmqpConfig, ConnectorConfig, MqttConfig, StompConfig } from "@tsapollo/config";
import type { CodecLookup, MessageCodec, ProtocolAdapter } from "@tsapollo/domain";
import {
  AmqpAdapter,
  type AmqpContainers,
  AmqpMessageCodec,
  type AmqpOptions,
} from "@tsapollo/protocol-amqp";
import {
  MQTT_CODEC,
  Mqtt5MessageCodec,
  MqttAdapter,
  type MqttOptions,
  type MqttSessions,
} from "@tsapollo/protocol-mqtt";
import {
  DEFAULT_STOMP_OPTIONS,
  StompAdapter,
  StompMessageCodec,
  type StompOptions,
} from "@tsapollo/protocol-stomp";
import type { XPathFunction } from "@tsapollo/selector";
import { RAW_CODEC } from "@tsapollo/transport";
import { mechanismsFor } from "./scram-users.ts";

/** Every protocol there is, with a connector's options. The order is the order in which they are asked. */
export function adaptersFor(
  config: ConnectorConfig,
  sessions: MqttSessions,
  containers: AmqpContainers,
  xpath: XPathFunction | undefined,
): readonly ProtocolAdapter[] {
  return [
    new StompAdapter({ ...stompOptions(config.stomp), xpath }),
    new MqttAdapter(sessions, mqttOptions(config.mqtt), mechanismsFor(config.mqtt)),
    new AmqpAdapter(amqpOptions(config.amqp), containers, mechanismsFor(config.amqp)),
  ];
}

/** The encodings of messages that may be in a store, by their ids. */
export function storedCodecs(): CodecLookup {
  const codecs: readonly MessageCodec[] = [
    new StompMessageCodec(),
    MQTT_CODEC,
    new Mqtt5MessageCodec(),
    new AmqpMessageCodec(),
    RAW_CODEC,
  ];
  const byId = new Map(codecs.map((codec) => [codec.id, codec]));
  return (id) => byId.get(id);
}

function mqttOptions(config: MqttConfig): Partial<MqttOptions> {
  const { protocolFilters: _, sessionsMax: __, scramUsersFile: ___, ...options } = config;
  return options; // the configuration names them as the protocol does
}

function amqpOptions({ protocolFilters: _, scramUsersFile: __, ...options }: AmqpConfig): AmqpOptions {
  return options; // the configuration names them as the protocol does
}

/** A connector's `<stomp>` in the protocol's terms. */
export function stompOptions({ protocolFilters: _, ...options }: StompConfig): StompOptions {
  return { ...DEFAULT_STOMP_OPTIONS, ...options }; // the configuration names them as the protocol does
}
