import { decodeError } from "../conditions.ts";
import type { FieldReader } from "./field-reader.ts";
import { ABSENT, type Descriptor } from "./frames.ts";
import { PASSED_ON, readUint32, ValueChecker, valueEnd } from "./values.ts";

/** Descriptor codes of message sections. [AMQP 3.2] */
export const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  sequence: 0x76,
  value: 0x77,
  footer: 0x78,
} as const;

const SYMBOLS: ReadonlyMap<string, number> = new Map([
  ["amqp:header:list", SECTION.header],
  ["amqp:delivery-annotations:map", SECTION.deliveryAnnotations],
  ["amqp:message-annotations:map", SECTION.messageAnnotations],
  ["amqp:properties:list", SECTION.properties],
  ["amqp:application-properties:map", SECTION.applicationProperties],
  ["amqp:data:binary", SECTION.data],
  ["amqp:amqp-sequence:list", SECTION.sequence],
  ["amqp:amqp-value:*", SECTION.value],
  ["amqp:footer:map", SECTION.footer],
]);

/** A part of the bytes; both 0 when it is not there. */
export interface Span {
  start: number;
  end: number;
}

/** The fields of `properties`, in order. */
export const PROPERTY = {
  messageId: 0,
  userId: 1,
  to: 2,
  subject: 3,
  replyTo: 4,
  correlationId: 5,
  contentType: 6,
  contentEncoding: 7,
  absoluteExpiryTime: 8,
  creationTime: 9,
  groupId: 10,
  groupSequence: 11,
  replyToGroupId: 12,
} as const;
const PROPERTIES_MAX = 13;

/**
 * Where the sections of a message are. Values are not decoded, only the header is; one object looks at one message
 * after the other.
 *
 *     header? delivery-annotations? message-annotations? properties? application-properties? body footer?
 */
export class Sections {
  /** Behind the header; where the message begins when there is none. */
  headerEnd = 0;
  durable = false;
  priority = 4;
  /** Milliseconds; absent: for ever. */
  ttlMs: number = ABSENT;
  deliveryCount = 0;
  /** Values, without the descriptor. */
  readonly deliveryAnnotations: Span = { start: 0, end: 0 };
  readonly messageAnnotations: Span = { start: 0, end: 0 };
  readonly applicationProperties: Span = { start: 0, end: 0 };
  readonly footer: Span = { start: 0, end: 0 };
  /** The list of all `properties`. */
  readonly propertyList: Span = { start: 0, end: 0 };
  /** Values of `properties`, by {@link PROPERTY}. */
  readonly properties: readonly Span[] = Array.from({ length: PROPERTIES_MAX }, () => ({ start: 0, end: 0 }));
  /** Where what an intermediary must not change begins: properties, or whatever follows them. */
  bareStart = 0;
  /** Code of the body's sections; 0 when there is none. */
  bodyKind = 0;
  bodyCount = 0;
  /** The value of the first section of the body, without its descriptor. */
  readonly body: Span = { start: 0, end: 0 };
  /** All sections of the body, with descriptors. */
  readonly bodies: Span = { start: 0, end: 0 };
  readonly #descriptor: Descriptor;
  readonly #reader: FieldReader;
  readonly #checker: ValueChecker = new ValueChecker(PASSED_ON);

  constructor(descriptor: Descriptor, reader: FieldReader) {
    this.#descriptor = descriptor;
    this.#reader = reader;
  }

  /**
   * Looks at the message in `bytes[start..end)`.
   * @throws AmqpError decode-error when sections are missing, in the wrong order or damaged
   */
  scan(bytes: Uint8Array, start: number, end: number): void {
    this.#reset(start);
    let previous = 0;
    let at = start;
    while (at < end) {
      const code = this.#descriptor.read(bytes, at, end, SYMBOLS);
      // rhea puts the footer in front of the body; it does no harm there
      const isFooter = code === SECTION.footer;
      if (isFooter ? this.footer.end > 0 : code < previous || (code === previous && !isRepeated(code))) {
        throw misplaced(code);
      }
      const value = this.#descriptor.next;
      const next = valueEnd(bytes, value, end);
      this.#section(bytes, code, at, value, next);
      if (!isFooter) previous = code;
      at = next;
    }
    if (this.bareStart === 0) this.bareStart = end;
  }

  /**
   * Checks everything inside the sections that {@link scan} has found, so that whoever receives the message can decode
   * it.
   * @throws AmqpError decode-error
   */
  check(bytes: Uint8Array): void {
    const { bodies, bodyKind } = this;
    this.#checker.begin();
    this.#checkSpan(bytes, this.deliveryAnnotations);
    this.#checkSpan(bytes, this.messageAnnotations);
    this.#checkSpan(bytes, this.propertyList);
    this.#checkSpan(bytes, this.applicationProperties);
    this.#checkSpan(bytes, this.footer);
    if (bodyKind === SECTION.data) return; // bytes, whose size has been looked at
    for (let at = bodies.start; at < bodies.end; ) at = this.#checker.goOn(bytes, at, bodies.end);
  }

  #checkSpan(bytes: Uint8Array, { start, end }: Span): void {
    if (start !== end) this.#checker.goOn(bytes, start, end);
  }

  #reset(start: number): void {
    this.headerEnd = start;
    this.durable = false;
    this.priority = 4;
    this.ttlMs = ABSENT;
    this.deliveryCount = 0;
    clear(this.deliveryAnnotations);
    clear(this.messageAnnotations);
    clear(this.applicationProperties);
    clear(this.footer);
    for (let index = 0; index < PROPERTIES_MAX; index += 1) clear(this.properties[index]!);
    clear(this.propertyList);
    this.bareStart = 0;
    this.bodyKind = 0;
    this.bodyCount = 0;
    clear(this.body);
    clear(this.bodies);
  }

  #section(bytes: Uint8Array, code: number, at: number, value: number, next: number): void {
    if (code >= SECTION.properties && this.bareStart === 0) this.bareStart = at;
    switch (code) {
      case SECTION.header:
        this.#header(bytes, value, next);
        break;
      case SECTION.deliveryAnnotations:
        place(bytes, this.deliveryAnnotations, value, next);
        break;
      case SECTION.messageAnnotations:
        place(bytes, this.messageAnnotations, value, next);
        break;
      case SECTION.properties:
        this.#fields(bytes, value, next);
        break;
      case SECTION.applicationProperties:
        place(bytes, this.applicationProperties, value, next);
        break;
      case SECTION.data:
      case SECTION.sequence:
      case SECTION.value:
        this.#body(bytes, code, at, value, next);
        break;
      case SECTION.footer:
        place(bytes, this.footer, value, next);
        break;
      default:
        throw decodeError(`0x${code.toString(16)} is no section of a message`);
    }
  }

  #header(bytes: Uint8Array, value: number, next: number): void {
    const reader = this.#reader;
    reader.open(bytes, value, next);
    this.durable = reader.flag(0) === 1;
    this.priority = Math.min(9, reader.ubyte(4)); // [AMQP 3.2.1] ten priorities are enough for everybody
    this.ttlMs = reader.uint(ABSENT);
    reader.flag(0);
    this.deliveryCount = reader.uint(0);
    this.headerEnd = next;
  }

  #fields(bytes: Uint8Array, value: number, next: number): void {
    const reader = this.#reader;
    reader.open(bytes, value, next);
    this.propertyList.start = value;
    this.propertyList.end = next;
    for (let index = 0; index < PROPERTIES_MAX; index += 1) {
      if (!reader.any()) continue;
      const span = this.properties[index]!;
      span.start = reader.start;
      span.end = reader.end;
    }
  }

  #body(bytes: Uint8Array, code: number, at: number, value: number, next: number): void {
    if (this.bodyCount === 0) {
      this.body.start = value;
      this.body.end = next;
      this.bodies.start = at;
      this.bodyKind = code;
    } else if (code !== this.bodyKind) throw misplaced(code);
    if (code === SECTION.data && bytes[value] !== 0xa0 && bytes[value] !== 0xb0) {
      throw decodeError("A data section holds no binary");
    }
    this.bodyCount += 1;
    this.bodies.end = next;
  }
}

function clear(span: Span): void {
  span.start = 0;
  span.end = 0;
}

function place(bytes: Uint8Array, span: Span, start: number, end: number): void {
  const code = bytes[start]!;
  if (code !== 0xc1 && code !== 0xd1) throw decodeError("A section that is a map holds none");
  span.start = start;
  span.end = end;
}

function isRepeated(code: number): boolean {
  return code === SECTION.data || code === SECTION.sequence;
}

function misplaced(code: number): Error {
  return decodeError(`The section 0x${code.toString(16)} of a message is out of place`);
}

/** Where the content of a binary, string or symbol begins: behind its type and size. */
export function contentStart(bytes: Uint8Array, at: number): number {
  return at + (bytes[at]! >= 0xb0 ? 5 : 2);
}

/** Whether a value is a string or symbol, or a binary. */
export function isText(code: number): boolean {
  return code === 0xa1 || code === 0xb1 || code === 0xa3 || code === 0xb3;
}

/** Walks the entries of a map; nothing inside values is looked at. */
export class MapWalker {
  key = 0;
  value = 0;
  valueEnd = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #left = 0;

  /** @throws AmqpError decode-error when there is no map */
  open(bytes: Uint8Array, start: number, end: number): void {
    const wide = bytes[start] === 0xd1;
    this.#bytes = bytes;
    this.#at = start + (wide ? 9 : 3);
    this.#end = end;
    if (this.#at > end) throw decodeError("A map has no count");
    this.#left = wide ? readUint32(bytes, start + 5) : bytes[start + 2]!;
  }

  /** Moves to the next entry; `false` when there is none. */
  next(): boolean {
    if (this.#left < 2) return false;
    this.#left -= 2;
    this.key = this.#at;
    this.value = valueEnd(this.#bytes, this.key, this.#end);
    this.valueEnd = valueEnd(this.#bytes, this.value, this.#end);
    this.#at = this.valueEnd;
    return true;
  }

  /** Whether the key is this ASCII or UTF-8 text. */
  keyIs(name: Uint8Array): boolean {
    const bytes = this.#bytes;
    if (!isText(bytes[this.key]!)) return false;
    const start = contentStart(bytes, this.key);
    if (this.value - start !== name.length) return false;
    for (let index = 0; index < name.length; index += 1)
      if (bytes[start + index] !== name[index]) return false;
    return true;
  }
}
