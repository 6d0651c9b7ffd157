import type { Delivery, Message } from "@tsapollo/domain";
import type { AmqpAddresses } from "./addresses.ts";
import { FieldReader } from "./codec/field-reader.ts";
import { Descriptor } from "./codec/frames.ts";
import { SECTION, Sections } from "./codec/sections.ts";
import { putUint32 } from "./codec/values.ts";
import { foreignContent } from "./foreign-content.ts";
import { AMQP_CODEC_ID } from "./message-codec.ts";
import { ANNOTATIONS_FORM, wasAcquired, withAnnotations } from "./modified.ts";

const HEADER_MAX = 32;

/**
 * What a delivery consists of on the wire: a header made for it, in `head[0..headLength)`, and the message's other
 * sections, in `bytes[start..end)`. One object per connection, filled again for each delivery.
 */
export class Content {
  readonly head: Uint8Array = new Uint8Array(HEADER_MAX);
  headLength = 0;
  bytes: Uint8Array = this.head;
  start = 0;
  end = 0;
  /** Whether nobody will change the bytes any more. */
  owned = false;
  readonly #addresses: AmqpAddresses;
  readonly #form: string;
  readonly #sections: Sections = new Sections(new Descriptor(), new FieldReader());

  constructor(addresses: AmqpAddresses) {
    this.#addresses = addresses;
    const { queue, topic } = addresses.prefixes;
    this.#form = `amqp ${JSON.stringify([queue, topic])}`;
  }

  /** Bytes of head and sections together. */
  get length(): number {
    return this.headLength + this.end - this.start;
  }

  fill(delivery: Delivery, nowMs: number): void {
    const { message } = delivery;
    let earlier = 0;
    if (message.codec.id === AMQP_CODEC_ID) earlier = this.#native(message);
    else this.#foreign(delivery);
    this.#header(message, earlier + delivery.redeliveryCount, nowMs);
  }

  #native(message: Message): number {
    this.bytes = message.bytes;
    this.start = message.start;
    this.end = message.end;
    this.owned = !message.borrowed;
    const annotations = message.wireForm(ANNOTATIONS_FORM);
    const first = this.end - this.start > 2 ? this.bytes[this.start + 2]! : 0;
    const isShort = this.bytes[this.start + 1] === 0x53;
    if (annotations === undefined && isShort && first > SECTION.deliveryAnnotations) return 0;
    this.#sections.scan(message.bytes, message.start, message.end);
    const { deliveryAnnotations, headerEnd, deliveryCount } = this.#sections;
    // delivery annotations were meant for us, not for the next one [AMQP 3.2.2]
    this.start = Math.max(headerEnd, deliveryAnnotations.end);
    if (annotations !== undefined) {
      this.bytes = withAnnotations(this.#sections, message, this.start, annotations);
      this.start = 0;
      this.end = this.bytes.length;
      this.owned = true;
    }
    return deliveryCount;
  }

  /** Another protocol's message, converted once for all who want it. */
  #foreign({ message, address }: Delivery): void {
    let form = message.wireForm(this.#form);
    if (form === undefined) {
      form = foreignContent(message, message.codec.toNeutral(message), this.#addresses, address);
      message.rememberWireForm(this.#form, form);
    }
    this.bytes = form;
    this.start = 0;
    this.end = form.length;
    this.owned = true;
  }

  /** [AMQP 3.2.1] durable, priority, ttl, first-acquirer, delivery-count */
  #header(message: Message, deliveryCount: number, nowMs: number): void {
    const { head } = this;
    head[1] = 0x53;
    head[2] = SECTION.header;
    head[3] = 0xc0;
    let at = 6;
    head[at++] = message.persistent ? 0x41 : 0x42;
    if (message.priority === 4) head[at++] = 0x40;
    else {
      head[at++] = 0x50;
      head[at++] = message.priority;
    }
    if (message.expiresAtMs === 0) head[at++] = 0x40;
    else {
      head[at] = 0x70;
      at = putUint32(head, at + 1, Math.min(0xffff_ffff, Math.max(1, message.expiresAtMs - nowMs)));
    }
    head[at++] = deliveryCount === 0 && !wasAcquired(message) ? 0x41 : 0x42;
    if (deliveryCount > 0) {
      head[at] = 0x70;
      at = putUint32(head, at + 1, deliveryCount);
    }
    head[4] = at - 5;
    head[5] = deliveryCount > 0 ? 5 : 4;
    this.headLength = at;
  }
}
