import { bytesEqual, COLON, indexOfByte, LF, utf8Text } from "@tsapollo/stomp-parser";

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

/** The value of the first header with this name, as UTF-8, escapes left as they are. */
export function findHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  name: Uint8Array,
): string | undefined {
  let found: string | undefined;
  eachHeader(bytes, start, end, (nameStart, nameEnd, valueEnd) => {
    if (!bytesEqual(bytes, nameStart, nameEnd, name)) return true;
    found = utf8Text(bytes, nameEnd + 1, valueEnd);
    return false;
  });
  return found;
}
