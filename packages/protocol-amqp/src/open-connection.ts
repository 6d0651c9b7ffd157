import {
  type Address,
  type Admission,
  type BrokerError,
  type Clock,
  type Connection,
  type Logger,
  type Message,
  NO_TOKEN,
  type Output,
  type ReadingGate,
  type VirtualHost,
} from "@tsapollo/domain";
import { AddressMemo } from "./address-memo.ts";
import { type TemporaryScope, temporaryScope } from "./addresses.ts";
import { attach } from "./attach.ts";
import { DeliveryStateReader } from "./codec/delivery-state.ts";
import { FieldReader } from "./codec/field-reader.ts";
import { Descriptor, DispositionFrame, FlowFrame, PERFORMATIVE, TransferFrame } from "./codec/frames.ts";
import {
  attachTerms,
  beginTerms,
  detachTerms,
  type OpenTerms,
  readPerformative,
} from "./codec/performatives.ts";
import { MessageComposer } from "./composer.ts";
import { AmqpError, asAmqpError, decodeError } from "./conditions.ts";
import { Confirmations } from "./confirmations.ts";
import { Content } from "./content.ts";
import { Coordinator } from "./coordinator.ts";
import { HOLD } from "./holds.ts";
import type { IncomingLink } from "./incoming-link.ts";
import type { AmqpOptions } from "./options.ts";
import type { OutgoingLink } from "./outgoing-link.ts";
import { hasPattern } from "./patterns.ts";
import { type Link, Session } from "./session.ts";
import type { AmqpShared } from "./shared.ts";
import { Transactions } from "./transactions.ts";

/** Every peer reads frames up to here. [AMQP 2.4.1] */
const FRAME_MIN = 512;

/** What an open connection is made of. */
export interface OpenParts {
  readonly shared: AmqpShared;
  readonly admission: Admission;
  readonly terms: OpenTerms;
  readonly brokerId: string;
  readonly connection: Connection;
  readonly gate: ReadingGate;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A connection after Open: its sessions, and what they share. [AMQP 2.4] */
export class OpenConnection {
  readonly shared: AmqpShared;
  readonly options: AmqpOptions;
  readonly host: VirtualHost;
  readonly containerId: string;
  readonly scope: TemporaryScope;
  readonly output: Output;
  readonly clock: Clock;
  readonly composer: MessageComposer;
  readonly content: Content;
  readonly confirmations: Confirmations = new Confirmations();
  readonly states: DeliveryStateReader;
  readonly transactions: Transactions;
  readonly coordinator: Coordinator;
  /** Largest frame the client reads. */
  readonly peerFrameMax: number;
  linkCount = 0;
  /** Whether something was written since somebody set it to `false`. */
  wrote = false;
  /** Dynamic nodes made so far. */
  nodes = 0;
  readonly #parts: OpenParts;
  readonly #sessions: Map<number, Session | "ended"> = new Map();
  readonly #memo: AddressMemo;
  readonly #reader: FieldReader = new FieldReader();
  readonly #transfer: TransferFrame = new TransferFrame();
  readonly #flow: FlowFrame = new FlowFrame();
  readonly #disposition: DispositionFrame = new DispositionFrame();
  readonly #waitingForOutput: Set<OutgoingLink> = new Set();
  readonly #owing: Session[] = [];
  #receiving = false;
  #flushScheduled = false;
  /** Bytes that were published since a destination was full. */
  #bytesSinceBlocked = 0;
  #unfinishedBytes = 0;
  #publishing: IncomingLink | undefined = undefined;
  #over = false;
  readonly #onMicrotask = (): void => {
    this.#flushScheduled = false;
    this.#flushAccepted();
  };

  constructor(parts: OpenParts) {
    const { shared, admission, terms } = parts;
    this.#parts = parts;
    this.shared = shared;
    this.options = shared.options;
    this.host = admission.host;
    this.containerId = terms.containerId;
    this.scope = temporaryScope(parts.brokerId, admission.clientId);
    this.output = parts.connection.output;
    this.clock = parts.clock;
    const { addresses, codec } = shared;
    this.composer = new MessageComposer({
      codec,
      addresses,
      scope: this.scope,
      containerId: terms.containerId,
    });
    this.content = new Content(addresses);
    this.states = new DeliveryStateReader(new Descriptor(), new FieldReader());
    this.transactions = new Transactions(admission.host, shared.options);
    this.coordinator = new Coordinator(this.transactions);
    this.peerFrameMax = Math.max(FRAME_MIN, terms.maxFrameSize);
    this.#memo = new AddressMemo((text) => addresses.parseAll(text, undefined, this.scope));
  }

  get isOver(): boolean {
    return this.#over;
  }

  get logger(): Logger {
    return this.#parts.logger;
  }

  /** A frame of a read follows; what is accepted is told when the read is over. */
  beginRead(): void {
    this.#receiving = true;
  }

  endRead(): void {
    this.#receiving = false;
    if (this.#owing.length > 0) this.#flushAccepted();
  }

  /**
   * A performative: its code, where its fields begin and where the frame begins and ends.
   * @throws AmqpError
   */
  frame(
    code: number,
    channel: number,
    bytes: Uint8Array,
    start: number,
    performativeAt: number,
    fieldsAt: number,
    end: number,
    borrowed: boolean,
  ): void {
    if (code === PERFORMATIVE.begin) {
      const terms = beginTerms(readPerformative(bytes, start, performativeAt, end));
      return this.#begin(channel, terms);
    }
    const session = this.#sessions.get(channel);
    if (session === undefined) {
      const text = `A frame came on channel ${channel}, which has no session`;
      throw new AmqpError("connection", "amqp:connection:framing-error", text);
    }
    if (session === "ended") {
      if (code === PERFORMATIVE.end) this.#sessions.delete(channel);
      return; // [AMQP 2.5.6] until the peer has ended it, too, nothing counts
    }
    try {
      this.#sessionFrame(session, code, channel, bytes, start, performativeAt, fieldsAt, end, borrowed);
    } catch (error) {
      const failure = error instanceof AmqpError ? error : asAmqpError("session", error);
      if (failure.scope === "connection" || failure.condition === "amqp:internal-error") throw error;
      this.logRefusal(failure);
      this.#sessions.set(channel, "ended");
      session.end(failure);
    }
  }

  #sessionFrame(
    session: Session,
    code: number,
    channel: number,
    bytes: Uint8Array,
    start: number,
    performativeAt: number,
    fieldsAt: number,
    end: number,
    borrowed: boolean,
  ): void {
    switch (code) {
      case PERFORMATIVE.transfer:
        this.#transfer.read(this.#reader, bytes, fieldsAt, end);
        return this.#onTransfer(session, bytes, end, borrowed);
      case PERFORMATIVE.disposition: {
        const frame = this.#disposition;
        frame.read(this.#reader, bytes, fieldsAt, end);
        return session.disposition(frame, this.states.read(bytes, frame.stateStart, frame.stateEnd), bytes);
      }
      case PERFORMATIVE.flow:
        this.#flow.read(this.#reader, bytes, fieldsAt, end);
        return session.flow(this.#flow);
      case PERFORMATIVE.attach:
        return attach(session, attachTerms(readPerformative(bytes, start, performativeAt, end)));
      case PERFORMATIVE.detach: {
        const terms = detachTerms(readPerformative(bytes, start, performativeAt, end));
        return session.onDetach(terms.handle, terms.closed);
      }
      case PERFORMATIVE.end:
        readPerformative(bytes, start, performativeAt, end);
        this.#sessions.delete(channel);
        return session.end();
      default:
        throw decodeError(`A performative 0x${code.toString(16)} makes no sense after Open`);
    }
  }

  #onTransfer(session: Session, bytes: Uint8Array, end: number, borrowed: boolean): void {
    const frame = this.#transfer;
    try {
      session.transfer(frame, bytes, end, borrowed);
    } catch (error) {
      if (!(error instanceof AmqpError) || error.scope !== "link") throw error;
      const link = session.linkAt(frame.handle);
      if (link !== "detaching") session.detach(link, error);
    }
  }

  #begin(remoteChannel: number, terms: ReturnType<typeof beginTerms>): void {
    const { channelMax } = this.options;
    if (remoteChannel > channelMax) {
      const text = `The channel ${remoteChannel} is above channel-max, ${channelMax}`;
      throw new AmqpError("connection", "amqp:connection:framing-error", text);
    }
    if (this.#sessions.has(remoteChannel)) {
      const text = `The channel ${remoteChannel} has a session already`;
      throw new AmqpError("connection", "amqp:not-allowed", text);
    }
    // a channel of ours is free whenever the peer's is: they are the same, as far as its own limit allows
    const channel = Math.min(remoteChannel, this.#parts.terms.channelMax);
    for (const other of this.#sessions.values()) {
      if (other !== "ended" && other.channel === channel) {
        throw new AmqpError("connection", "amqp:resource-limit-exceeded", "channel-max leaves no channel");
      }
    }
    const session = new Session(this, channel, terms);
    this.#sessions.set(remoteChannel, session);
    session.begun(remoteChannel);
  }

  /** All live sessions. */
  *sessions(): Generator<Session> {
    for (const session of this.#sessions.values()) if (session !== "ended") yield session;
  }

  /** The live link of a name that leads the same way. */
  linkNamed(name: string, isOutgoing: boolean): Link | undefined {
    for (const session of this.sessions()) {
      for (const link of session.links) {
        if (link !== "detaching" && link.name === name && link.isOutgoing === isOutgoing) return link;
      }
    }
    return undefined;
  }

  /** Writes a frame that is encoded already. */
  writeCold(frame: Uint8Array): void {
    if (this.#over) return;
    this.output.write(frame, 0, frame.length, true);
    this.wrote = true;
  }

  /** Hands a message to the engine. `only` stands for a single address. */
  publish(
    link: IncomingLink,
    only: Address | undefined,
    addresses: readonly Address[] | undefined,
    message: Message,
    token: number,
  ): void {
    this.#publishing = link;
    const size = message.sizeBytes;
    const taken =
      only === undefined
        ? this.#publishToAll(addresses!, message, token)
        : this.host.publish(only, message, token);
    this.#publishing = undefined;
    if (taken) return;
    link.blocked = true;
    this.#bytesSinceBlocked += size;
    // dispositions are still read, so that who fills a queue can empty it; but not without a bound
    if (this.#bytesSinceBlocked > this.options.bufferSizeBytes) this.#parts.gate.hold(HOLD.destination);
  }

  #publishToAll(addresses: readonly Address[], message: Message, token: number): boolean {
    const { wildcardSendMax } = this.options;
    if (hasPattern(addresses, wildcardSendMax))
      return this.host.publishToMatching(addresses, message, token, wildcardSendMax);
    if (addresses.length === 1) return this.host.publish(addresses[0]!, message, token);
    return this.host.publishToAll(addresses, message, token);
  }

  /** The addresses of a message's `to`. @throws BrokerError BAD_ADDRESS */
  addressesOf(to: string): readonly Address[] {
    return this.#memo.find(to);
  }

  /** The engine answers for a message. */
  confirmed(token: number, error: BrokerError | undefined): void {
    if (token !== NO_TOKEN) this.confirmations.confirm(token, error);
    else if (error !== undefined) {
      if (this.#publishing === undefined) this.logRefusal(asAmqpError("link", error));
      else this.#publishing.refusedSettled(error);
    }
  }

  /** Full destinations have room again. */
  resumed(): void {
    this.#bytesSinceBlocked = 0;
    this.#parts.gate.release(HOLD.destination);
    for (const session of this.sessions()) {
      for (const link of session.links) if (link !== "detaching" && !link.isOutgoing) link.unblocked();
    }
  }

  /** A session has accepted deliveries that the client is not told of yet. */
  owesFlush(session: Session): void {
    this.#owing.push(session);
    if (this.#receiving || this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(this.#onMicrotask);
  }

  #flushAccepted(): void {
    const owing = this.#owing;
    for (let at = 0; at < owing.length; at += 1) owing[at]!.flushAccepted();
    owing.length = 0;
  }

  /** More, or fewer, bytes of unfinished messages. @throws AmqpError */
  unfinished(bytes: number): void {
    this.#unfinishedBytes += bytes;
    const { maxUnfinishedBytes } = this.options;
    if (this.#unfinishedBytes <= maxUnfinishedBytes) return;
    const text = `Unfinished messages of the connection take more than ${maxUnfinishedBytes} bytes`;
    throw new AmqpError("connection", "amqp:resource-limit-exceeded", text);
  }

  /** A link has something, but the client reads too slowly. */
  waitForOutput(link: OutgoingLink): void {
    this.#waitingForOutput.add(link);
  }

  /** A link is over. */
  forgetWaiting(link: OutgoingLink): void {
    this.#waitingForOutput.delete(link);
  }

  /** The client reads again: links go on in the order in which they were stopped. */
  drained(): void {
    const waiting = this.#waitingForOutput;
    // who is stopped again goes to the end, so that one link's many deliveries do not keep the others waiting
    for (let left = waiting.size; left > 0 && !this.output.full; left -= 1) {
      const [link] = waiting;
      if (link === undefined) return;
      waiting.delete(link);
      link.unblocked();
    }
  }

  /** Says in the log what a client was refused. */
  logRefusal(error: AmqpError): void {
    const event = `AMQP connection '${this.#parts.connection.remoteAddress}' error: ${error.message}`;
    this.logger.info({ code: error.condition }, event);
  }

  /** The connection is over. */
  close(): void {
    if (this.#over) return;
    this.#flushAccepted();
    this.#over = true;
    this.transactions.rollbackAll();
    for (const session of this.sessions()) session.dropped();
    this.#sessions.clear();
    this.#waitingForOutput.clear();
    this.host.close();
  }
}
