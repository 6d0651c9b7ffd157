import type { Message } from "@tsapollo/domain";
import { readVariable } from "./properties.ts";

/**
 * Where things lie in the content of messages that MQTT clients sent: a PUBLISH packet as it came.
 *
 *     start                 propertiesAt                bodyStart   bodyEnd      end
 *       │ first, length, name, [id] │ length, properties    │ payload  │ [stamp]  │
 *
 * Content of codec `mqtt` has no properties. A stamp tells who published; it is there when its publisher does not
 * want to get its own messages back, and never goes out.
 */

/** Id of the codec of content without properties: MQTT 3.1 and 3.1.1. */
export const MQTT_CODEC_ID = "mqtt";
/** Id of the codec of content with properties: MQTT 5.0. */
export const MQTT5_CODEC_ID = "mqtt-5";

/** Where the topic name's two length bytes are in a PUBLISH that begins at `start`. */
export function nameStart(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (bytes[at]! > 0x7f) at += 1;
  return at + 1;
}

/** Where the length of the properties is in MQTT 5.0 content. */
export function propertiesAt({ bytes, start }: Message): number {
  const at = nameStart(bytes, start);
  const idBytes = (bytes[start]! & 0x06) === 0 ? 0 : 2;
  return at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!) + idBytes;
}

/** Where the first property is in MQTT 5.0 content; the last one ends at `bodyStart`. */
export function propertiesStart(message: Message): number {
  return readVariable(message.bytes, propertiesAt(message), message.bodyStart);
}

const STAMP_BYTES = 16;

/** Whether the content says that this publisher sent it. */
export function isStamped(message: Message, stamp: Uint8Array): boolean {
  const { bytes, bodyEnd, end, codec } = message;
  if (end - bodyEnd !== STAMP_BYTES || (codec.id !== MQTT5_CODEC_ID && codec.id !== MQTT_CODEC_ID))
    return false;
  for (let at = 0; at < STAMP_BYTES; at += 1) if (bytes[bodyEnd + at] !== stamp[at]) return false;
  return true;
}

/** The packet in `bytes[start..end)` with a stamp behind it, as bytes of its own. */
export function stamped(bytes: Uint8Array, start: number, end: number, stamp: Uint8Array): Uint8Array {
  const made = new Uint8Array(end - start + STAMP_BYTES);
  made.set(bytes.subarray(start, end));
  made.set(stamp, end - start);
  return made;
}
