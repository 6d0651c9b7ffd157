import {
  type Address,
  BrokerError,
  type Consumer,
  type Delivery,
  type Outcome,
  type SubscribeRequest,
  type Subscription,
  type VirtualHost,
} from "@tsapollo/domain";
import type { DeliveryState } from "./codec/delivery-state.ts";
import { ABSENT, type FlowFrame } from "./codec/frames.ts";
import { AmqpError, asAmqpError } from "./conditions.ts";
import { rememberAcquired, rememberAnnotations } from "./modified.ts";
import { RefusedHere } from "./refused-here.ts";
import type { Session } from "./session.ts";
import type { Unsettled } from "./unsettled.ts";

/** Half of all delivery ids: what is farther ahead is behind. */
const HALF = 0x8000_0000;

/** What a link to a receiving client is made of. */
export interface OutgoingParts {
  readonly session: Session;
  readonly name: string;
  readonly handle: number;
  readonly remoteHandle: number;
  /** Deliveries are settled when they are sent. */
  readonly presettled: boolean;
  readonly defaultOutcome: DeliveryState["kind"];
  /** It only looks: what becomes of its deliveries has no effect. */
  readonly browses: boolean;
  /** Nothing returns to where its deliveries come from. */
  readonly topicsOnly: boolean;
  /** Called once when the link is over; `closed`: the client closed it for good. */
  readonly onOver: (closed: boolean) => void;
}

/**
 * A link on which we send: the engine offers deliveries while the client gives credit. [AMQP 2.6.7]
 */
export class OutgoingLink implements Consumer {
  readonly isOutgoing = true;
  readonly session: Session;
  readonly name: string;
  readonly handle: number;
  readonly remoteHandle: number;
  readonly presettled: boolean;
  readonly #parts: OutgoingParts;
  #deliveryCount = 0;
  #credit = 0;
  #drains = false;
  /** Something but credit was missing when the engine offered last: room in output, window or among the unsettled. */
  #blocked = false;
  #left = false;
  /** Deliveries that transactions hold. */
  #held = 0;
  #request: SubscribeRequest | undefined = undefined;
  #subscription: Subscription | undefined = undefined;
  /** What the client has said it cannot take; undefined until then. */
  #refused: RefusedHere | undefined = undefined;
  /** Deliveries that the client has. */
  #outstanding = 0;
  /** The subscription before something was refused; it ends when the client has nothing of it any more. */
  #older: Subscription | undefined = undefined;
  #olderLeft = 0;
  #newerFrom = 0;

  constructor(parts: OutgoingParts) {
    this.#parts = parts;
    this.session = parts.session;
    this.name = parts.name;
    this.handle = parts.handle;
    this.remoteHandle = parts.remoteHandle;
    this.presettled = parts.presettled;
  }

  /** @throws BrokerError what the engine refuses it with */
  subscribe(host: VirtualHost, request: SubscribeRequest): void {
    this.#request = request;
    const subscription = host.subscribe(request, this);
    if (this.#left) subscription.cancel();
    else this.#subscription = subscription;
  }

  offer(delivery: Delivery): boolean {
    if (this.#refused !== undefined) return false; // the older subscription gets nothing any more
    return this.#take(delivery);
  }

  #take(delivery: Delivery): boolean {
    if (this.#left || this.#credit === 0) return false;
    if (!this.session.canSend(this)) {
      this.#blocked = true;
      return false;
    }
    const { expiresAtMs } = delivery.message;
    if (expiresAtMs !== 0 && expiresAtMs <= this.session.connection.clock.nowMs()) {
      this.#settle(delivery, "expired");
      return true;
    }
    this.#credit -= 1;
    this.#deliveryCount = (this.#deliveryCount + 1) >>> 0;
    this.session.send(this, delivery);
    if (this.presettled) this.#settle(delivery, "consumed");
    else this.#outstanding += 1;
    return true;
  }

  #settle(delivery: Delivery, outcome: Outcome): void {
    if (!this.#parts.browses) delivery.settle(outcome);
  }

  /** The client says how much it wants. [AMQP 2.6.7] */
  flow(frame: FlowFrame): void {
    if (frame.linkCredit !== ABSENT) {
      const count = frame.deliveryCount === ABSENT ? 0 : frame.deliveryCount;
      const underWay = (this.#deliveryCount - count) >>> 0;
      this.#credit = frame.linkCredit > underWay ? frame.linkCredit - underWay : 0;
      this.#drains = frame.drain === 1;
    }
    this.#resume();
    if (frame.echo === 1 && !this.#left) this.#writeFlow(false);
  }

  /** What blocked it is over. */
  unblocked(): void {
    this.#resume();
  }

  #resume(): void {
    if (this.#left) return;
    this.#blocked = false;
    if (this.#credit > 0 && this.#subscription !== undefined) {
      this.#subscription.resume(this.#drains ? () => this.#drained() : undefined);
    } else this.#drained();
  }

  /** Everything there is was sent: credit that is left is given back. [AMQP 2.6.7] */
  #drained(): void {
    if (!this.#drains || this.#blocked || this.#left) return;
    this.#drains = false;
    this.#deliveryCount = (this.#deliveryCount + this.#credit) >>> 0;
    this.#credit = 0;
    this.#writeFlow(true);
  }

  #writeFlow(drain: boolean): void {
    this.session.writeFlow(this.handle, this.#deliveryCount, this.#credit, drain);
  }

  /** The client says how a delivery ended; `undefined` leaves it to the default. [AMQP 3.4, messaging 17.5] */
  settle(entry: Unsettled, state: DeliveryState | undefined): void {
    const outcome = this.outcomeOf(entry.delivery, state);
    if (outcome === "undelivered") rememberAcquired(entry.delivery.message);
    this.#settle(entry.delivery, outcome);
    this.retired(entry.id);
  }

  /** The client does not have a delivery any more. */
  retired(id: number): void {
    this.#outstanding -= 1;
    if (this.#older === undefined || (id - this.#newerFrom) >>> 0 < HALF) return;
    this.#olderLeft -= 1;
    if (this.#olderLeft > 0) return;
    this.#older.cancel();
    this.#older = undefined;
  }

  /** What a state means to the engine. */
  outcomeOf(delivery: Delivery, state: DeliveryState | undefined): Outcome {
    const kind = state === undefined || state.kind === "received" ? this.#parts.defaultOutcome : state.kind;
    switch (kind) {
      case "released":
        return "undelivered";
      case "rejected":
        return "poisoned"; // [quirk 23 mended]
      case "modified":
        if (state?.annotations !== undefined) rememberAnnotations(delivery.message, state.annotations);
        if (state?.undeliverableHere === true) this.#refuse(delivery);
        return state?.deliveryFailed === true ? "retry" : "undelivered";
      default:
        return "consumed";
    }
  }

  /**
   * The delivery is not to come again on this link, and stays with the engine for others. From the first one on the
   * engine is asked for everything else only. [AMQP 3.4.5]
   */
  #refuse(delivery: Delivery): void {
    const request = this.#request!;
    // what comes from topics does not return; and a link to both would get what is published a second time
    if (this.#parts.browses || (request.durable === undefined && request.addresses.some(isTopic))) return;
    if (this.#refused !== undefined) return this.#refused.add(delivery);
    const addresses = request.durable === undefined ? request.addresses : [request.durable];
    const isNumbered = addresses.length === 1 || addresses.every(({ kind }) => kind === "queue");
    const refused = new RefusedHere(request.filter, isNumbered);
    refused.add(delivery);
    this.#refused = refused;
    this.#older = this.#subscription;
    this.#olderLeft = this.#outstanding;
    this.#newerFrom = this.session.nextDeliveryId;
    this.#subscription = undefined;
    const offer = (offered: Delivery): boolean => {
      if (!refused.knows(offered)) return this.#take(offered);
      offered.settle("undelivered");
      return true;
    };
    const consumer: Consumer = { offer, ended: (reason) => this.ended(reason) };
    try {
      this.#subscription = this.session.connection.host.subscribe({ addresses, filter: refused }, consumer);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.ended(error);
    }
  }

  /** A transaction holds one more of its deliveries, or one less. */
  holdsMore(count: number): void {
    this.#held += count;
    if (this.#left && this.#held === 0) this.#cancel();
  }

  get isOver(): boolean {
    return this.#left;
  }

  /** The engine ended the subscription: the client learns why. */
  ended(reason: BrokerError): void {
    if (this.#left) return;
    const isGone = reason.code === "DESTINATION_MISSING";
    const error = isGone
      ? new AmqpError("link", "amqp:resource-deleted", reason.message)
      : asAmqpError("link", reason);
    this.session.detach(this, error);
  }

  /**
   * The link is over. What is not settled returns; what transactions hold stays with us until they are over, and only
   * then the engine is told.
   */
  leave(closed: boolean): void {
    if (this.#left) return;
    this.#left = true;
    this.session.connection.linkCount -= 1;
    this.session.forget(this, this.#held > 0);
    if (this.#held === 0 || this.#parts.topicsOnly) this.#cancel();
    this.#parts.onOver(closed);
  }

  #cancel(): void {
    this.#subscription?.cancel();
    this.#subscription = undefined;
    this.#older?.cancel();
    this.#older = undefined;
  }

  /** The connection is over: the engine takes everything back by itself. */
  dropped(): void {
    if (this.#left) return;
    this.#left = true;
    this.#parts.onOver(false);
  }
}

function isTopic({ kind }: Address): boolean {
  return kind === "topic";
}
