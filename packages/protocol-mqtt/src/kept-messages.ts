import { Address, BrokerError, Message, parseId } from "@tsapollo/domain";
import { MqttAddresses } from "./addresses.ts";
import { Mqtt5MessageCodec } from "./message-codec.ts";
import { DEFAULT_MQTT_OPTIONS } from "./options.ts";
import { commonProperties } from "./property-bytes.ts";
import { bodyOf } from "./publish-writer.ts";
import { encodePublish5 } from "./publish-writer-5.ts";
import { prefixed, TopicNames } from "./topic-names.ts";
import { PLAIN_PUBLISH } from "./wire.ts";

/** A message that only one client may get, because its QoS 2 exchange was begun. [MQTT5-4.8.2-4] */
export interface Kept {
  readonly message: Message;
  /** The topic it was published to. */
  readonly address: Address;
}

const VERSION = 1;
const HEAD_BYTES = 17;
/** Response topics in what is saved are spelt as by default. */
const CODEC: Mqtt5MessageCodec = new Mqtt5MessageCodec();
const NO_NAME: Uint8Array = prefixed("");
/** A PUBLISH of QoS 2. */
const FIRST = PLAIN_PUBLISH | (2 << 1);

/**
 * A kept message as it is saved: a PUBLISH of MQTT 5.0 without name, and before it what that does not say.
 *
 *     version (1) │ expiry in ms (8) │ bytes of the id (4) │ bytes of the payload (4) │ id of the topic │ PUBLISH
 */
export function encodeKept({ message, address }: Kept): Uint8Array {
  const { bytes, start, end } = bodyOf(message, NO_NAME);
  const properties = commonProperties(message, new TopicNames(new MqttAddresses(DEFAULT_MQTT_OPTIONS)));
  const publish = encodePublish5(NO_NAME, FIRST, 1, properties, bytes.subarray(start, end));
  const id = Buffer.from(address.id, "utf8");
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(VERSION, 0);
  head.writeDoubleBE(message.expiresAtMs, 1);
  head.writeUInt32BE(id.length, 9);
  head.writeUInt32BE(end - start, 13);
  return Buffer.concat([head, id, publish]);
}

/**
 * The inverse of {@link encodeKept}.
 * @throws BrokerError STORE_FAILED when it is of another version
 */
export function decodeKept(saved: Uint8Array): Kept {
  const bytes = Buffer.from(saved);
  if (bytes[0] !== VERSION) {
    throw new BrokerError(
      "STORE_FAILED",
      `A message of a session has version ${bytes[0]}; ${VERSION} is read.`,
    );
  }
  const start = HEAD_BYTES + bytes.readUInt32BE(9);
  const address = new Address("topic", parseId(bytes.toString("utf8", HEAD_BYTES, start)));
  const end = bytes.length;
  const message = new Message({
    codec: CODEC,
    bytes,
    start,
    bodyStart: end - bytes.readUInt32BE(13),
    bodyEnd: end,
    end,
    borrowed: false,
    persistent: true,
    retain: "none",
    expiresAtMs: bytes.readDoubleBE(1),
    priority: 4,
    groupKey: undefined,
  });
  return { message, address };
}
