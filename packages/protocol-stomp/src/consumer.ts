import type {
  BrokerError,
  Consumer,
  Delivery,
  Outcome,
  SubscribeRequest,
  Subscription,
} from "@tsapollo/domain";
import type { AdmittedClient } from "./admitted-client.ts";
import { type Credit, CreditWindows } from "./credit-windows.ts";
import { DeliveryHead } from "./delivery-head.ts";
import { EngineSubscriptions } from "./engine-subscriptions.ts";
import { findHeader } from "./header-lines.ts";
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
  readonly credit: Credit;
  /** Whether it only looks: what it does with a message then has no effect. [messaging 5.7] */
  readonly browses: boolean;
  /** Header for the sequence number, one character for each byte; undefined for none. [messaging 15.7] */
  readonly sequenceHeader: string | undefined;
  /** Header bytes of the frame. */
  readonly lengthBytes: number;
}

const END_OF_BROWSE = Buffer.from("destination:\nmessage-id:\nbrowser:end\n\n");

/**
 * One subscription of a STOMP client. It takes deliveries while one of its two credit windows is open and the
 * client reads; in mode `auto` a delivery is consumed and its credit back when it is written.
 * [messaging 15.7, 15.8]
 */
export class StompConsumer implements Consumer {
  readonly id: string;
  readonly ackMode: AckMode;
  /** Whether an acknowledgement means anything: not to a browser. */
  readonly takes: boolean;
  /** Header bytes of its SUBSCRIBE. */
  readonly lengthBytes: number;
  readonly #client: AdmittedClient;
  readonly #outstanding: Outstanding;
  readonly #credit: CreditWindows;
  readonly #head: DeliveryHead;
  /** Whether the client acknowledges. */
  readonly #explicit: boolean;
  readonly #needsMessageId: boolean;
  readonly #usesAckIds: boolean;
  readonly #subscriptions: EngineSubscriptions = new EngineSubscriptions();
  /** The last offer was refused for want of credit. */
  #refused = false;
  /** Something was not written because the client reads too slowly. */
  #waiting = false;
  /** Ends of browsing that the client has still to be told. */
  #endsOwed = 0;
  /** Queues that were deleted while it consumed from them. */
  #deletedQueues = 0;
  #left = false;
  #orders = 0;
  /** Deliveries that transactions hold. */
  #held = 0;

  constructor(parts: ConsumerParts) {
    const { client, id, ackMode, sequenceHeader } = parts;
    this.id = id;
    this.ackMode = ackMode;
    this.takes = !parts.browses;
    this.lengthBytes = parts.lengthBytes;
    this.#client = client;
    this.#outstanding = new Outstanding(client.holders);
    this.#credit = new CreditWindows(parts.credit);
    this.#head = new DeliveryHead({ client, id: parts.named ? id : undefined, sequenceHeader });
    this.#explicit = ackMode !== "auto";
    this.#usesAckIds = this.#explicit && client.version === "1.2";
    this.#needsMessageId = this.#explicit && client.version !== "1.2";
  }

  /** What the engine gave for a request, when `subscribe` returned. */
  joined(request: SubscribeRequest, subscription: Subscription): void {
    this.#subscriptions.add(request, subscription);
    if (this.#left) subscription.cancel();
  }

  offer(delivery: Delivery): boolean {
    if (this.#left) return false;
    const client = this.#client;
    if (client.takesNoMore) {
      this.#waitForOutput();
      return false;
    }
    if (!this.#credit.open) {
      this.#refused = true;
      return false;
    }
    const { expiresAtMs } = delivery.message;
    if (expiresAtMs !== 0 && expiresAtMs <= client.clock.nowMs()) {
      this.#settle(delivery, "expired"); // [messaging 5.10] checked right before the frame is written
      return true;
    }
    this.#write(delivery);
    if (!this.#explicit) this.#settle(delivery, "consumed");
    return true;
  }

  #waitForOutput(): void {
    if (!this.#waiting) this.#client.waitForOutput(this);
    this.#waiting = true;
  }

  #settle(delivery: Delivery | undefined, outcome: Outcome): void {
    if (this.takes) delivery?.settle(outcome);
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
    if (this.#explicit) {
      const id = this.#needsMessageId ? findHeader(content, start, headersEnd, "message-id") : undefined;
      ackId = this.#track(delivery, id);
    }
    const headEnd = this.#head.write(delivery, ackId, foreign);
    client.output.message(client.head, headEnd, content, start, end, owned);
  }

  #track(delivery: Delivery, messageId: string | undefined): number {
    const sizeBytes = delivery.message.sizeBytes;
    this.#orders += 1;
    this.#credit.take(sizeBytes);
    const entry: Entry = {
      consumer: this,
      delivery: delivery.sequence === -1 ? undefined : delivery,
      sizeBytes,
      order: this.#orders,
      messageId,
      credited: false,
      held: false,
      ackId: -1,
      previous: undefined,
      next: undefined,
      nextSame: undefined,
    };
    this.#outstanding.add(entry);
    this.#client.keep(entry);
    return this.#usesAckIds ? this.#client.ackIds.assign(entry) : -1;
  }

  /** A queue was browsed to its end: the client is told once for each. [messaging 5.7, 15.7] */
  browsed(): void {
    if (this.#left) return;
    if (this.#client.output.full) {
      this.#endsOwed += 1;
      this.#waitForOutput();
    } else {
      this.#writeEnd();
    }
  }

  #writeEnd(): void {
    const line = this.#head.subscriptionLine;
    this.#client.output.message(line, line.length, END_OF_BROWSE, 0, END_OF_BROWSE.length, true);
  }

  /**
   * The end of what the client asked for is an ERROR. The engine does not say which queue was deleted; as long as
   * the subscription covers more, it goes on.
   */
  ended(reason: BrokerError): void {
    if (this.#left) return; // its own UNSUBSCRIBE may have destroyed what a transaction still holds
    if (reason.code === "DESTINATION_MISSING") {
      this.#deletedQueues += 1;
      if (this.#subscriptions.outlives(this.#deletedQueues)) {
        const { logger } = this.#client;
        logger.info(
          { code: reason.code, subscription: this.id },
          `${reason.message}; the subscription goes on`,
        );
        return;
      }
    }
    this.#left = true;
    this.#client.fail(reason);
  }

  /** The output has room again. */
  drained(): void {
    this.#waiting = false;
    if (this.#left) return;
    for (; this.#endsOwed > 0; this.#endsOwed -= 1) {
      if (this.#client.output.full) {
        this.#waitForOutput();
        return;
      }
      this.#writeEnd();
    }
    this.#subscriptions.resume();
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
    if (!this.#refused || this.#left || !this.#credit.open) return;
    this.#refused = false;
    this.#subscriptions.resume();
  }

  /** Credit returns at once, also from a transaction, but once per message. [messaging 12, 15.7] */
  #finish(entry: Entry, outcome: Outcome, transaction: StompTransaction | undefined): void {
    this.#outstanding.remove(entry);
    if (!entry.credited) this.#credit.give(entry.sizeBytes);
    entry.credited = true;
    if (transaction === undefined) {
      this.#client.drop(entry);
      this.#settle(entry.delivery, outcome);
    } else {
      this.#held += 1;
      entry.held = true;
      transaction.hold(entry, outcome);
    }
  }

  /** A transaction that held these is over: settled with it, or the client's to acknowledge again. */
  released(entries: Entry[], settled: boolean): void {
    this.#held -= entries.length;
    for (const entry of entries) {
      entry.held = false;
      if (settled || this.#left) this.#client.drop(entry);
      if (!settled && this.#left) this.#settle(entry.delivery, "retry");
    }
    if (!settled && !this.#left) this.#outstanding.restore(entries);
    this.#cancelIfLeft();
  }

  #cancelIfLeft(): void {
    if (this.#left && this.#held === 0) this.#subscriptions.cancel();
  }

  /**
   * UNSUBSCRIBE. What is outstanding returns to its queue; what transactions hold stays with us until they are
   * over, and only then the engine is told that queues are left; topics are left at once. [messaging 15.8]
   */
  leave(): void {
    this.#left = true;
    this.#client.forget(this);
    for (let at = this.#outstanding.first; at !== undefined; at = this.#outstanding.first) {
      this.#outstanding.remove(at);
      this.#client.drop(at);
      if (this.#held > 0) this.#settle(at.delivery, "retry");
    }
    if (this.#held === 0) this.#subscriptions.cancel();
    else this.#subscriptions.cancelTopics();
  }
}
