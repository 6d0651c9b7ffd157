import { COLON, indexOfByte, LF, utf8Text } from "@tsapollo/stomp-parser";

/** Is given a header line; `false` stops. */
export type HeaderVisitor = (nameStart: number, nameEnd: number, valueEnd: number) => boolean;

/** Walks over header lines as they lie in a message, `name:value\n`; its value starts behind the colon. */
export function eachHeader(bytes: Uint8Array, start: number, end: number, visit: HeaderVisitor): void {
  let line = start;
  while (line < end) {
    const lineEnd = indexOfByte(bytes, LF, line, end);
    const colon = lineEnd === -1 ? -1 : indexOfByte(bytes, COLON, line, lineEnd);
    if (colon === -1 || !visit(line, colon, lineEnd)) return;
    line = lineEnd + 1;
  }
}

/**
 * The value of the first header with this name, as UTF-8, escapes left as they are. Selectors ask for every
 * message, so nothing is allocated but the value.
 * @param name with one character for each byte, as {@link byteText} makes it
 */
export function findHeader(bytes: Uint8Array, start: number, end: number, name: string): string | undefined {
  let line = start;
  while (line < end) {
    const lineEnd = indexOfByte(bytes, LF, line, end);
    if (lineEnd === -1) return undefined;
    const nameEnd = line + name.length;
    if (nameEnd < lineEnd && bytes[nameEnd] === COLON && startsWith(bytes, line, name)) {
      return utf8Text(bytes, nameEnd + 1, lineEnd);
    }
    line = lineEnd + 1;
  }
  return undefined;
}

function startsWith(bytes: Uint8Array, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** The UTF-8 of a text with one character for each byte; the text itself when it is ASCII. */
export function byteText(text: string): string {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return Buffer.from(text).toString("latin1");
  }
  return text;
}
