import { type Address, type Identity, Message, NO_TOKEN, type VirtualHost } from "@tsapollo/domain";
import { isReserved } from "./addresses.ts";
import type { WillRequest } from "./connect-request.ts";
import { MQTT_CODEC, Mqtt5MessageCodec } from "./message-codec.ts";
import { encodePublish } from "./publish-writer.ts";
import { encodePublish5 } from "./publish-writer-5.ts";
import { prefixed } from "./topic-names.ts";
import { PLAIN_PUBLISH, RETAIN_BIT } from "./wire.ts";

/** The codec of wills with properties. Response topics in them are read with the default spelling. */
const WILL_CODEC: Mqtt5MessageCodec = new Mqtt5MessageCodec();

/** Whose rights a will has: who left it, and through which connector. */
export interface WillBearer {
  readonly identity: Identity;
  readonly connectorId: string;
}

/** A will that is ready to be published. [MQTT-3.1.2-8] [MQTT-3.1.2-16] [MQTT-3.1.2-17] */
export class Will {
  readonly request: WillRequest;
  readonly address: Address;
  readonly level: number;
  /** Who left it, once that is known; undefined where nobody is asked. */
  bearer: WillBearer | undefined = undefined;

  /** @param level protocol level of the client that left it */
  constructor(request: WillRequest, address: Address, level: number) {
    this.request = request;
    this.address = address;
    this.level = level;
  }

  /**
   * Routes it like a message of the client.
   * @param nowMs the time from which its expiry counts [MQTT5-3.1.3.2.4]
   */
  publish(host: VirtualHost, nowMs: number): void {
    if (!isReserved(this.address)) host.publish(this.address, this.#message(nowMs), NO_TOKEN);
  }

  #message(nowMs: number): Message {
    const { topic, qos, retain, payload, properties, expirySeconds } = this.request;
    const first = PLAIN_PUBLISH | (qos << 1) | (retain ? RETAIN_BIT : 0);
    const name = prefixed(topic);
    // QoS 1 and 2 need a packet id to be well formed; it is never sent to anybody
    const bytes =
      this.level === 5
        ? encodePublish5(name, first, 1, properties, payload)
        : encodePublish(name, first, 1, payload);
    return new Message({
      codec: this.level === 5 ? WILL_CODEC : MQTT_CODEC,
      bytes,
      start: 0,
      bodyStart: bytes.length - payload.length,
      bodyEnd: bytes.length,
      end: bytes.length,
      borrowed: false,
      persistent: qos > 0,
      retain: !retain ? "none" : payload.length === 0 ? "clear" : "set",
      expiresAtMs: expirySeconds === -1 ? 0 : nowMs + expirySeconds * 1_000,
      priority: 4,
      groupKey: undefined,
    });
  }
}
