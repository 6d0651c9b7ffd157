import type { BrokerError, Consumer, Delivery, Outcome, Subscription } from "@tsapollo/domain";
import { copyBytes, headerMax, LF, writeHeader } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";
import { findHeader } from "./header-lines.ts";
import { DECIMAL_MAX, writeDecimal } from "./header-numbers.ts";
import { type Entry, Outstanding } from "./outstanding.ts";
import type { StompTransaction } from "./transactions.ts";

/** `auto`: consumed when written; `client`: acknowledged up to a message; `client-individual`: one by one. */
export type AckMode = "auto" | "client" | "client-individual";

/** What a SUBSCRIBE frame asks for. */
export interface ConsumerParts {
  readonly client: AdmittedClient;
  /** The subscription's id, one character for each byte. */
  readonly id: string;
  /** Whether MESSAGE frames name the subscription: only if SUBSCRIBE did. [messaging 15.6] */
  readonly named: boolean;
  readonly ackMode: AckMode;
}

const ACK = Buffer.from("ack:");
const RETAIN = Buffer.from("retain:set\n");
const MESSAGE_ID = Buffer.from("message-id");

/**
 * One subscription of a STOMP client. It takes deliveries while one of its two credit windows is open and the
 * client reads; in mode `auto` a delivery is consumed when it is written, so only the reading counts.
 * [messaging 15.7, 15.8]
 */
export class StompConsumer implements Consumer {
  readonly id: string;
  readonly ackMode: AckMode;
  readonly #client: AdmittedClient;
  readonly #outstanding: Outstanding = new Outstanding();
  readonly #needsMessageId: boolean;
  readonly #usesAckIds: boolean;
  /** `subscription:<id>` and its line end, or nothing. */
  readonly #subscriptionLine: Uint8Array;
  #subscription: Subscription | undefined = undefined;
  #countCredit: number;
  #bytesCredit: number;
  /** The last offer was refused for want of credit. */
  #refused = false;
  /** The last offer was refused because the client reads too slowly. */
  #waiting = false;
  #left = false;
  #orders = 0;
  /** Deliveries that transactions hold. */
  #held = 0;

  constructor(parts: ConsumerParts) {
    this.id = parts.id;
    this.ackMode = parts.ackMode;
    this.#client = parts.client;
    const explicit = parts.ackMode !== "auto";
    this.#usesAckIds = explicit && parts.client.version === "1.2";
    this.#needsMessageId = explicit && parts.client.version !== "1.2";
    this.#subscriptionLine = Buffer.from(parts.named ? `subscription:${parts.id}\n` : "", "latin1");
    this.#countCredit = parts.client.options.bufferSizeBytes;
    this.#bytesCredit = parts.client.options.bufferSizeBytes;
  }

  /** What the engine gave for it; set once, when `subscribe` returned. */
  joined(subscription: Subscription): void {
    this.#subscription = subscription;
    if (this.#left) subscription.cancel();
  }

  offer(delivery: Delivery): boolean {
    if (this.#left) return false;
    const client = this.#client;
    if (client.output.full) {
      if (!this.#waiting) client.waitForOutput(this);
      this.#waiting = true;
      return false;
    }
    const explicit = this.ackMode !== "auto";
    if (explicit && this.#countCredit <= 0 && this.#bytesCredit <= 0) {
      this.#refused = true;
      return false;
    }
    const { expiresAtMs } = delivery.message;
    if (expiresAtMs !== 0 && expiresAtMs <= client.clock.nowMs()) {
      delivery.settle("expired"); // [messaging 5.10] checked right before the frame is written
      return true;
    }
    this.#write(delivery);
    if (!explicit) delivery.settle("consumed");
    return true;
  }

  #write(delivery: Delivery): void {
    const { message } = delivery;
    const client = this.#client;
    const foreign = message.codec.id !== client.codec.id;
    let content = message.bytes;
    let { start, end } = message;
    let headersEnd = message.bodyStart;
    let owned = !message.borrowed;
    if (foreign) {
      content = client.foreignContent(message);
      start = 0;
      end = content.length;
      headersEnd = end;
      owned = true;
    }
    let ackId = -1;
    if (this.ackMode !== "auto") {
      const id = this.#needsMessageId ? findHeader(content, start, headersEnd, MESSAGE_ID) : undefined;
      ackId = this.#track(delivery, id);
    }
    const headEnd = this.#writeHead(delivery, ackId, foreign);
    client.output.message(client.head, headEnd, content, start, end, owned);
  }

  #track(delivery: Delivery, messageId: string | undefined): number {
    const sizeBytes = delivery.message.sizeBytes;
    this.#orders += 1;
    this.#countCredit -= 1;
    this.#bytesCredit -= sizeBytes;
    const entry: Entry = {
      consumer: this,
      delivery,
      sizeBytes,
      order: this.#orders,
      messageId,
      ackId: -1,
      previous: undefined,
      next: undefined,
    };
    this.#outstanding.add(entry);
    return this.#usesAckIds ? this.#client.ackIds.assign(entry) : -1;
  }

  /** Header lines for this delivery alone, in the order of [messaging 15.6]; returns their length. */
  #writeHead(delivery: Delivery, ackId: number, foreign: boolean): number {
    const client = this.#client;
    const line = this.#subscriptionLine;
    const { addRedeliveriesHeader } = client.options;
    const redelivered = addRedeliveriesHeader !== undefined && delivery.redeliveryCount > 0;
    let room = line.length + ACK.length + DECIMAL_MAX + 1;
    if (redelivered) room += headerMax(addRedeliveriesHeader, String(delivery.redeliveryCount));
    const destination = foreign ? client.destinationLine(delivery.address) : undefined;
    if (destination !== undefined) room += destination.length + RETAIN.length;
    const head = client.headOf(room);
    let at = 0;
    if (redelivered) {
      at = writeHeader(head, at, addRedeliveriesHeader, String(delivery.redeliveryCount), client.version);
    }
    at = copyBytes(head, at, line, 0, line.length);
    if (ackId !== -1) {
      at = copyBytes(head, at, ACK, 0, ACK.length);
      at = writeDecimal(head, at, ackId);
      head[at++] = LF;
    }
    if (destination !== undefined) {
      at = copyBytes(head, at, destination, 0, destination.length);
      if (delivery.retained) at = copyBytes(head, at, RETAIN, 0, RETAIN.length);
    }
    return at;
  }

  ended(reason: BrokerError): void {
    this.#left = true;
    this.#client.fail(reason);
  }

  /** The output has room again. */
  drained(): void {
    this.#waiting = false;
    if (!this.#left) this.#subscription?.resume();
  }

  /** The connection is over; the engine settles what is outstanding. */
  closed(): void {
    this.#left = true;
  }

  /** The outstanding delivery with a message id (1.0 and 1.1). */
  withMessageId(messageId: string): Entry | undefined {
    return this.#outstanding.withMessageId(messageId);
  }

  /** Settles an outstanding delivery, in mode `client` with everything before it. */
  acknowledge(entry: Entry, outcome: Outcome, transaction: StompTransaction | undefined): void {
    let at = this.ackMode === "client" ? this.#outstanding.first! : entry;
    for (;;) {
      const next = at.next;
      this.#finish(at, outcome, transaction);
      if (at === entry) break;
      at = next!;
    }
    if (!this.#refused || this.#left || (this.#countCredit <= 0 && this.#bytesCredit <= 0)) return;
    this.#refused = false;
    this.#subscription?.resume();
  }

  /** Credit returns at once, also from a transaction. [messaging 12] */
  #finish(entry: Entry, outcome: Outcome, transaction: StompTransaction | undefined): void {
    this.#outstanding.remove(entry);
    this.#countCredit += 1;
    this.#bytesCredit += entry.sizeBytes;
    if (transaction === undefined) {
      this.#client.ackIds.release(entry);
      entry.delivery.settle(outcome);
    } else {
      this.#held += 1;
      transaction.hold(entry, outcome);
    }
  }

  /** A transaction that held the entry is over: settled with it, or the client's to acknowledge again. */
  released(entry: Entry, settled: boolean): void {
    this.#held -= 1;
    if (settled) this.#client.ackIds.release(entry);
    else if (this.#left) entry.delivery.settle("retry");
    else {
      this.#outstanding.restore(entry);
      this.#countCredit -= 1;
      this.#bytesCredit -= entry.sizeBytes;
    }
    if (this.#left && this.#held === 0) this.#subscription?.cancel();
  }

  /**
   * UNSUBSCRIBE. What is outstanding returns to its queue; what transactions hold stays with us until they are
   * over, and then the engine is told. [messaging 15.8]
   */
  leave(): void {
    this.#left = true;
    for (let at = this.#outstanding.first; at !== undefined; at = this.#outstanding.first) {
      this.#outstanding.remove(at);
      this.#client.ackIds.release(at);
      if (this.#held > 0) at.delivery.settle("retry");
    }
    if (this.#held === 0) this.#subscription?.cancel();
  }
}
