import type { PacketPlace } from "./filter-request.ts";
import { PacketFields } from "./packet-fields.ts";
import { PROPERTY, PropertyCursor } from "./properties.ts";
import { malformed, REASON } from "./reasons.ts";
import { copyBytes, PACKET } from "./wire.ts";

/** A DISCONNECT as it was read. */
export interface DisconnectRequest {
  readonly reason: number;
  /** How long the session lives on, if the client changes that. */
  readonly expirySeconds: number | undefined;
}

const NORMAL: DisconnectRequest = { reason: REASON.SUCCESS, expirySeconds: undefined };
/** Reason codes a client may give. [MQTT5-3.14.2-1] */
const REASONS: ReadonlySet<number> = new Set([
  0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
]);

/**
 * Reads a DISCONNECT; before MQTT 5.0 it is empty.
 * @throws PacketError
 */
export function readDisconnect(bytes: Uint8Array, { bodyStart, end }: PacketPlace): DisconnectRequest {
  if (bodyStart === end) return NORMAL;
  const fields = new PacketFields(copyBytes(bytes, bodyStart, end), 0, "DISCONNECT");
  const reason = fields.byte("reason code");
  if (!REASONS.has(reason)) throw malformed(`A DISCONNECT has reason code ${reason}.`);
  let expirySeconds: number | undefined;
  const limit = fields.atEnd ? fields.at : fields.propertiesEnd();
  const cursor = new PropertyCursor();
  cursor.begin(PACKET.DISCONNECT);
  while (fields.at < limit) {
    fields.at = cursor.next(fields.bytes, fields.at, limit);
    if (cursor.id === PROPERTY.SESSION_EXPIRY) expirySeconds = cursor.number;
  }
  if (!fields.atEnd) throw malformed("A DISCONNECT has bytes behind its properties.");
  return { reason, expirySeconds };
}
