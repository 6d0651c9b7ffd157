import { type Delivery, OUTPUT_RESERVE_MAX } from "@tsapollo/domain";
import { ABSENT, type FlowFrame } from "./codec/frames.ts";
import { putTransfer, TRANSFER_HEAD_MAX, type TransferHead } from "./codec/write-frames.ts";
import type { Content } from "./content.ts";
import type { OpenConnection } from "./open-connection.ts";
import type { OutgoingLink } from "./outgoing-link.ts";

/** Up to here a loop is faster than `TypedArray.set`; as measured for MQTT. */
const LOOP_MAX = 32;

/** What is left of a delivery whose first transfers have left. */
interface Rest {
  readonly link: OutgoingLink;
  readonly deliveryId: number;
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}

/**
 * Writes deliveries of one session as transfers, within the peer's window and frame size. When the window closes in
 * the middle of a delivery, the rest waits and nothing else is begun.
 */
export class TransferOutput {
  /** Id of the next transfer frame. [AMQP 2.5.6] */
  nextId = 0;
  nextDeliveryId = 0;
  #window: number;
  #rest: Rest | undefined = undefined;
  readonly #connection: OpenConnection;
  readonly #head: TransferHead;

  constructor(connection: OpenConnection, channel: number, window: number) {
    this.#connection = connection;
    this.#window = window;
    this.#head = { channel, handle: 0, deliveryId: 0, settled: false, continued: false, more: false };
  }

  /** Whether no delivery can be begun. */
  get isBlocked(): boolean {
    return this.#window === 0 || this.#rest !== undefined;
  }

  /** The peer tells its window. @returns whether that opened it */
  window(frame: FlowFrame): boolean {
    const was = this.isBlocked;
    const expected = frame.nextIncomingId === ABSENT ? 0 : frame.nextIncomingId;
    const underWay = (this.nextId - expected) >>> 0;
    this.#window = frame.incomingWindow > underWay ? frame.incomingWindow - underWay : 0;
    return was && this.#window > 0;
  }

  /** Sends a delivery, or its beginning. @returns its id */
  begin(link: OutgoingLink, delivery: Delivery): number {
    const connection = this.#connection;
    const { content, output } = connection;
    content.fill(delivery, connection.clock.nowMs());
    const id = this.nextDeliveryId;
    this.nextDeliveryId = (id + 1) >>> 0;
    const head = this.#head;
    head.handle = link.handle;
    head.deliveryId = id;
    head.settled = link.presettled;
    head.continued = false;
    head.more = false;
    connection.wrote = true;
    const { length } = content;
    if (length + TRANSFER_HEAD_MAX > Math.min(OUTPUT_RESERVE_MAX, connection.peerFrameMax)) {
      this.#beginLarge(link, delivery, content, id);
      return id;
    }
    const block = output.reserve(length + TRANSFER_HEAD_MAX);
    let at = putTransfer(block, output.used, head, length);
    const { head: header, headLength, bytes, start, end } = content;
    for (let index = 0; index < headLength; index += 1) block[at++] = header[index]!;
    if (end - start > LOOP_MAX) block.set(bytes.subarray(start, end), at);
    else for (let index = start, to = at; index < end; index += 1) block[to++] = bytes[index]!;
    output.used = at + end - start;
    this.#sent();
    return id;
  }

  #sent(): void {
    this.nextId = (this.nextId + 1) >>> 0;
    this.#window -= 1;
  }

  /** The header goes with the first frame, whose rest and successors go in by reference. */
  #beginLarge(link: OutgoingLink, delivery: Delivery, content: Content, id: number): void {
    const { output, peerFrameMax } = this.#connection;
    const { head: header, headLength, length } = content;
    let { owned } = content;
    const room = peerFrameMax - TRANSFER_HEAD_MAX;
    const isWhole = length <= room;
    if (!isWhole && !owned) {
      delivery.message.own();
      content.fill(delivery, this.#connection.clock.nowMs());
      owned = true;
    }
    const size = isWhole ? length - headLength : room - headLength;
    const block = output.reserve(TRANSFER_HEAD_MAX + headLength);
    this.#head.more = !isWhole;
    let at = putTransfer(block, output.used, this.#head, headLength + size);
    for (let index = 0; index < headLength; index += 1) block[at++] = header[index]!;
    output.used = at;
    output.write(content.bytes, content.start, content.start + size, owned);
    this.#sent();
    if (isWhole) return;
    this.#rest = { link, deliveryId: id, bytes: content.bytes, at: content.start + size, end: content.end };
    this.goOn();
  }

  /** Sends what is left of a delivery, as far as the window allows. @returns whether nothing is left */
  goOn(): boolean {
    const rest = this.#rest;
    if (rest === undefined) return true;
    const { output, peerFrameMax } = this.#connection;
    const head = this.#head;
    head.handle = rest.link.handle;
    head.deliveryId = rest.deliveryId;
    head.settled = rest.link.presettled;
    head.continued = true;
    const room = peerFrameMax - TRANSFER_HEAD_MAX;
    while (rest.at < rest.end && this.#window > 0) {
      const size = Math.min(room, rest.end - rest.at);
      head.more = rest.at + size < rest.end;
      const block = output.reserve(TRANSFER_HEAD_MAX);
      output.used = putTransfer(block, output.used, head, size);
      output.write(rest.bytes, rest.at, rest.at + size, true);
      rest.at += size;
      this.#sent();
    }
    if (rest.at < rest.end) return false;
    this.#rest = undefined;
    return true;
  }

  /** A link is over: what is left of its delivery is not sent any more. */
  forget(link: OutgoingLink): void {
    if (this.#rest?.link === link) this.#rest = undefined;
  }
}
