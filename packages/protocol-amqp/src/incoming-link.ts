import { type Address, BrokerError, NO_TOKEN } from "@tsapollo/domain";
import type { DeliveryState } from "./codec/delivery-state.ts";
import { transactionalAccepted } from "./codec/delivery-state.ts";
import { ABSENT, type FlowFrame, type TransferFrame } from "./codec/frames.ts";
import { rejectedState } from "./codec/write-performatives.ts";
import { AmqpError, asAmqpError } from "./conditions.ts";
import type { Owing } from "./confirmations.ts";
import { PartialDelivery } from "./partial-delivery.ts";
import { hasPattern } from "./patterns.ts";
import type { Session } from "./session.ts";

/** What takes the messages of a link. */
export type Target =
  | { readonly kind: "addresses"; readonly addresses: readonly Address[] }
  /** Each message says where it goes. */
  | { readonly kind: "anonymous" }
  | { readonly kind: "coordinator" };

/** What a link from a sending client is made of. */
export interface IncomingParts {
  readonly session: Session;
  readonly name: string;
  readonly handle: number;
  readonly remoteHandle: number;
  readonly target: Target;
  /** The client settles after us. [AMQP 2.8.3] */
  readonly second: boolean;
  readonly initialDeliveryCount: number;
  /** The sender cannot be told `rejected`. */
  readonly cannotReject: boolean;
  /** Called once when the link is over. */
  readonly onOver: (closed: boolean) => void;
}

/** A link on which we receive: messages for destinations, or demands to the coordinator. */
export class IncomingLink implements Owing {
  readonly isOutgoing = false;
  /** Whether what it sends to is full, so that no more credit is given. Other links go on. */
  blocked = false;
  readonly session: Session;
  readonly name: string;
  readonly handle: number;
  readonly remoteHandle: number;
  readonly second: boolean;
  readonly #parts: IncomingParts;
  readonly #only: Address | undefined;
  #deliveryCount: number;
  #credit = 0;
  /** Messages we still owe an outcome. */
  #owed = 0;
  #partial: PartialDelivery | undefined = undefined;
  #over = false;

  constructor(parts: IncomingParts) {
    this.#parts = parts;
    this.session = parts.session;
    this.name = parts.name;
    this.handle = parts.handle;
    this.remoteHandle = parts.remoteHandle;
    this.second = parts.second;
    this.#deliveryCount = parts.initialDeliveryCount;
    const { target } = parts;
    const only =
      target.kind === "addresses" && target.addresses.length === 1 ? target.addresses[0] : undefined;
    this.#only = only?.isPattern === true ? undefined : only;
  }

  get isCoordinator(): boolean {
    return this.#parts.target.kind === "coordinator";
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** What it sends to has room again. */
  unblocked(): void {
    this.blocked = false;
    this.giveCredit();
  }

  /** Gives the client the credit it lacks, unless what it sends to is full. */
  giveCredit(): void {
    if (this.#over || this.blocked) return;
    const { linkCredit } = this.session.connection.options;
    const missing = linkCredit - this.#credit - this.#owed;
    if (missing * 2 < linkCredit) return;
    this.#credit += missing;
    this.#writeFlow();
  }

  #writeFlow(): void {
    this.session.writeFlow(this.handle, this.#deliveryCount, this.#credit, false);
  }

  /** The client's own view of the link. [AMQP 2.6.7] */
  flow(frame: FlowFrame): void {
    if (frame.deliveryCount !== ABSENT) {
      const skipped = (frame.deliveryCount - this.#deliveryCount) >>> 0;
      if (skipped > 0 && skipped <= this.#credit) {
        this.#credit -= skipped;
        this.#deliveryCount = frame.deliveryCount;
      }
    }
    if (frame.echo === 1) this.#writeFlow();
    this.giveCredit();
  }

  /** A transfer frame. @throws AmqpError */
  transfer(frame: TransferFrame, bytes: Uint8Array, end: number, borrowed: boolean): void {
    if (this.#partial !== undefined) {
      this.#continue(this.#partial, frame, bytes, end);
      return;
    }
    if (frame.deliveryId === ABSENT) throw notAllowed("The first transfer of a delivery has no delivery-id");
    if (this.#credit === 0) {
      const text = `The link '${this.name}' has no credit left`;
      throw new AmqpError("link", "amqp:link:transfer-limit-exceeded", text);
    }
    this.#credit -= 1;
    this.#deliveryCount = (this.#deliveryCount + 1) >>> 0;
    if (frame.aborted === 1) return this.giveCredit();
    if (frame.messageFormat !== 0) {
      throw new AmqpError(
        "link",
        "amqp:not-implemented",
        `Message format ${frame.messageFormat} is not known`,
      );
    }
    const { connection } = this.session;
    const state = connection.states.read(bytes, frame.stateStart, frame.stateEnd);
    if (frame.more === 0) {
      this.#checkSize(end - frame.payloadStart);
      this.#take(frame.deliveryId, frame.settled === 1, state, bytes, frame.payloadStart, end, borrowed);
      return;
    }
    this.#partial = new PartialDelivery(frame.deliveryId, frame.settled === 1, state);
    this.#append(this.#partial, bytes, frame.payloadStart, end);
  }

  #continue(partial: PartialDelivery, frame: TransferFrame, bytes: Uint8Array, end: number): void {
    if (frame.deliveryId !== ABSENT && frame.deliveryId !== partial.deliveryId) {
      throw notAllowed(`The delivery ${frame.deliveryId} begins before ${partial.deliveryId} is complete`);
    }
    if (frame.aborted === 1) {
      this.#dropPartial();
      this.giveCredit();
      return;
    }
    if (frame.settled === 1) partial.settled = true;
    if (frame.stateStart !== frame.stateEnd) {
      partial.state = this.session.connection.states.read(bytes, frame.stateStart, frame.stateEnd);
    }
    this.#append(partial, bytes, frame.payloadStart, end);
    if (frame.more === 1) return;
    this.#dropPartial();
    const { deliveryId, settled, state } = partial;
    this.#take(deliveryId, settled, state, partial.bytes, 0, partial.length, false);
  }

  #append(partial: PartialDelivery, bytes: Uint8Array, start: number, end: number): void {
    this.#checkSize(partial.length + end - start);
    this.session.connection.unfinished(end - start);
    partial.append(bytes, start, end);
  }

  #dropPartial(): void {
    if (this.#partial === undefined) return;
    this.session.connection.unfinished(-this.#partial.length);
    this.#partial = undefined;
  }

  #checkSize(size: number): void {
    const { maxMessageSizeBytes } = this.session.connection.options;
    if (size <= maxMessageSizeBytes) return;
    const text = `A message is larger than max-message-size, ${maxMessageSizeBytes} bytes`;
    throw new AmqpError("link", "amqp:link:message-size-exceeded", text);
  }

  #take(
    deliveryId: number,
    settled: boolean,
    state: DeliveryState | undefined,
    bytes: Uint8Array,
    start: number,
    end: number,
    borrowed: boolean,
  ): void {
    this.#owed += settled ? 0 : 1;
    if (this.isCoordinator) {
      this.session.connection.coordinator.demand(this, deliveryId, bytes, start, end);
    } else {
      try {
        this.#publish(deliveryId, settled, state, bytes, start, end, borrowed);
      } catch (error) {
        if (!(error instanceof AmqpError) && !(error instanceof BrokerError)) throw error;
        this.#refused(deliveryId, settled, error);
      }
    }
    this.giveCredit();
  }

  #publish(
    deliveryId: number,
    settled: boolean,
    state: DeliveryState | undefined,
    bytes: Uint8Array,
    start: number,
    end: number,
    borrowed: boolean,
  ): void {
    const { connection } = this.session;
    const only = this.#only;
    const { composer } = connection;
    const isAnonymous = this.#parts.target.kind === "anonymous";
    const message = composer.compose(bytes, start, end, borrowed, connection.clock.nowMs(), isAnonymous);
    if (only?.kind !== "queue") composer.mark(message);
    const addresses = only === undefined ? this.#addresses(composer.to) : undefined;
    if (state?.kind === "transactional") {
      const { transaction } = connection.transactions.named(state.txnId);
      const { wildcardSendMax } = connection.options;
      const all = addresses ?? [only!];
      if (hasPattern(all, wildcardSendMax)) transaction.publishToMatching(all, message, wildcardSendMax);
      else for (const address of all) transaction.publish(address, message);
      if (!settled) this.reply(deliveryId, transactionalAccepted(state.txnId));
      return;
    }
    if (addresses !== undefined) hasPattern(addresses, connection.options.wildcardSendMax);
    const token = settled ? NO_TOKEN : connection.confirmations.expect(this, deliveryId);
    connection.publish(this, only, addresses, message, token);
  }

  #addresses(to: string | undefined): readonly Address[] {
    const { target } = this.#parts;
    if (target.kind === "addresses") return target.addresses;
    if (to !== undefined) return this.session.connection.addressesOf(to);
    throw new AmqpError("link", "amqp:precondition-failed", "A message for the anonymous relay has no 'to'");
  }

  /** The engine answers for a delivery, or says why it does not. */
  confirmed(deliveryId: number, error?: Error): void {
    if (error === undefined) {
      this.#owed -= 1;
      if (this.#over) return;
      this.session.accepted(this, deliveryId);
    } else this.#refused(deliveryId, false, error);
    this.giveCredit();
  }

  /** A message is nowhere. Who does not wait for an outcome learns it by the end of the link. */
  #refused(deliveryId: number, settled: boolean, error: Error): void {
    if (!settled) this.#owed -= 1;
    if (this.#over) return;
    const reason = asAmqpError("link", error);
    if (settled || this.#parts.cannotReject) this.session.detach(this, asLinkError(reason));
    else this.reply(deliveryId, rejectedState(reason), false);
  }

  /** A message that was settled from the start was refused. */
  refusedSettled(error: Error): void {
    this.#refused(0, true, error);
  }

  /** Tells the outcome of a delivery. */
  reply(deliveryId: number, state: Uint8Array, owed = true): void {
    if (owed) this.#owed -= 1;
    if (!this.#over) this.session.replied(this, deliveryId, state);
  }

  /** The link is over. */
  leave(closed: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.session.connection.linkCount -= 1;
    this.session.releaseHandle(this.handle);
    this.#dropPartial();
    if (this.isCoordinator) this.session.connection.coordinator.left(this);
    this.#parts.onOver(closed);
  }

  /** The connection is over. */
  dropped(): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.onOver(false);
  }
}

function notAllowed(text: string): AmqpError {
  return new AmqpError("session", "amqp:not-allowed", text);
}

/** What is wrong with one message ends a link, not more. */
function asLinkError(error: AmqpError): AmqpError {
  return error.scope === "link" ? error : new AmqpError("link", error.condition, error.message, error.info);
}
