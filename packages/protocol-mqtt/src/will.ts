import { type Address, Message, NO_TOKEN, type VirtualHost } from "@tsapollo/domain";
import { isReserved, type MqttAddresses } from "./addresses.ts";
import type { WillRequest } from "./connect-request.ts";
import { MQTT_CODEC } from "./message-codec.ts";
import { encodePublish } from "./publish-writer.ts";
import { prefixed } from "./topic-names.ts";
import { PLAIN_PUBLISH, RETAIN_BIT } from "./wire.ts";

/** A will that is ready to be published. [MQTT-3.1.2-8] [MQTT-3.1.2-16] [MQTT-3.1.2-17] */
export class Will {
  readonly #address: Address;
  readonly #message: Message;

  /** @throws BrokerError PROTOCOL_VIOLATION, BAD_ADDRESS when its topic is not a topic name */
  constructor(request: WillRequest, addresses: MqttAddresses) {
    this.#address = addresses.ofTopicName(request.topic);
    const { qos, retain, payload } = request;
    const first = PLAIN_PUBLISH | (qos << 1) | (retain ? RETAIN_BIT : 0);
    // QoS 1 and 2 need a packet id to be well formed; it is never sent to anybody
    const bytes = encodePublish(prefixed(request.topic), first, 1, payload);
    this.#message = new Message({
      codec: MQTT_CODEC,
      bytes,
      start: 0,
      bodyStart: bytes.length - payload.length,
      bodyEnd: bytes.length,
      end: bytes.length,
      borrowed: false,
      persistent: qos > 0,
      retain: !retain ? "none" : payload.length === 0 ? "clear" : "set",
      expiresAtMs: 0,
      priority: 4,
      groupKey: undefined,
    });
  }

  /** Routes it like a message of the client. */
  publish(host: VirtualHost): void {
    if (!isReserved(this.#address)) host.publish(this.#address, this.#message, NO_TOKEN);
  }
}
