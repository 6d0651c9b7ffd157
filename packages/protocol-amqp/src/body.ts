import { jsonOf } from "./codec/json.ts";
import { contentStart, isText, SECTION, type Sections } from "./codec/sections.ts";
import { valueEnd } from "./codec/values.ts";
import { AmqpError } from "./conditions.ts";

const EMPTY: Uint8Array = new Uint8Array(0);

/** Larger bodies do not become JSON. */
const JSON_BYTES_MAX = 4 * 1_024 * 1_024;

/** What kind of content a body is, when its message does not say. */
export function bodyType(bytes: Uint8Array, { bodyKind, body }: Sections): string | undefined {
  if (bodyKind === SECTION.sequence) return "application/json";
  if (bodyKind !== SECTION.value) return undefined;
  const code = bytes[body.start]!;
  if (isText(code)) return "text/plain;charset=utf-8";
  return code === 0x40 || code === 0xa0 || code === 0xb0 ? undefined : "application/json";
}

/**
 * The body as other protocols carry it: data as it is, text as UTF-8, bytes as they are, everything else as JSON, or,
 * when it is too large or too deep for that, as it is encoded. A view of the message where that is possible.
 * [messaging 20, REC]
 */
export function neutralBody(bytes: Uint8Array, sections: Sections): Uint8Array {
  const { bodyKind, bodyCount, body } = sections;
  if (bodyKind === 0) return EMPTY;
  if (bodyKind === SECTION.data) {
    return bodyCount === 1
      ? bytes.subarray(contentStart(bytes, body.start), body.end)
      : joined(bytes, sections);
  }
  const code = bytes[body.start]!;
  if (bodyKind === SECTION.value) {
    if (code === 0x40) return EMPTY;
    if (isText(code) || code === 0xa0 || code === 0xb0) {
      return bytes.subarray(contentStart(bytes, body.start), body.end);
    }
  }
  return asJson(bytes, sections);
}

function asJson(bytes: Uint8Array, sections: Sections): Uint8Array {
  const { bodyKind, body, bodies } = sections;
  const encoded = bytes.subarray(bodies.start, bodies.end);
  if (encoded.length > JSON_BYTES_MAX) return encoded;
  try {
    if (bodyKind === SECTION.sequence) return jsonSequence(bytes, sections);
    return Buffer.from(JSON.stringify(jsonOf(bytes, body.start, body.end)));
  } catch (error) {
    if (error instanceof AmqpError) return encoded;
    throw error;
  }
}

function eachSection(
  bytes: Uint8Array,
  { bodies }: Sections,
  see: (start: number, end: number) => void,
): void {
  for (let at = bodies.start; at < bodies.end; ) {
    const descriptorEnd = valueEnd(bytes, at + 1, bodies.end);
    at = valueEnd(bytes, descriptorEnd, bodies.end);
    see(descriptorEnd, at);
  }
}

function joined(bytes: Uint8Array, sections: Sections): Uint8Array {
  const pieces: Uint8Array[] = [];
  eachSection(bytes, sections, (start, end) => pieces.push(bytes.subarray(contentStart(bytes, start), end)));
  return Buffer.concat(pieces);
}

function jsonSequence(bytes: Uint8Array, sections: Sections): Uint8Array {
  const elements: unknown[] = [];
  eachSection(bytes, sections, (start, end) => {
    const list = jsonOf(bytes, start, end);
    if (Array.isArray(list)) for (const element of list) elements.push(element);
  });
  return Buffer.from(JSON.stringify(elements));
}
