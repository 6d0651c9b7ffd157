import type { Message } from "@tsapollo/domain";
import { MapWalker, SECTION, type Sections } from "./codec/sections.ts";
import { ValueWriter } from "./codec/value-writer.ts";

/** The wire form that holds annotations a receiver wants added, as a map. */
export const ANNOTATIONS_FORM = "amqp:annotations";

/** The wire form that says that somebody has had the message, and gave it back without its counting. */
const ACQUIRED_FORM = "amqp:acquired";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Somebody had the message: as long as it is in memory, the next one is not its first. [AMQP 3.2.1] */
export function rememberAcquired(message: Message): void {
  if (!wasAcquired(message)) message.rememberWireForm(ACQUIRED_FORM, NOTHING);
}

/** Whether somebody had the message and gave it back. */
export function wasAcquired(message: Message): boolean {
  return message.wireForm(ACQUIRED_FORM) !== undefined;
}

/** Most that receivers may add to one message. */
const ANNOTATIONS_MAX = 65_536;

/**
 * Remembers annotations of a `modified` outcome; a key that is there already gets its new value. They live as long as
 * the message is in memory. [AMQP 3.4.5]
 */
export function rememberAnnotations(message: Message, annotations: Uint8Array): void {
  if (annotations.length > ANNOTATIONS_MAX) return;
  const known = message.wireForm(ANNOTATIONS_FORM);
  const merged = known === undefined ? annotations : mergedMaps(known, annotations);
  if (merged.length <= ANNOTATIONS_MAX) message.rememberWireForm(ANNOTATIONS_FORM, merged);
}

/** The message from its message annotations on, with more of them. */
export function withAnnotations(
  sections: Sections,
  message: Message,
  contentStart: number,
  annotations: Uint8Array,
): Uint8Array {
  const { bytes } = message;
  const { start, end } = sections.messageAnnotations;
  const rest = start === end ? contentStart : end;
  const merged = start === end ? annotations : mergedMaps(bytes.subarray(start, end), annotations);
  const writer = new ValueWriter(message.sizeBytes + merged.length + 16);
  writer.raw(Uint8Array.of(0x00, 0x53, SECTION.messageAnnotations));
  writer.raw(merged);
  writer.raw(bytes.subarray(rest, message.end));
  return writer.take();
}

/** A map with the entries of both; where both have a key, the second one's value counts. */
function mergedMaps(first: Uint8Array, second: Uint8Array): Uint8Array {
  const entries = new Map<string, Uint8Array>();
  for (const map of [first, second]) {
    const walker = new MapWalker();
    walker.open(map, 0, map.length);
    while (walker.next()) {
      const key = Buffer.from(map.subarray(walker.key, walker.value)).toString("latin1");
      entries.set(key, map.subarray(walker.key, walker.valueEnd));
    }
  }
  const writer = new ValueWriter(first.length + second.length + 16);
  const mark = writer.begin(SECTION.messageAnnotations, 0xd1);
  for (const entry of entries.values()) writer.raw(entry);
  writer.end(mark, entries.size * 2);
  return writer.take().subarray(3); // the map without its descriptor
}
