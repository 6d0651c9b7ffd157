import { bytesEqual, copyBytes, latin1Text, utf8Text } from "./bytes.ts";
import { unescapeHeader } from "./escape.ts";
import type { StompVersion } from "./version.ts";
import { KNOWN_HEADERS_MAX, type KnownHeader, knownHeaderNamed, type StompCommand } from "./words.ts";

/** Name start, name end, value start, value end. */
const FIELDS = 4;

/**
 * A frame as it lies in somebody's bytes. The decoder has one and uses it for every frame: it and its bytes
 * are valid until the sink returns; {@link StompFrame.copy} makes one that lasts.
 *
 *     bytes ──┬────────────┬──────────────┬─────────┬──────┬──
 *             start        headersStart   bodyStart bodyEnd
 *             SEND\n       a:b\nc:d\n\n   body      NUL
 */
export class StompFrame {
  /** The command, or undefined when it is none that STOMP has; see {@link StompFrame.commandText}. */
  command: StompCommand | undefined = undefined;
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the frame begins; the offsets below count from the same origin. */
  start = 0;
  headersStart = 0;
  bodyStart = 0;
  bodyEnd = 0;
  /** How many header lines there are. */
  headerCount = 0;
  /** Whether white space was taken off a header or the empty line: they do not lie there as they read. */
  trimmed = false;
  /** The version that was spoken; undefined before the two sides agreed on one. */
  version: StompVersion | undefined = undefined;
  #commandStart = 0;
  #commandEnd = 0;
  #fields: Int32Array = new Int32Array(16 * FIELDS);
  readonly #known: Int32Array = new Int32Array(KNOWN_HEADERS_MAX);

  /** The command as it was written. */
  commandText(): string {
    return utf8Text(this.bytes, this.start + this.#commandStart, this.start + this.#commandEnd);
  }

  /** Which header line, from 0, is the first with a well-known name; -1: none is. */
  indexOf(known: KnownHeader): number {
    return this.#known[known]! - 1;
  }

  /** Which header line, from 0, is the first with this name; -1: none is. */
  indexOfName(name: string): number {
    const known = knownHeaderNamed(name);
    if (known !== undefined) return this.indexOf(known);
    const wanted = new TextEncoder().encode(name);
    for (let index = 0; index < this.headerCount; index += 1) {
      if (bytesEqual(this.bytes, this.nameStart(index), this.nameEnd(index), wanted)) return index;
    }
    return -1;
  }

  nameStart(index: number): number {
    return this.start + this.#fields[index * FIELDS]!;
  }
  nameEnd(index: number): number {
    return this.start + this.#fields[index * FIELDS + 1]!;
  }
  valueStart(index: number): number {
    return this.start + this.#fields[index * FIELDS + 2]!;
  }
  valueEnd(index: number): number {
    return this.start + this.#fields[index * FIELDS + 3]!;
  }

  /** The value of a header line as it was written, one character for each byte. */
  rawValue(index: number): string {
    return latin1Text(this.bytes, this.valueStart(index), this.valueEnd(index));
  }

  /** The value of a header line as UTF-8, escapes left as they are. */
  value(index: number): string {
    return utf8Text(this.bytes, this.valueStart(index), this.valueEnd(index));
  }

  /** The first header with this name, decoded as its version asks; undefined when there is none. */
  header(name: string): string | undefined {
    const index = this.indexOfName(name);
    return index === -1 ? undefined : this.#decoded(this.value(index));
  }

  /** All headers in order, decoded, repeated ones included. */
  headers(): [string, string][] {
    const all: [string, string][] = [];
    for (let index = 0; index < this.headerCount; index += 1) {
      const name = utf8Text(this.bytes, this.nameStart(index), this.nameEnd(index));
      all.push([this.#decoded(name), this.#decoded(this.value(index))]);
    }
    return all;
  }

  /** A view of the body. */
  body(): Uint8Array {
    return this.bytes.subarray(this.bodyStart, this.bodyEnd);
  }

  /** The same frame with bytes of its own. */
  copy(): StompFrame {
    const copy = new StompFrame();
    copy.command = this.command;
    copy.bytes = new Uint8Array(this.bodyEnd - this.start);
    copyBytes(copy.bytes, 0, this.bytes, this.start, this.bodyEnd);
    copy.headersStart = this.headersStart - this.start;
    copy.bodyStart = this.bodyStart - this.start;
    copy.bodyEnd = this.bodyEnd - this.start;
    copy.headerCount = this.headerCount;
    copy.trimmed = this.trimmed;
    copy.version = this.version;
    copy.#commandStart = this.#commandStart;
    copy.#commandEnd = this.#commandEnd;
    copy.#fields = this.#fields.slice(0, this.headerCount * FIELDS);
    copy.#known.set(this.#known);
    return copy;
  }

  /** Decoder only: forgets the frame before. */
  reset(version: StompVersion | undefined): void {
    this.headerCount = 0;
    this.trimmed = false;
    this.version = version;
    this.#known.fill(0);
  }

  /** Decoder only: where the command lies, relative to the frame. */
  setCommand(command: StompCommand | undefined, start: number, end: number): void {
    this.command = command;
    this.#commandStart = start;
    this.#commandEnd = end;
  }

  /** Decoder only: adds a header line, positions relative to the frame. */
  addHeader(known: KnownHeader | undefined, name: number, nameEnd: number, value: number, end: number): void {
    const at = this.headerCount * FIELDS;
    if (at === this.#fields.length) {
      const larger = new Int32Array(at * 2);
      larger.set(this.#fields);
      this.#fields = larger;
    }
    const fields = this.#fields;
    fields[at] = name;
    fields[at + 1] = nameEnd;
    fields[at + 2] = value;
    fields[at + 3] = end;
    this.headerCount += 1;
    if (known !== undefined && this.#known[known] === 0) this.#known[known] = this.headerCount;
  }

  #decoded(text: string): string {
    const plain = this.version === undefined || this.version === "1.0";
    // [STOMP-1.2 Value Encoding] CONNECT and CONNECTED escape nothing, to stay readable for 1.0.
    const greeting = this.command === "CONNECT" || this.command === "CONNECTED";
    return plain || greeting ? text : unescapeHeader(text);
  }
}
