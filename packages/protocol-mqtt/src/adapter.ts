import type {
  Connection,
  Identification,
  ProtocolAdapter,
  ProtocolHandler,
  ProtocolServices,
} from "@tsapollo/domain";
import { MqttAddresses } from "./addresses.ts";
import type { AuthenticationMechanism } from "./authentication.ts";
import { FilterSyntax } from "./filter-syntax.ts";
import { MqttHandler } from "./handler.ts";
import { Mqtt5MessageCodec } from "./message-codec.ts";
import { DEFAULT_MQTT_OPTIONS, type MqttOptions } from "./options.ts";
import { PacketDecoder } from "./packet-decoder.ts";
import type { MqttParts } from "./parts.ts";
import type { MqttSessions } from "./sessions.ts";
import { TopicCache } from "./topic-cache.ts";
import { TopicNames } from "./topic-names.ts";

const CONNECT = 0x10;
/** Lengths and texts of the protocol names, as a CONNECT's variable header begins. [MQTT-3.1.2.1] */
const NAMES: readonly Uint8Array[] = [Buffer.from("\0\x04MQTT"), Buffer.from("\0\x06MQIsdp")];

/**
 * MQTT 3.1, 3.1.1 and 5.0 for one connector: its options, and what its connections share. One object per set of
 * options; all of them are given the same {@link MqttSessions}.
 */
export class MqttAdapter implements ProtocolAdapter {
  readonly id = "mqtt";
  readonly webSocketProtocols: readonly string[] = ["mqtt", "mqttv3.1"];
  readonly #parts: MqttParts;

  /**
   * @param options what differs from {@link DEFAULT_MQTT_OPTIONS}
   * @param mechanisms how MQTT 5.0 clients can prove who they are, besides by name and password
   */
  constructor(
    sessions: MqttSessions,
    options: Partial<MqttOptions> = {},
    mechanisms: readonly AuthenticationMechanism[] = [],
  ) {
    const all = { ...DEFAULT_MQTT_OPTIONS, ...options };
    const addresses = new MqttAddresses(all);
    this.#parts = {
      options: all,
      sessions,
      addresses,
      decoder: new PacketDecoder(all.maxMessageLength, all.maxControlLength),
      syntax: new FilterSyntax(addresses, all),
      topics: new TopicCache(addresses),
      names: new TopicNames(addresses),
      codec5: new Mqtt5MessageCodec(addresses),
      mechanisms: new Map(mechanisms.map((one) => [one.method, one])),
    };
  }

  /** A CONNECT packet with one of the two protocol names, whatever its version. [messaging quirk 19 mended] */
  identify(bytes: Uint8Array): Identification {
    if (bytes.length === 0) return "maybe";
    if (bytes[0] !== CONNECT) return "no";
    let at = 1;
    while (at < bytes.length && at <= 4 && bytes[at]! > 0x7f) at += 1;
    if (at > 4) return "no";
    const name = bytes.subarray(at + 1);
    let answer: Identification = "no";
    for (const known of NAMES) {
      const length = Math.min(known.length, name.length);
      if (!known.subarray(0, length).every((byte, index) => byte === name[index])) continue;
      if (length === known.length) return "yes";
      answer = "maybe";
    }
    return answer;
  }

  createHandler(connection: Connection, services: ProtocolServices): ProtocolHandler {
    return new MqttHandler(connection, services, this.#parts);
  }
}
