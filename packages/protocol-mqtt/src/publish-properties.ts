import { PROPERTY, PropertyCursor } from "./properties.ts";
import { REASON, violation } from "./reasons.ts";
import { PACKET } from "./wire.ts";

const PLUS = 0x2b;
const HASH = 0x23;

/** What the properties of a PUBLISH say to the broker itself. Read again for each packet; nothing is allocated. */
export class PublishProperties {
  /** 0: none. */
  alias = 0;
  /** -1: the message does not expire. */
  expirySeconds = -1;
  readonly #cursor: PropertyCursor = new PropertyCursor();

  /**
   * Reads the properties in `bytes[start..end)`.
   * @throws PacketError malformed, protocol error
   */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.alias = 0;
    this.expirySeconds = -1;
    if (start === end) return;
    const cursor = this.#cursor;
    cursor.begin(PACKET.PUBLISH);
    for (let at = start; at < end; ) {
      at = cursor.next(bytes, at, end);
      switch (cursor.id) {
        case PROPERTY.TOPIC_ALIAS:
          this.alias = cursor.number;
          break;
        case PROPERTY.MESSAGE_EXPIRY:
          this.expirySeconds = cursor.number;
          break;
        case PROPERTY.RESPONSE_TOPIC:
          checkResponseTopic(bytes, cursor.start, cursor.end);
          break;
        case PROPERTY.SUBSCRIPTION_ID: // [MQTT5-3.3.4-6]
          throw violation("A client sends a PUBLISH with a subscription identifier.");
      }
    }
  }
}

/** [MQTT5-3.3.2-14] */
function checkResponseTopic(bytes: Uint8Array, start: number, end: number): void {
  if (start === end) throw violation("A response topic is empty.", REASON.TOPIC_NAME_INVALID);
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === PLUS || bytes[at] === HASH) {
      throw violation("A response topic contains a wildcard.", REASON.TOPIC_NAME_INVALID);
    }
  }
}
