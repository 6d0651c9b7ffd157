export { MqttAdapter } from "./adapter.ts";
export { MqttAddresses } from "./addresses.ts";
export type {
  AuthenticationExchange,
  AuthenticationMechanism,
  AuthenticationStep,
} from "./authentication.ts";
export { MQTT_CODEC_ID, MQTT5_CODEC_ID } from "./content.ts";
export { MqttCounters } from "./counters.ts";
export type { AcquiredSession, SessionRefusal } from "./host-sessions.ts";
export { MQTT_CODEC, Mqtt5MessageCodec, MqttMessageCodec, publishQos } from "./message-codec.ts";
export { DEFAULT_MQTT_OPTIONS, type MqttOptions } from "./options.ts";
export { INCOMPLETE, PacketDecoder } from "./packet-decoder.ts";
export { commonProperties, PropertyWriter } from "./property-bytes.ts";
export { PublishProperties } from "./publish-properties.ts";
export { encodePublish, writeAck, writePublish } from "./publish-writer.ts";
export { encodePublish5, OwnProperties, type Publish5, writePublish5 } from "./publish-writer-5.ts";
export { PacketError, REASON } from "./reasons.ts";
export { type PasswordSource, ScramSha256 } from "./scram.ts";
export { MqttSession, type SessionOwner, type SessionRequest } from "./session.ts";
export { DEFAULT_SESSIONS_MAX, MqttSessions, type SessionView } from "./sessions.ts";
export { sharedAddress } from "./shared-groups.ts";
export { TopicCache } from "./topic-cache.ts";
export { NO_NAME, prefixed, TopicNames } from "./topic-names.ts";
export { CONNACK, PACKET, type Qos } from "./wire.ts";
