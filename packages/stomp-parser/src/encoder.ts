import { COLON, LF, NUL } from "./bytes.ts";
import { headerTextMax, writeHeaderText } from "./escape.ts";
import type { StompVersion } from "./version.ts";
import type { StompCommand } from "./words.ts";

/** Writes a command line at an offset; returns the offset behind it. */
export function writeCommand(target: Uint8Array, at: number, command: StompCommand): number {
  let to = at;
  for (let index = 0; index < command.length; index += 1) target[to++] = command.charCodeAt(index);
  target[to++] = LF;
  return to;
}

/** Writes one header line with the escapes of a version; see {@link headerMax} for the room it needs. */
export function writeHeader(
  target: Uint8Array,
  at: number,
  name: string,
  value: string,
  version: StompVersion,
): number {
  let to = writeHeaderText(target, at, name, version);
  target[to++] = COLON;
  to = writeHeaderText(target, to, value, version);
  target[to++] = LF;
  return to;
}

/** Most bytes that {@link writeHeader} needs for a header. */
export function headerMax(name: string, value: string): number {
  return headerTextMax(name) + headerTextMax(value) + 2;
}

/** A frame to be written. */
export interface FrameParts {
  readonly command: StompCommand;
  /** In order; the first of a repeated name counts. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body?: Uint8Array;
}

/**
 * A whole frame as bytes, with the NUL and without a line end behind it. A body gets a `content-length`
 * header unless the frame has one.
 */
export function encodeFrame(parts: FrameParts, version: StompVersion): Uint8Array {
  const headers = [...parts.headers];
  const body = parts.body ?? new Uint8Array(0);
  if (body.length > 0 && !headers.some(([name]) => name === "content-length")) {
    headers.push(["content-length", String(body.length)]);
  }
  // [STOMP-1.2 Value Encoding] CONNECT and CONNECTED escape nothing, to stay readable for 1.0.
  const escapes = parts.command === "CONNECT" || parts.command === "CONNECTED" ? "1.0" : version;
  let size = parts.command.length + 3 + body.length;
  for (const [name, value] of headers) size += headerMax(name, value);
  const bytes = new Uint8Array(size);
  let at = writeCommand(bytes, 0, parts.command);
  for (const [name, value] of headers) at = writeHeader(bytes, at, name, value, escapes);
  bytes[at++] = LF;
  bytes.set(body, at);
  at += body.length;
  bytes[at++] = NUL;
  return bytes.subarray(0, at);
}
