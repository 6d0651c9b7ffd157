import { Address, Message } from "@tsapollo/domain";
import { encodePublish, MQTT_CODEC, prefixed } from "@tsapollo/protocol-mqtt";

/** QoS 2 with RETAIN; nobody gets more than it subscribed with. */
const FIRST_BYTE = 0x35;
/** It needs a packet id to be well formed, which is never sent to anybody. */
const PACKET_ID = 1;
/** How long a copy may wait for somebody, as with Mosquitto; what is retained stays. */
const EXPIRY_MS = 60_000;
const PREFIX = "$SYS/broker/";

/** Address of a topic of the tree, by its name below `$SYS/broker/`. */
export function sysAddress(name: string): Address {
  return new Address("topic", `${PREFIX}${name}`.split("/"));
}

/** What a topic of the tree says: retained, and not for the store, although it is of QoS 2. [management E1] */
export function sysMessage(name: string, text: string, nowMs: number): Message {
  const body = Buffer.from(text);
  const bytes = encodePublish(prefixed(`${PREFIX}${name}`), FIRST_BYTE, PACKET_ID, body);
  return new Message({
    codec: MQTT_CODEC,
    bytes,
    start: 0,
    bodyStart: bytes.length - body.length,
    bodyEnd: bytes.length,
    end: bytes.length,
    borrowed: false,
    persistent: false,
    retain: "set",
    expiresAtMs: nowMs + EXPIRY_MS,
    priority: 4,
    groupKey: undefined,
  });
}
