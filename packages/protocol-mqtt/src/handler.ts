import {
  type Admission,
  BrokerError,
  type Connection,
  type Logger,
  type ProtocolHandler,
  type ProtocolServices,
  type Timer,
} from "@tsapollo/domain";
import { Answers } from "./answers.ts";
import { attach } from "./attaching.ts";
import type { Attachment } from "./attachment.ts";
import { Authentication, type AuthenticationStep, readAuth } from "./authentication.ts";
import { type ConnectRequest, protocolLevel, readConnect } from "./connect-request.ts";
import { readDisconnect } from "./disconnect-request.ts";
import { FilterAnswers } from "./filter-answers.ts";
import type { Guardian } from "./guardian.ts";
import { enterHost } from "./host-choice.ts";
import { acceptance, addProof, checkRequest, termsFor } from "./opening.ts";
import { INCOMPLETE } from "./packet-decoder.ts";
import type { MqttParts } from "./parts.ts";
import { PAUSED_BY, ReadingGate } from "./reading-gate.ts";
import { failureFor, PacketError, REASON, violation } from "./reasons.ts";
import { Receiving } from "./receiving.ts";
import type { SessionOwner } from "./session.ts";
import { Will } from "./will.ts";
import { PACKET } from "./wire.ts";

/**
 * One MQTT connection.
 *
 *     greeting ──CONNECT──▶ login ──admitted──▶ open
 *         │                 │  ▲                 │
 *         │          AUTH ──▼──┘ AUTH            │
 *         │              proving                 │
 *         └───────────────────┴──────────────────┴──▶ closed     (nothing is read or called back any more)
 */
type Phase = "greeting" | "login" | "proving" | "open" | "closed";

/** Protocol state of one MQTT connection: which packet is due and whom it concerns. */
export class MqttHandler implements ProtocolHandler, SessionOwner, Guardian {
  bytesWanted = 0;
  readonly #connection: Connection;
  readonly #services: ProtocolServices;
  readonly #parts: MqttParts;
  readonly #gate: ReadingGate;
  readonly #answers: Answers;
  readonly #receiving: Receiving;
  /** When the peer must have gone on, as long as nobody knows who it is. */
  #deadline: Timer;
  #log: Logger;
  #phase: Phase = "greeting";
  #level = 4;
  #request: ConnectRequest | undefined;
  #will: Will | undefined;
  #authentication: Authentication | undefined;
  #attached: Attachment | undefined;
  #filterAnswers: FilterAnswers | undefined;

  constructor(connection: Connection, services: ProtocolServices, parts: MqttParts) {
    this.#connection = connection;
    this.#services = services;
    this.#parts = parts;
    this.#gate = new ReadingGate(connection);
    this.#answers = new Answers(connection, this.#gate, parts.sessions.strangers);
    this.#log = services.logger.child({ connection: connection.id, remote: connection.remoteAddress });
    this.#receiving = new Receiving({
      gate: this.#gate,
      topics: parts.topics,
      codec5: parts.codec5,
      clock: services.clock,
      log: this.#log,
      answers: this.#answers,
      guardian: this,
    });
    this.#deadline = this.#expect("CONNECT");
  }

  /** Nobody keeps a connection by being silent before it is let in. */
  #expect(packet: string): Timer {
    const { connectTimeoutMs } = this.#parts.options;
    return this.#services.clock.after(connectTimeoutMs, () =>
      this.fail(violation(`No ${packet} came within ${connectTimeoutMs} ms.`)),
    );
  }

  receive(bytes: Uint8Array, start: number, end: number, borrowed: boolean): number {
    const { decoder } = this.#parts;
    this.#attached?.keepAlive.touch();
    this.bytesWanted = 0;
    let at = start;
    try {
      while (at < end && this.#gate.open) {
        if (this.#phase === "closed") return end;
        if (this.#phase === "greeting" && bytes[at] !== PACKET.CONNECT << 4) throw notConnect(bytes[at]!);
        const type = decoder.decode(bytes, at, end, this.#level);
        if (type === INCOMPLETE) {
          this.bytesWanted = decoder.wanted;
          return at;
        }
        this.#answers.counters.packetsReceived += 1;
        const next = decoder.end;
        if (this.#attached !== undefined) this.#onPacket(this.#attached, type, bytes, at, borrowed);
        else this.#onOpening(type, bytes, at, next);
        at = next;
      }
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.fail(error);
    }
    return this.#phase === "closed" ? end : at;
  }

  drained(): void {
    this.#attached?.sending.drained();
    this.#gate.resume(PAUSED_BY.OUTPUT);
  }

  closed(): void {
    this.#leave(true);
  }

  /** [MQTT-3.1.4-2] [MQTT5-3.1.4-3] [messaging quirk 17 mended: the will is published] */
  takenOver(): void {
    this.#dismiss(REASON.SESSION_TAKEN_OVER, "Another connection came with the same client id.");
  }

  removed(): void {
    this.#dismiss(REASON.ADMINISTRATIVE_ACTION, "The session was removed.");
  }

  shuttingDown(): void {
    this.#dismiss(REASON.SERVER_SHUTTING_DOWN, "The broker stops.");
  }

  #dismiss(reason: number, text: string): void {
    this.#log.info({}, text);
    this.#answers.disconnect(reason, text);
    this.#leave(true);
    this.#connection.close();
  }

  #onPacket(attached: Attachment, type: number, bytes: Uint8Array, start: number, borrowed: boolean): void {
    const { decoder } = this.#parts;
    switch (type) {
      case PACKET.PUBLISH:
        return this.#receiving.onPublish(bytes, start, decoder, borrowed);
      case PACKET.PUBACK:
        return attached.sending.onPuback(decoder.packetId);
      case PACKET.PUBREC:
        return attached.sending.onPubrec(decoder.packetId, decoder.reason);
      case PACKET.PUBREL:
        return this.#receiving.onPubrel(decoder.packetId);
      case PACKET.PUBCOMP:
        return attached.sending.onPubcomp(decoder.packetId);
      case PACKET.PINGREQ:
        return this.#answers.pingResponse();
      case PACKET.SUBSCRIBE:
        return this.#filterAnswers!.subscribe(bytes, decoder);
      case PACKET.UNSUBSCRIBE:
        return this.#filterAnswers!.unsubscribe(bytes, decoder);
      case PACKET.DISCONNECT:
        return this.#onDisconnect(attached, bytes);
      case PACKET.AUTH:
        return this.#onAuth(bytes);
      default: // [MQTT-3.1.0-2] the decoder lets nothing else through
        throw violation("A second CONNECT came.");
    }
  }

  /** [MQTT-3.14.4-3] [MQTT5-3.14.4-3] */
  #onDisconnect({ session }: Attachment, bytes: Uint8Array): void {
    const { decoder, options } = this.#parts;
    const { reason, expirySeconds } = readDisconnect(bytes, decoder);
    if (expirySeconds !== undefined) {
      if (session.expirySeconds === 0 && expirySeconds !== 0) {
        throw violation("A DISCONNECT sets a session expiry that the CONNECT had not asked for."); // [MQTT5-3.14.2.2.2]
      }
      session.expirySeconds = Math.min(expirySeconds, options.sessionExpiryMaxSeconds);
    }
    this.#leave(reason !== REASON.SUCCESS);
    this.#connection.close();
  }

  #onOpening(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#phase === "greeting") return this.#onConnect(bytes, start, end);
    if (type === PACKET.AUTH) return this.#onAuth(bytes);
    if (type !== PACKET.DISCONNECT) throw violation("A client sends packets before it proved who it is."); // [MQTT5-4.12.0-5]
    this.#leave(false);
    this.#connection.close();
  }

  #onConnect(bytes: Uint8Array, start: number, end: number): void {
    const { decoder, options } = this.#parts;
    this.#deadline.cancel();
    this.#answers.counters.connects += 1;
    this.#answers.level = protocolLevel(bytes, decoder.bodyStart, end);
    const request = readConnect(bytes, start, decoder.bodyStart, end);
    if (request === undefined) {
      const text = "The client wants a version other than 3.1, 3.1.1 and 5.0.";
      return this.#refuse(new PacketError(REASON.UNSUPPORTED_VERSION, text, "UNSUPPORTED"));
    }
    this.#request = request;
    this.#level = request.level;
    this.#answers.level = request.level;
    this.#answers.sizeMax = request.properties.maximumPacketSize;
    this.#answers.explains = request.properties.requestProblemInformation;
    const { will } = request;
    this.#will = will && new Will(will, this.#parts.addresses.ofTopicName(will.topic), request.level);
    this.#phase = "login";
    this.#gate.pause(PAUSED_BY.LOGIN);
    try {
      checkRequest(request, options);
      this.#identify(request);
    } catch (error) {
      this.#failUnexpectedly(error);
    }
  }

  #identify({ user, password, properties }: ConnectRequest): void {
    const { authenticationMethod: method, authenticationData: data } = properties;
    if (method === undefined) return void this.#login(user, password, undefined);
    const mechanism = this.#parts.mechanisms.get(method);
    if (mechanism === undefined) {
      const text = `There is no authentication method '${method.slice(0, 50)}'.`;
      throw new PacketError(REASON.BAD_AUTHENTICATION_METHOD, text, "AUTHENTICATION_FAILED");
    }
    this.#authentication = new Authentication(mechanism);
    void this.#prove(this.#authentication.begin(data ?? new Uint8Array(0)));
  }

  /** [MQTT5-4.12.0-2] [MQTT5-4.12.1-1] */
  #onAuth(bytes: Uint8Array): void {
    const { decoder } = this.#parts;
    const authentication = this.#authentication;
    if (authentication === undefined) throw violation("An AUTH came, but the CONNECT named no method.");
    const packet = readAuth(bytes, decoder.bodyStart, decoder.end);
    authentication.check(packet);
    this.#deadline.cancel();
    this.#gate.pause(PAUSED_BY.LOGIN);
    const goesOn = authentication.underWay;
    void this.#prove(goesOn ? authentication.step(packet.data) : authentication.begin(packet.data));
  }

  async #prove(stepping: Promise<AuthenticationStep>): Promise<void> {
    try {
      const step = await stepping;
      if (this.#phase === "closed") return;
      const authenticationMethod = this.#authentication!.method;
      const data = step.data === undefined ? {} : { authenticationData: Buffer.from(step.data) };
      const properties = { authenticationMethod, ...data };
      if (!step.done) {
        if (this.#phase === "login") this.#phase = "proving";
        if (this.#phase === "proving") this.#deadline = this.#expect("AUTH");
        this.#answers.send({ cmd: "auth", reasonCode: REASON.CONTINUE_AUTHENTICATION, properties });
        return this.#gate.resume(PAUSED_BY.LOGIN);
      }
      if (this.#phase !== "open") return await this.#login(step.user, step.password, step.data);
      this.#answers.send({ cmd: "auth", reasonCode: REASON.SUCCESS, properties });
      this.#gate.resume(PAUSED_BY.LOGIN);
    } catch (error) {
      this.#failUnexpectedly(error);
    }
  }

  async #login(
    user: string | undefined,
    password: string | undefined,
    lastWords: Uint8Array | undefined,
  ): Promise<void> {
    const { options } = this.#parts;
    this.#phase = "login";
    try {
      const visitor = { user, password, connection: this.#connection, producer: this.#receiving };
      const admission = await enterHost(this.#services.reception, options, visitor);
      if (this.#phase !== "login") return admission.host.close();
      this.#enter(admission, this.#request!, lastWords);
    } catch (error) {
      this.#failUnexpectedly(error);
    }
  }

  #enter({ host, identity }: Admission, request: ConnectRequest, lastWords: Uint8Array | undefined): void {
    const { options, sessions } = this.#parts;
    const terms = termsFor(request, options);
    const { clientId, expirySeconds, keepAliveSeconds } = terms;
    const userName = identity === undefined ? undefined : (identity.userName ?? "");
    const wanted = { clientId, userName, clean: request.clean, expirySeconds };
    const acquired = sessions.acquire(host.id, wanted, this);
    if (typeof acquired === "string") {
      host.close();
      throw acquired === "foreign"
        ? new PacketError(REASON.CLIENT_ID_NOT_VALID, FOREIGN, "ACCESS_DENIED")
        : new PacketError(REASON.SERVER_UNAVAILABLE, FULL, "DESTINATION_LIMIT");
    }
    const connack = acceptance(request, terms, acquired.present, options);
    if (this.#authentication !== undefined) addProof(connack, this.#authentication.method, lastWords);
    this.#log = this.#log.child({ clientId });
    const { connectorId } = this.#connection;
    if (this.#will !== undefined && identity !== undefined) this.#will.bearer = { identity, connectorId };
    const attached = attach({
      connection: this.#connection,
      clock: this.#services.clock,
      log: this.#log,
      gate: this.#gate,
      answers: this.#answers,
      shared: this.#parts,
      session: acquired.session,
      host,
      request,
      keepAliveSeconds,
      owner: this,
      will: this.#will,
      guardian: this,
    });
    this.#attached = attached;
    this.#answers.counters = attached.sessions.counters;
    this.#filterAnswers = new FilterAnswers({
      attached,
      answers: this.#answers,
      gate: this.#gate,
      log: this.#log,
      filtersMax: options.maxFiltersPerPacket,
      guardian: this,
    });
    const { sending } = attached;
    sending.onStarved = () => this.#receiving.starved();
    this.#receiving.open(host, acquired.session, attached.sessions, sending, request.level, options);
    sending.hold();
    attached.subscribing.attach();
    this.#phase = "open";
    this.#request = undefined;
    this.#answers.send(connack);
    sending.resend();
    sending.release();
    this.#gate.resume(PAUSED_BY.LOGIN);
  }

  /** Something that was waited for has come, if it still matters. */
  guarded(answer: () => void, error: Error | undefined): void {
    if (this.#phase !== "open") return;
    try {
      if (error !== undefined) throw error;
      answer();
    } catch (failure) {
      this.#failUnexpectedly(failure);
    }
  }

  #failUnexpectedly(error: unknown): void {
    if (this.#phase === "closed") return;
    if (error instanceof BrokerError) {
      if (this.#attached === undefined) this.#refuse(error);
      else this.fail(error);
      return;
    }
    this.#log.error({ error }, "a login failed unexpectedly");
    if (this.#attached === undefined) return this.#refuse(new BrokerError("INTERNAL"));
    this.#leave(true);
    this.#connection.destroy();
  }

  /** [MQTT-3.2.2-4] [MQTT-3.2.2-5] [MQTT5-3.2.2-7] The socket stays for a while so that the client can read the answer. */
  #refuse(error: BrokerError): void {
    const reasonCode = failureFor("CONNACK", error);
    const { remoteAddress } = this.#connection;
    this.#log.warn({ reasonCode }, `MQTT connection '${remoteAddress}' refused: ${error.message}`);
    this.#answers.refuse(reasonCode, error.message, this.#parts.options.redirectTo);
    this.#leave(true);
    this.#connection.closeAfter(this.#parts.options.dieDelayMs);
  }

  /** [MQTT-4.8.0-1] [MQTT5-4.13.1-1] What was written before still goes out. */
  fail(error: BrokerError): void {
    if (this.#phase === "closed") return;
    if (this.#attached === undefined && this.#answers.level === 5) return this.#refuse(error);
    const { code, message } = error;
    this.#log.warn({ code }, `MQTT connection '${this.#connection.remoteAddress}' error: ${message}`);
    if (this.#attached !== undefined) this.#answers.disconnect(failureFor("DISCONNECT", error), message);
    this.#leave(true);
    this.#connection.close();
  }

  #leave(withWill: boolean): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#deadline.cancel();
    this.#attached?.leave(withWill);
    this.#receiving.close();
  }
}

const FOREIGN = "The client id belongs to another user's session.";
const FULL = "The virtual host has too many sessions.";

/** [MQTT-3.1.0-1] */
function notConnect(first: number): BrokerError {
  return violation(`The first packet begins with 0x${first.toString(16)} instead of CONNECT's 0x10.`);
}
