import type { Address } from "./address.ts";

/** What a property of a message can be. */
export type PropertyValue = string | number | bigint | boolean | Uint8Array;

/** What publishing a message does to the retained message of its topic. */
export type RetainAction = "none" | "set" | "clear";

/**
 * A message between encodings: what every protocol can say about it. Well-known headers have fields, everything
 * else is a property. `persistent`, `expiresAtMs`, `priority` and `groupKey` stay on the {@link Message}.
 */
export interface NeutralMessage {
  readonly body: Uint8Array;
  /** The application's own headers, in the sender's order. */
  readonly properties: ReadonlyMap<string, PropertyValue>;
  readonly contentType?: string;
  readonly messageId?: string;
  readonly correlationId?: string;
  /** Where to answer; text when the sender's syntax does not make it an address. */
  readonly replyTo?: Address | string;
}

/** Knows one encoding of messages. Conversions between protocols pivot on {@link NeutralMessage}. */
export interface MessageCodec {
  /** Stable name of the encoding, stored with messages: `stomp`, `mqtt`, `amqp-1.0`. */
  readonly id: string;
  /** A header or property by name, as selectors see it; undefined when there is none. [messaging 14.4] */
  property(message: Message, name: string): PropertyValue | undefined;
  /** Decodes the message into the common form. The body may be a view of the message's bytes. */
  toNeutral(message: Message): NeutralMessage;
}

/** A remembered outgoing form of a message: serialised once, sent to every subscriber that wants this form. */
export interface WireForm {
  /** Which form: protocol, version, whatever changes the bytes. Compared by identity or value. */
  readonly form: string;
  readonly bytes: Uint8Array;
  readonly next: WireForm | undefined;
}

/** What a message is made of; see the fields of {@link Message}. */
export interface MessageParts {
  readonly codec: MessageCodec;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly end: number;
  readonly borrowed: boolean;
  readonly persistent: boolean;
  readonly retain: RetainAction;
  readonly expiresAtMs: number;
  readonly priority: number;
  readonly groupKey: string | undefined;
  /** Absent means 0: at once. */
  readonly notBeforeMs?: number;
  /** Whether the bytes lie among those of messages that are likely to go when it goes; absent: no. */
  readonly amongNeighbours?: boolean;
}

/**
 * A message in its sender's encoding and what the broker must know of it. Immutable but for where its bytes
 * lie: they may be borrowed from a read block that is overwritten when the turn ends, so whoever keeps a
 * message beyond the call it came in calls {@link Message.own} first.
 *
 *     bytes ──┬──────────┬──────────┬─────┬──
 *             start   bodyStart  bodyEnd  end     start..end is the content in the codec's encoding
 */
export class Message {
  readonly codec: MessageCodec;
  bytes: Uint8Array;
  start: number;
  bodyStart: number;
  bodyEnd: number;
  end: number;
  /** Asked to survive a restart of the broker. */
  readonly persistent: boolean;
  readonly retain: RetainAction;
  /** Milliseconds since the epoch; 0 means never. */
  readonly expiresAtMs: number;
  /** 0 to 9; 4 when the sender did not say. */
  readonly priority: number;
  /** Messages with the same key go to the same consumer. */
  readonly groupKey: string | undefined;
  /** Not to be delivered before; milliseconds since the epoch, 0 means at once. */
  readonly notBeforeMs: number;
  #borrowed: boolean;
  #amongNeighbours: boolean;
  #wireForms: WireForm | undefined = undefined;

  constructor(parts: MessageParts) {
    this.codec = parts.codec;
    this.bytes = parts.bytes;
    this.start = parts.start;
    this.bodyStart = parts.bodyStart;
    this.bodyEnd = parts.bodyEnd;
    this.end = parts.end;
    this.#borrowed = parts.borrowed;
    this.persistent = parts.persistent;
    this.retain = parts.retain;
    this.expiresAtMs = parts.expiresAtMs;
    this.priority = parts.priority;
    this.groupKey = parts.groupKey;
    this.notBeforeMs = parts.notBeforeMs ?? 0;
    this.#amongNeighbours = parts.amongNeighbours ?? false;
  }

  /** Size of the content in bytes: what quotas and windows count. */
  get sizeBytes(): number {
    return this.end - this.start;
  }

  /** Whether the bytes lie in a block that will be overwritten when the turn ends. */
  get borrowed(): boolean {
    return this.#borrowed;
  }

  /** A view of the body, valid as long as the bytes are. */
  body(): Uint8Array {
    return this.bytes.subarray(this.bodyStart, this.bodyEnd);
  }

  /**
   * Makes the message independent of the block it was read into. Cheap when it is already. A small message is
   * also copied out of a large private block, which it would otherwise keep alive.
   */
  own(): void {
    if (!this.#borrowed && this.#amongNeighbours) return;
    this.ownAlone();
  }

  /** The same for whoever keeps it for long: it is copied out from among neighbours, too. */
  ownAlone(): void {
    const size = this.end - this.start;
    if (!this.#borrowed && size * 2 >= this.bytes.length) return;
    this.#move(new Uint8Array(this.bytes.subarray(this.start, this.end)), 0);
    this.#amongNeighbours = false;
  }

  /**
   * The same, in a block that it shares with messages which are likely to go when it goes, such as those that came into
   * a queue with it: cheaper than a block of its own.
   * @param at where in the block its {@link sizeBytes} go
   */
  ownAmong(block: Uint8Array, at: number): void {
    block.set(this.bytes.subarray(this.start, this.end), at);
    this.#move(block, at);
    this.#amongNeighbours = true;
  }

  #move(bytes: Uint8Array, at: number): void {
    const by = at - this.start;
    this.bytes = bytes;
    this.start += by;
    this.bodyStart += by;
    this.bodyEnd += by;
    this.end += by;
    this.#borrowed = false;
  }

  /** The same message, never to expire: what a dead letter queue gets. Shares the bytes, which must be owned. */
  withoutExpiry(): Message {
    return new Message({ ...this, borrowed: false, expiresAtMs: 0 });
  }

  /** The bytes remembered for an outgoing form, if some subscriber needed it before. */
  wireForm(form: string): Uint8Array | undefined {
    let known = this.#wireForms;
    while (known !== undefined && known.form !== form) known = known.next;
    return known?.bytes;
  }

  /** Remembers an outgoing form for the next subscriber. `bytes` must not change afterwards. */
  rememberWireForm(form: string, bytes: Uint8Array): void {
    this.#wireForms = { form, bytes, next: this.#wireForms };
  }
}
