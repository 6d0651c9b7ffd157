import { BrokerError, type Delivery } from "@tsapollo/domain";
import { AcceptedRange } from "./accepted-range.ts";
import type { DeliveryState } from "./codec/delivery-state.ts";
import { ABSENT, type DispositionFrame, type FlowFrame, type TransferFrame } from "./codec/frames.ts";
import type { BeginTerms } from "./codec/performatives.ts";
import { ACCEPTED_STATE, writeDisposition, writeFlow } from "./codec/write-frames.ts";
import {
  type AttachReply,
  encodeAttach,
  encodeBegin,
  encodeDetach,
  encodeEnd,
} from "./codec/write-performatives.ts";
import { AmqpError, asAmqpError } from "./conditions.ts";
import { Handles } from "./handles.ts";
import type { IncomingLink } from "./incoming-link.ts";
import type { OpenConnection } from "./open-connection.ts";
import type { OutgoingLink } from "./outgoing-link.ts";
import { TransferOutput } from "./transfer-output.ts";
import { type Unsettled, UnsettledDeliveries } from "./unsettled.ts";

/** Either kind of link. */
export type Link = IncomingLink | OutgoingLink;

/** What a handle of the peer stands for: a link, or one that we detached and that it has not detached yet. */
type Attached = Link | "detaching";

const WINDOW = 0x7fff_ffff;
/** Frames after which the peer is told of a window that is open for ever. */
const WINDOW_REFRESH = 0x3fff_ffff;

/** One session: its links, its windows and the deliveries on it. [AMQP 2.5] */
export class Session {
  readonly connection: OpenConnection;
  /** Ours. */
  readonly channel: number;
  readonly unsettled: UnsettledDeliveries = new UnsettledDeliveries();
  readonly #out: TransferOutput;
  readonly #links: Map<number, Attached> = new Map();
  readonly #handles: Handles;
  /** Links whose offers were refused for want of window or of room among the unsettled, in order. */
  readonly #waiting: Set<OutgoingLink> = new Set();
  #nextIncomingId: number;
  #sinceWindow = 0;
  readonly #accepted: AcceptedRange = new AcceptedRange();
  #over = false;

  constructor(connection: OpenConnection, channel: number, terms: BeginTerms) {
    this.connection = connection;
    this.channel = channel;
    this.#nextIncomingId = terms.nextOutgoingId;
    this.#handles = new Handles(terms.handleMax);
    this.#out = new TransferOutput(connection, channel, terms.incomingWindow);
  }

  /** Answers Begin. */
  begun(remoteChannel: number): void {
    const { connection } = this;
    const reply = {
      remoteChannel,
      nextOutgoingId: this.#out.nextId,
      incomingWindow: WINDOW,
      outgoingWindow: WINDOW,
      handleMax: connection.options.handleMax,
    };
    connection.writeCold(encodeBegin(this.channel, reply));
  }

  get links(): IterableIterator<Attached> {
    return this.#links.values();
  }

  /** The link of a handle; `detaching` when we have detached it. @throws AmqpError */
  linkAt(handle: number): Attached {
    const link = this.#links.get(handle);
    if (link !== undefined) return link;
    throw new AmqpError(
      "session",
      "amqp:session:unattached-handle",
      `No link is attached with the handle ${handle}`,
    );
  }

  /** A free handle of ours for a link of the peer's. @throws AmqpError */
  takeHandle(remoteHandle: number): number {
    const { handleMax } = this.connection.options;
    if (remoteHandle > handleMax) {
      const text = `The handle ${remoteHandle} is above handle-max, ${handleMax}`;
      throw new AmqpError("connection", "amqp:connection:framing-error", text);
    }
    if (this.#links.has(remoteHandle)) {
      throw new AmqpError(
        "session",
        "amqp:session:handle-in-use",
        `The handle ${remoteHandle} is attached already`,
      );
    }
    return this.#handles.take(remoteHandle);
  }

  add(link: Link): void {
    this.#links.set(link.remoteHandle, link);
    this.connection.linkCount += 1;
  }

  /** Answers an attach that no link came of: attach, then detach. [AMQP 2.6.3] */
  refuse(reply: AttachReply, remoteHandle: number, error: AmqpError): void {
    this.writeAttach(reply);
    this.connection.writeCold(encodeDetach(this.channel, reply.handle, true, error));
    this.#handles.give(reply.handle);
    this.#links.set(remoteHandle, "detaching");
  }

  writeAttach(reply: AttachReply): void {
    this.connection.writeCold(encodeAttach(this.channel, reply));
  }

  /** Ends a link because of an error; the peer's detach is awaited. */
  detach(link: Link, error: AmqpError): void {
    if (link.isOver) return;
    this.flushAccepted();
    link.leave(false);
    this.#links.set(link.remoteHandle, "detaching");
    this.connection.logRefusal(error);
    this.connection.writeCold(encodeDetach(this.channel, link.handle, true, error));
    this.roomAgain();
  }

  /** The peer detaches a link: it is answered in kind. [AMQP 2.6.4–2.6.6] */
  onDetach(remoteHandle: number, closed: boolean): void {
    const link = this.linkAt(remoteHandle);
    this.#links.delete(remoteHandle);
    if (link === "detaching") return;
    this.flushAccepted();
    const failure = refusalOf(() => link.leave(closed));
    if (failure !== undefined) this.connection.logRefusal(failure);
    this.connection.writeCold(encodeDetach(this.channel, link.handle, closed, failure));
    this.roomAgain();
  }

  /** A handle of ours is free again. */
  releaseHandle(handle: number): void {
    this.#handles.give(handle);
  }

  /** A link is over. `keeps`: its subscription goes on until a transaction is over. */
  forget(link: OutgoingLink, keeps: boolean): void {
    this.#waiting.delete(link);
    this.connection.forgetWaiting(link);
    this.#out.forget(link);
    this.#handles.give(link.handle);
    for (const { delivery } of this.unsettled.removeLink(link)) if (keeps) delivery.settle("retry");
  }

  /** A transfer for a link. @throws AmqpError */
  transfer(frame: TransferFrame, bytes: Uint8Array, end: number, borrowed: boolean): void {
    this.#nextIncomingId = (this.#nextIncomingId + 1) >>> 0;
    this.#sinceWindow += 1;
    if (this.#sinceWindow > WINDOW_REFRESH) this.writeFlow(ABSENT, 0, 0, false);
    const link = this.linkAt(frame.handle);
    if (link === "detaching") return;
    if (link.isOutgoing)
      throw new AmqpError("session", "amqp:not-allowed", "A transfer came on a link to the client");
    link.transfer(frame, bytes, end, borrowed);
  }

  /** A flow of the session, and of a link if it names one. @throws AmqpError */
  flow(frame: FlowFrame): void {
    const opened = this.#out.window(frame);
    if (frame.handle === ABSENT) {
      if (frame.echo === 1) this.writeFlow(ABSENT, 0, 0, false);
    } else {
      const link = this.linkAt(frame.handle);
      if (link !== "detaching") link.flow(frame);
    }
    if (opened) this.unblock();
  }

  /** Writes a flow; with a handle also the state of a link. */
  writeFlow(handle: number, deliveryCount: number, credit: number, drain: boolean): void {
    this.#sinceWindow = 0;
    const flow = {
      channel: this.channel,
      nextIncomingId: this.#nextIncomingId,
      incomingWindow: WINDOW,
      nextOutgoingId: this.#out.nextId,
      outgoingWindow: WINDOW,
    };
    writeFlow(this.connection.output, flow, handle, deliveryCount, credit, drain);
    this.connection.wrote = true;
  }

  /** Whether a delivery can begin as far as window and unsettled deliveries go. */
  get #hasRoom(): boolean {
    return !this.#out.isBlocked && this.unsettled.size < this.connection.options.unsettledMax;
  }

  /** Whether a link may send a delivery now; otherwise it is told when it may. */
  canSend(link: OutgoingLink): boolean {
    if (this.connection.output.full) {
      this.connection.waitForOutput(link);
      return false;
    }
    if (this.#hasRoom) return true;
    this.#waiting.add(link);
    return false;
  }

  /** What the next delivery to the client will be called. */
  get nextDeliveryId(): number {
    return this.#out.nextDeliveryId;
  }

  send(link: OutgoingLink, delivery: Delivery): void {
    const id = this.#out.begin(link, delivery);
    if (!link.presettled) this.unsettled.add(link, delivery, id);
  }

  /** What refused offers is over: first what is left of a delivery, then everybody in order. */
  unblock(): void {
    if (!this.#out.goOn()) return;
    if (this.#waiting.size === 0) return;
    // who is stopped again goes to the end, so that one link's many deliveries do not keep the others waiting
    for (let left = this.#waiting.size; left > 0 && this.#hasRoom; left -= 1) {
      const [link] = this.#waiting;
      if (link === undefined) return;
      this.#waiting.delete(link);
      link.unblocked();
    }
  }

  /** Fewer deliveries are unsettled: links that waited for that go on. */
  roomAgain(): void {
    if (!this.#over && this.#waiting.size > 0) this.unblock();
  }

  /** A disposition of the peer's. @throws AmqpError */
  disposition(frame: DispositionFrame, state: DeliveryState | undefined, bytes: Uint8Array): void {
    if ((frame.last - frame.first) >>> 0 > WINDOW) {
      throw new AmqpError("session", "amqp:invalid-field", "A disposition ends before it begins");
    }
    // what a sender settles after us is over for us already
    if (frame.role === 0 || (frame.settled === 0 && !isTelling(state))) return;
    if (frame.first === frame.last) this.#one(frame, state, bytes);
    else this.#range(frame, state, bytes);
    this.roomAgain();
  }

  #one(frame: DispositionFrame, state: DeliveryState | undefined, bytes: Uint8Array): void {
    const entry = this.unsettled.get(frame.first);
    if (entry === undefined) return;
    if (this.#end(entry, state, frame.settled === 1)) this.#answer(frame, bytes);
  }

  #range(frame: DispositionFrame, state: DeliveryState | undefined, bytes: Uint8Array): void {
    let answers = false;
    for (const entry of this.unsettled.within(frame.first, frame.last)) {
      // settling one may end the link, and with it the others
      if (this.unsettled.get(entry.id) === entry && this.#end(entry, state, frame.settled === 1))
        answers = true;
    }
    if (answers) this.#answer(frame, bytes);
  }

  /** @returns whether the client has to be told that we settled it */
  #end(entry: Unsettled, state: DeliveryState | undefined, settled: boolean): boolean {
    if (state?.kind === "transactional") {
      const { transactions } = this.connection;
      const open = transactions.named(state.txnId);
      transactions.hold(open, this, entry, entry.link.outcomeOf(entry.delivery, state.outcome), settled);
      return false;
    }
    this.unsettled.delete(entry.id);
    entry.link.settle(entry, state);
    return !settled;
  }

  /** [AMQP 2.6.12] the receiver has told an outcome without settling: we settle, and say so. */
  #answer(frame: DispositionFrame, bytes: Uint8Array): void {
    const state = new Uint8Array(bytes.subarray(frame.stateStart, frame.stateEnd));
    writeDisposition(this.connection.output, this.channel, false, frame.first, frame.last, true, state);
    this.connection.wrote = true;
  }

  /** A delivery that a transaction held is settled. */
  settledByUs(id: number): void {
    writeDisposition(this.connection.output, this.channel, false, id, id, true, ACCEPTED_STATE);
    this.connection.wrote = true;
  }

  /** A delivery from the client is accepted; consecutive ones are told together. */
  accepted(link: IncomingLink, id: number): void {
    const range = this.#accepted;
    const wasEmpty = range.isEmpty;
    if (!range.add(id, !link.second)) {
      this.flushAccepted();
      range.add(id, !link.second);
      this.connection.owesFlush(this);
    } else if (wasEmpty) this.connection.owesFlush(this);
  }

  /** Tells what was accepted. */
  flushAccepted(): void {
    if (this.#accepted.isEmpty) return;
    if (this.#over) return this.#accepted.clear();
    this.#accepted.write(this.connection.output, this.channel);
    this.connection.wrote = true;
  }

  /** Tells another outcome of a delivery from the client. */
  replied(link: IncomingLink, id: number, state: Uint8Array): void {
    this.flushAccepted();
    const { output } = this.connection;
    if (this.#over) return;
    writeDisposition(output, this.channel, true, id, id, !link.second, state);
    this.connection.wrote = true;
  }

  /** The session is over: all links with it. [AMQP 2.5.4–2.5.6] */
  end(error?: AmqpError): void {
    if (this.#over) return;
    this.flushAccepted();
    this.leave();
    this.connection.writeCold(encodeEnd(this.channel, error));
  }

  /** All links are over. */
  leave(): void {
    if (this.#over) return;
    for (const link of this.#links.values()) if (link !== "detaching") link.leave(false);
    this.#over = true;
    this.#links.clear();
  }

  /** The connection is over. */
  dropped(): void {
    this.#over = true;
    for (const link of this.#links.values()) if (link !== "detaching") link.dropped();
  }
}

/** Whether a state, by itself, says what becomes of a delivery. */
function isTelling(state: DeliveryState | undefined): boolean {
  return state !== undefined && state.kind !== "received";
}

/** Why the engine did not do something, as the error of a link. */
function refusalOf(work: () => void): AmqpError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof BrokerError) return asAmqpError("link", error);
    throw error;
  }
}
