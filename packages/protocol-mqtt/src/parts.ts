import type { MessageCodec } from "@tsapollo/domain";
import type { MqttAddresses } from "./addresses.ts";
import type { AuthenticationMechanism } from "./authentication.ts";
import type { FilterSyntax } from "./filter-syntax.ts";
import type { MqttOptions } from "./options.ts";
import type { PacketDecoder } from "./packet-decoder.ts";
import type { MqttSessions } from "./sessions.ts";
import type { TopicCache } from "./topic-cache.ts";
import type { TopicNames } from "./topic-names.ts";

/** What the connections of one adapter share. */
export interface MqttParts {
  readonly options: MqttOptions;
  readonly sessions: MqttSessions;
  readonly addresses: MqttAddresses;
  readonly syntax: FilterSyntax;
  readonly decoder: PacketDecoder;
  readonly topics: TopicCache;
  readonly names: TopicNames;
  /** The codec of what MQTT 5.0 clients publish. */
  readonly codec5: MessageCodec;
  /** By method. */
  readonly mechanisms: ReadonlyMap<string, AuthenticationMechanism>;
}
