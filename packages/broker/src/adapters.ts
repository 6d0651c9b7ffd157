import type { ConnectorConfig, MqttConfig, StompConfig } from "@tsapollo/config";
import type { ProtocolAdapter } from "@tsapollo/domain";
import { MqttAdapter, type MqttOptions, type MqttSessions } from "@tsapollo/protocol-mqtt";
import { StompAdapter, type StompOptions } from "@tsapollo/protocol-stomp";

/** Every protocol there is, with a connector's options. The order is the order in which they are asked. */
export function adaptersFor(config: ConnectorConfig, sessions: MqttSessions): readonly ProtocolAdapter[] {
  return [new StompAdapter(stompOptions(config.stomp)), new MqttAdapter(sessions, mqttOptions(config.mqtt))];
}

function mqttOptions(config: MqttConfig): Partial<MqttOptions> {
  return {
    maxMessageLength: config.maxMessageLengthBytes,
    queuePrefix: config.queuePrefix,
    pathSeparator: config.pathSeparator,
    anyChildWildcard: config.anyChildWildcard,
    anyDescendantWildcard: config.anyDescendantWildcard,
    regexWildcardStart: config.regexWildcardStart,
    regexWildcardEnd: config.regexWildcardEnd,
    partPattern: config.partPattern,
    dieDelayMs: config.dieDelayMs,
    connectTimeoutMs: config.connectTimeoutMs,
    maxInflightMessages: config.maxInflightMessages,
    maxSubscriptions: config.maxSubscriptions,
    maxClientIdLength: config.clientIdLengthMax,
  };
}

function stompOptions({ protocolFilters: _, ...options }: StompConfig): Partial<StompOptions> {
  return options; // the configuration names them as the protocol does
}
