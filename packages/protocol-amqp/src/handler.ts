import {
  type Admission,
  BrokerError,
  type Connection,
  type Logger,
  type Producer,
  type ProtocolHandler,
  type ProtocolServices,
  ReadingGate,
  type Timer,
} from "@tsapollo/domain";
import { Descriptor, PERFORMATIVE } from "./codec/frames.ts";
import {
  type OpenTerms,
  openTerms,
  readPerformative,
  saslInitTerms,
  saslResponse,
} from "./codec/performatives.ts";
import { readUint32 } from "./codec/values.ts";
import { writeEmptyFrame } from "./codec/write-frames.ts";
import {
  encodeChallenge,
  encodeClose,
  encodeMechanisms,
  encodeOpen,
  encodeOutcome,
} from "./codec/write-performatives.ts";
import { AmqpError, asAmqpError, framingError } from "./conditions.ts";
import { HOLD } from "./holds.ts";
import { Idle } from "./idle.ts";
import { OpenConnection } from "./open-connection.ts";
import { openReply } from "./open-reply.ts";
import { AMQP_HEADER, headerOf, SASL_HEADER } from "./protocol-header.ts";
import { SASL_OUTCOME, type SaslIdentity } from "./sasl.ts";
import { hostOf, SaslNegotiation } from "./sasl-negotiation.ts";
import type { AmqpShared } from "./shared.ts";

/** What a connection is at. */
type Phase = "header" | "sasl" | "sasl login" | "second header" | "open" | "open login" | "running" | "over";

/** Largest frame before Open has been answered. Open may carry some properties. */
const GREETING_FRAME_MAX = 65_536;

/** A client that wants a sign of life more often than this cannot be served. [AMQP 2.4.5] */
const IDLE_TIMEOUT_MIN_MS = 100;

const NOBODY: SaslIdentity = Object.freeze({ user: undefined, password: undefined, mustBe: undefined });
const TYPE_AMQP = 0;
const TYPE_SASL = 1;

/** AMQP 1.0 on one connection: headers, SASL, Open; everything later is {@link OpenConnection}'s. */
export class AmqpHandler implements ProtocolHandler, Producer {
  readonly #connection: Connection;
  readonly #services: ProtocolServices;
  readonly #shared: AmqpShared;
  readonly #logger: Logger;
  readonly #gate: ReadingGate;
  readonly #descriptor: Descriptor = new Descriptor();
  #phase: Phase = "header";
  #identity: SaslIdentity = NOBODY;
  readonly #sasl: SaslNegotiation;
  /** What came of the login at the time of SASL. */
  #admission: Admission | undefined = undefined;
  #refusal: unknown = undefined;
  #open: OpenConnection | undefined = undefined;
  #entered: { readonly hostId: string; readonly containerId: string } | undefined = undefined;
  #idle: Idle | undefined = undefined;
  #deadline: Timer | undefined;
  #hasRead = false;
  #openSent = false;
  bytesWanted = 0;

  constructor(connection: Connection, services: ProtocolServices, shared: AmqpShared) {
    this.#connection = connection;
    this.#services = services;
    this.#shared = shared;
    this.#logger = services.logger.child({ connection: connection.id, remote: connection.remoteAddress });
    this.#gate = new ReadingGate(connection, () => {
      this.#hasRead = true;
    });
    this.#sasl = new SaslNegotiation({
      mechanisms: shared.mechanisms,
      certificateNames: connection.certificateNames,
      hold: () => this.#gate.hold(HOLD.login),
      challenge: (data) => {
        this.#writeFrame(encodeChallenge(data));
        this.#gate.release(HOLD.login);
      },
      identified: (identity) => this.#saslLogin(identity),
      failed: (error) => this.#saslDone(undefined, error),
      broken: (error) => this.#fail(error),
      isOver: () => this.#phase === "over",
    });
    const { connectTimeoutMs } = shared.options;
    this.#deadline = services.clock.after(connectTimeoutMs, () => {
      const text = `No Open came within ${connectTimeoutMs} ms`;
      this.#fail(new AmqpError("connection", "amqp:resource-limit-exceeded", text));
    });
  }

  receive(bytes: Uint8Array, start: number, end: number, borrowed: boolean): number {
    this.#hasRead = true;
    this.#open?.beginRead();
    let at = start;
    try {
      while (at < end && !this.#gate.held && this.#phase !== "over") {
        const next = this.#take(bytes, at, end, borrowed);
        if (next === at) break;
        at = next;
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#open?.endRead();
    return this.#phase === "over" ? end : at;
  }

  /** One header or frame, if all of it is there. @returns where the next one begins */
  #take(bytes: Uint8Array, at: number, end: number, borrowed: boolean): number {
    this.bytesWanted = 8;
    if (end - at < 8) return at;
    if (this.#phase === "header" || this.#phase === "second header") {
      this.#header(bytes, at);
      return at + 8;
    }
    const size = readUint32(bytes, at);
    this.#checkSize(size);
    if (end - at < size) {
      this.bytesWanted = size;
      return at;
    }
    this.#frame(bytes, at, at + size, borrowed);
    return at + size;
  }

  #checkSize(size: number): void {
    const max = this.#phase === "running" ? this.#shared.options.maxFrameSizeBytes : GREETING_FRAME_MAX;
    if (size < 8) throw framingError(`A frame says that it has ${size} bytes; there are at least 8`);
    if (size > max) throw framingError(`A frame of ${size} bytes is larger than max-frame-size, ${max}`);
  }

  /** [AMQP 2.2, 5.3.2] the other side's header is answered by ours; a wrong one also, and then it is over. */
  #header(bytes: Uint8Array, at: number): void {
    const header = headerOf(bytes, at);
    const { output } = this.#connection;
    if (header === "sasl" && this.#phase === "header") {
      output.write(SASL_HEADER, 0, 8, false);
      this.#phase = "sasl";
      this.#writeFrame(encodeMechanisms(this.#sasl.mechanisms));
    } else if (header === "amqp") {
      output.write(AMQP_HEADER, 0, 8, false);
      this.#phase = "open";
    } else {
      output.write(this.#phase === "header" ? SASL_HEADER : AMQP_HEADER, 0, 8, false);
      this.#end();
      this.#connection.closeAfter(this.#shared.options.dieDelayMs);
    }
  }

  #frame(bytes: Uint8Array, start: number, end: number, borrowed: boolean): void {
    const bodyAt = start + bytes[start + 4]! * 4;
    if (bodyAt < start + 8 || bodyAt > end)
      throw framingError("The data offset of a frame lies outside of it");
    const type = bytes[start + 5]!;
    if (type !== (this.#phase === "sasl" ? TYPE_SASL : TYPE_AMQP))
      throw framingError(`A frame has the type ${type}`);
    if (bodyAt === end) return; // a sign of life
    const code = this.#descriptor.read(bytes, bodyAt, end);
    const fieldsAt = this.#descriptor.next;
    const channel = (bytes[start + 6]! << 8) | bytes[start + 7]!;
    if (this.#shared.options.trace) {
      this.#logger.info({ performative: code, channel, bytes: end - start }, "AMQP frame received");
    }
    if (this.#phase === "running") {
      if (code === PERFORMATIVE.close) this.#closedByPeer(readPerformative(bytes, start, bodyAt, end));
      else this.#open!.frame(code, channel, bytes, start, bodyAt, fieldsAt, end, borrowed);
    } else if (this.#phase === "sasl" && code === PERFORMATIVE.saslInit) {
      this.#sasl.init(saslInitTerms(readPerformative(bytes, start, bodyAt, end)));
    } else if (this.#phase === "sasl" && code === PERFORMATIVE.saslResponse) {
      this.#sasl.response(saslResponse(readPerformative(bytes, start, bodyAt, end)));
    } else if (this.#phase === "open" && code === PERFORMATIVE.open) {
      this.#onOpen(openTerms(readPerformative(bytes, start, bodyAt, end)));
    } else {
      throw new AmqpError(
        "connection",
        "amqp:not-allowed",
        `A performative 0x${code.toString(16)} is not expected yet`,
      );
    }
  }

  #writeFrame(frame: Uint8Array): void {
    this.#connection.output.write(frame, 0, frame.length, true);
  }

  #saslLogin(identity: SaslIdentity): void {
    this.#identity = identity;
    this.#phase = "sasl login";
    this.#login(
      this.#sasl.hostName,
      (admission) => this.#saslDone(admission, undefined),
      (error) => this.#saslDone(undefined, error),
    );
  }

  #login(
    hostName: string | undefined,
    done: (admission: Admission) => void,
    failed: (error: unknown) => void,
  ): void {
    this.#gate.hold(HOLD.login);
    const { user, password } = this.#identity;
    const connection = this.#connection;
    this.#services.reception
      .login({ hostName, user, password, connection, producer: this })
      .then(
        (admission) => {
          if (this.#phase === "over") return admission.host.close(); // the connection went away meanwhile
          done(admission);
          this.#gate.release(HOLD.login);
        },
        (error: unknown) => {
          if (this.#phase === "over") return;
          failed(error);
          this.#gate.release(HOLD.login);
        },
      )
      .catch((error: unknown) => this.#fail(error));
  }

  /** SASL says who somebody is; what else stands against him is told by Close. [instance 12, 13.1] */
  #saslDone(admission: Admission | undefined, error: unknown): void {
    if (this.#phase === "over") return;
    const { mustBe } = this.#identity;
    const isOther =
      admission !== undefined && mustBe !== undefined && admission.identity?.userName !== mustBe;
    if (isOther) admission.host.close();
    if (isOther || (error instanceof BrokerError && error.code === "AUTHENTICATION_FAILED")) {
      const reason = error instanceof Error ? error.message : `EXTERNAL: the certificate is not '${mustBe}'`;
      return this.#refuseSasl(SASL_OUTCOME.auth, reason);
    }
    if (error !== undefined && !(error instanceof BrokerError)) throw error;
    this.#admission = admission;
    this.#refusal = error;
    this.#writeFrame(encodeOutcome(SASL_OUTCOME.ok, this.#sasl.lastWords));
    this.#phase = "second header";
  }

  #refuseSasl(code: number, reason: string): void {
    this.#logger.info({ code: "AUTHENTICATION_FAILED" }, this.#event(reason));
    this.#writeFrame(encodeOutcome(code));
    this.#end();
    this.#connection.closeAfter(this.#shared.options.dieDelayMs);
  }

  #event(text: string): string {
    return `AMQP connection '${this.#connection.remoteAddress}' error: ${text}`;
  }

  /** The client was let in for the host that it named in SASL; if it names another one now, it has to be again. */
  #onOpen(terms: OpenTerms): void {
    const hostName = hostOf(terms.hostname);
    if (hostName === this.#sasl.hostName) {
      if (this.#admission !== undefined) return this.#admitted(this.#admission, terms);
      if (this.#refusal !== undefined) throw this.#refusal;
    }
    this.#admission?.host.close();
    this.#admission = undefined;
    this.#phase = "open login";
    this.#login(
      hostName,
      (admission) => this.#admitted(admission, terms),
      (error) => this.#fail(error),
    );
  }

  #admitted(admission: Admission, terms: OpenTerms): void {
    this.#deadline?.cancel();
    this.#admission = admission;
    const { containers, options } = this.#shared;
    const { containerId, idleTimeoutMs } = terms;
    const hostId = admission.host.id;
    if (idleTimeoutMs > 0 && idleTimeoutMs < IDLE_TIMEOUT_MIN_MS) {
      const text = `idle-time-out is ${idleTimeoutMs} ms; at least ${IDLE_TIMEOUT_MIN_MS} can be kept`;
      throw this.#sayOpen(hostId, new AmqpError("connection", "amqp:not-allowed", text));
    }
    const alone = terms.desired.includes("sole-connection-for-container");
    if (!containers.enter(hostId, containerId, alone)) {
      const info = { "invalid-field": "container-id" };
      throw this.#sayOpen(
        hostId,
        new AmqpError(
          "connection",
          "amqp:invalid-field",
          `The container '${containerId}' is connected already`,
          info,
        ),
      );
    }
    this.#entered = { hostId, containerId };
    this.#sayOpen(hostId);
    const { clock } = this.#services;
    const open = new OpenConnection({
      shared: this.#shared,
      admission,
      terms,
      brokerId: this.#services.reception.brokerId,
      connection: this.#connection,
      gate: this.#gate,
      clock,
      logger: this.#logger,
    });
    this.#open = open;
    this.#phase = "running";
    this.#idle = new Idle({
      clock,
      peerTimeoutMs: terms.idleTimeoutMs,
      ownTimeoutMs: options.idleTimeoutMs,
      takeWrote: () => {
        const { wrote } = open;
        open.wrote = false;
        return wrote;
      },
      takeRead: () => {
        const read = this.#hasRead || this.#gate.held;
        this.#hasRead = false;
        return read;
      },
      writeEmpty: () => writeEmptyFrame(this.#connection.output),
      silent: () => {
        const text = `Nothing was received for ${options.idleTimeoutMs} ms`;
        this.#fail(new AmqpError("connection", "amqp:resource-limit-exceeded", text));
      },
    });
  }

  /** Writes Open. @returns the error, if the client is refused at once */
  #sayOpen<T>(containerId: string, error?: T): T {
    this.#openSent = true;
    const { version } = this.#services.reception;
    this.#writeFrame(encodeOpen(openReply(this.#shared, containerId, version, error !== undefined)));
    return error as T;
  }

  /** [AMQP 2.4.3] */
  #closedByPeer(_close: unknown): void {
    this.#end();
    this.#writeFrame(encodeClose());
    this.#connection.close();
  }

  /** Says Close, gives everything back, and lets the client read it before the socket closes. */
  #fail(error: unknown): void {
    if (this.#phase === "over") return;
    const failure = asAmqpError("connection", error);
    const isOurs = !(error instanceof AmqpError) && !(error instanceof BrokerError);
    if (isOurs) this.#logger.error({ error }, this.#event(failure.message));
    else this.#logger.info({ code: failure.condition }, this.#event(failure.message));
    const isAmqp = this.#phase === "open" || this.#phase === "open login" || this.#phase === "running";
    this.#open?.endRead();
    this.#end();
    if (isAmqp) {
      if (!this.#openSent) this.#sayOpen(this.#services.reception.brokerId, failure);
      this.#writeFrame(encodeClose(failure));
    }
    this.#connection.closeAfter(this.#shared.options.dieDelayMs);
  }

  /** Links, sessions and transactions end at once, whatever the socket still does. */
  #end(): void {
    this.#phase = "over";
    this.#deadline?.cancel();
    this.#idle?.stop();
    if (this.#open !== undefined) this.#open.close();
    else this.#admission?.host.close();
    if (this.#entered !== undefined) {
      this.#shared.containers.leave(this.#entered.hostId, this.#entered.containerId);
      this.#entered = undefined;
    }
  }

  drained(): void {
    this.#open?.drained();
  }

  closed(): void {
    if (this.#phase !== "over") this.#end();
  }

  confirmed(token: number, error?: BrokerError): void {
    this.#open?.confirmed(token, error);
  }

  resumed(): void {
    if (this.#phase === "running") this.#open?.resumed();
  }
}
