import { BrokerError, Message } from "@tsapollo/domain";
import type { AmqpAddresses, TemporaryScope } from "./addresses.ts";
import { FieldReader } from "./codec/field-reader.ts";
import { ABSENT, Descriptor } from "./codec/frames.ts";
import { scalar } from "./codec/scalars.ts";
import { contentStart, isText, MapWalker, PROPERTY, SECTION, Sections } from "./codec/sections.ts";
import { ValueWriter } from "./codec/value-writer.ts";
import { utf8 } from "./codec/values.ts";
import { type AmqpMessageCodec, ORIGIN_FORM } from "./message-codec.ts";

const DELIVERY_TIME = Buffer.from("x-opt-delivery-time");
const DELIVERY_DELAY = Buffer.from("x-opt-delivery-delay");

/** The last moment that a date can name. */
const TIME_MAX_MS = 8.64e15;

/** What a composer is made of. */
export interface ComposerParts {
  readonly codec: AmqpMessageCodec;
  readonly addresses: AmqpAddresses;
  readonly scope: TemporaryScope;
  /** Of the client, for no-local. */
  readonly containerId: string;
}

/**
 * Makes messages of what clients send: the sections as they came, without the header. What the broker acts on is read
 * out of them: header, expiry, group, delivery time, `to`, `reply-to`.
 */
export class MessageComposer {
  readonly #codec: AmqpMessageCodec;
  readonly #addresses: AmqpAddresses;
  readonly #scope: TemporaryScope;
  readonly #origin: Uint8Array;
  readonly #sections: Sections = new Sections(new Descriptor(), new FieldReader());
  readonly #walker: MapWalker = new MapWalker();
  /** `properties.to` of the last message, if it was asked for. */
  to: string | undefined = undefined;

  constructor(parts: ComposerParts) {
    this.#codec = parts.codec;
    this.#addresses = parts.addresses;
    this.#scope = parts.scope;
    this.#origin = Buffer.from(parts.containerId);
  }

  /**
   * The message in `bytes[start..end)`.
   * @param wantsTo whether the link has no address of its own
   * @throws AmqpError decode-error when it is none
   */
  compose(
    bytes: Uint8Array,
    start: number,
    end: number,
    borrowed: boolean,
    nowMs: number,
    wantsTo: boolean,
  ): Message {
    const sections = this.#sections;
    sections.scan(bytes, start, end);
    sections.check(bytes);
    const { properties } = sections;
    this.to = wantsTo ? this.#text(bytes, PROPERTY.to) : undefined;
    const replyTo = properties[PROPERTY.replyTo]!;
    if (
      replyTo.start !== replyTo.end &&
      this.#addresses.isTemporary(this.#text(bytes, PROPERTY.replyTo) ?? "")
    ) {
      return this.#rewritten(bytes, start, end, nowMs, wantsTo);
    }
    const isPlain = sections.bodyCount === 1 && sections.bodyKind !== SECTION.sequence;
    const { body, bodies } = sections;
    return new Message({
      codec: this.#codec,
      bytes,
      start: sections.deliveryCount === 0 ? sections.headerEnd : start,
      bodyStart: isPlain ? bodyStart(bytes, body.start, body.end) : bodies.start || end,
      bodyEnd: isPlain ? body.end : bodies.end || end,
      end,
      borrowed,
      persistent: sections.durable,
      retain: "none",
      expiresAtMs: this.#expiry(bytes, nowMs),
      priority: sections.priority,
      groupKey: this.#text(bytes, PROPERTY.groupId),
      notBeforeMs: this.#notBefore(bytes, nowMs),
    });
  }

  /** Remembers who sent the message, as long as it is in memory. */
  mark(message: Message): void {
    message.rememberWireForm(ORIGIN_FORM, this.#origin);
  }

  #text(bytes: Uint8Array, field: number): string | undefined {
    const { start, end } = this.#sections.properties[field]!;
    if (start === end || !isText(bytes[start]!)) return undefined;
    return utf8(bytes, contentStart(bytes, start), end);
  }

  /** The earlier one of `ttl` and `absolute-expiry-time`. [AMQP 3.2.1, 3.2.4; quirk 21 mended] */
  #expiry(bytes: Uint8Array, nowMs: number): number {
    const { ttlMs, properties } = this.#sections;
    const byTtl = ttlMs === ABSENT ? 0 : nowMs + ttlMs;
    const { start, end } = properties[PROPERTY.absoluteExpiryTime]!;
    if (start === end) return byTtl;
    const absolute = timeOf(scalar(bytes, start, end));
    return byTtl === 0 || absolute === 0 ? byTtl + absolute : Math.min(byTtl, absolute);
  }

  #notBefore(bytes: Uint8Array, nowMs: number): number {
    const { messageAnnotations: map } = this.#sections;
    if (map.start === map.end) return 0;
    const walker = this.#walker;
    walker.open(bytes, map.start, map.end);
    while (walker.next()) {
      const isTime = walker.keyIs(DELIVERY_TIME);
      if (!isTime && !walker.keyIs(DELIVERY_DELAY)) continue;
      const value = timeOf(scalar(bytes, walker.value, walker.valueEnd));
      if (value > 0) return isTime ? value : Math.min(nowMs + value, TIME_MAX_MS);
    }
    return 0;
  }

  /** `reply-to` names a temporary destination of this connection: others must be told its real name. [2.9] */
  #rewritten(bytes: Uint8Array, start: number, end: number, nowMs: number, wantsTo: boolean): Message {
    const { properties, propertyList, bareStart } = this.#sections;
    const writer = new ValueWriter(end - start + 256);
    writer.raw(bytes.subarray(start, bareStart));
    const mark = writer.begin(SECTION.properties, 0xd0);
    properties.forEach((span, field) => {
      if (field === PROPERTY.replyTo) writer.string(this.#realName(this.#text(bytes, field)!));
      else if (span.start === span.end) writer.null();
      else writer.raw(bytes.subarray(span.start, span.end));
    });
    writer.end(mark, properties.length);
    writer.raw(bytes.subarray(propertyList.end, end));
    const whole = writer.take();
    return this.compose(whole, 0, whole.length, false, nowMs, wantsTo);
  }

  /** @throws BrokerError BAD_ADDRESS */
  #realName(text: string): string {
    const real = this.#addresses.format(this.#addresses.parse(text, undefined, this.#scope));
    if (!this.#addresses.isTemporary(real)) return real;
    throw new BrokerError(
      "BAD_ADDRESS",
      `The prefix of temporary destinations begins other names, too: '${real}'`,
    );
  }
}

/** A time or duration in whole milliseconds; 0 for what is none. */
function timeOf(value: unknown): number {
  const ms = typeof value === "number" || typeof value === "bigint" ? Number(value) : 0;
  return ms > 0 ? Math.min(Math.ceil(ms), TIME_MAX_MS) : 0;
}

/** What a single section holds: the content of text and bytes, anything else with its type. */
function bodyStart(bytes: Uint8Array, start: number, end: number): number {
  const code = bytes[start]!;
  if (isText(code) || code === 0xa0 || code === 0xb0) return contentStart(bytes, start);
  return code === 0x40 ? end : start;
}
