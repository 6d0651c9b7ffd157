import { randomUUID } from "node:crypto";
import {
  type Admission,
  BrokerError,
  type Connection,
  type Logger,
  type ProtocolHandler,
  type ProtocolServices,
  type Timer,
} from "@tsapollo/domain";
import { generate, type Packet } from "mqtt-packet";
import type { MqttAddresses } from "./addresses.ts";
import { Attachment } from "./attachment.ts";
import { type ConnectRequest, readConnect } from "./connect-request.ts";
import { KeepAlive } from "./keep-alive.ts";
import type { MqttOptions } from "./options.ts";
import { INCOMPLETE, type PacketDecoder } from "./packet-decoder.ts";
import type { PacketReader } from "./packet-reader.ts";
import { PAUSED_BY, ReadingGate } from "./reading-gate.ts";
import { Receiving } from "./receiving.ts";
import { Sending } from "./sending.ts";
import type { SessionOwner } from "./session.ts";
import type { MqttSessions } from "./sessions.ts";
import { Subscribing } from "./subscribing.ts";
import type { TopicCache } from "./topic-cache.ts";
import type { TopicNames } from "./topic-names.ts";
import { Will } from "./will.ts";
import { CONNACK, PACKET, SUBACK_FAILURE, violation } from "./wire.ts";

/** What the connections of one adapter share. */
export interface MqttParts {
  readonly options: MqttOptions;
  readonly sessions: MqttSessions;
  readonly addresses: MqttAddresses;
  readonly decoder: PacketDecoder;
  readonly reader: PacketReader;
  readonly topics: TopicCache;
  readonly names: TopicNames;
}

/**
 * One MQTT connection.
 *
 *     greeting ──CONNECT──▶ login ──admitted──▶ open
 *         └───────────────────┴──────────────────┴──▶ closed     (nothing is read or called back any more)
 */
type Phase = "greeting" | "login" | "open" | "closed";

/** Protocol state of one MQTT connection: which packet is due and whom it concerns. */
export class MqttHandler implements ProtocolHandler, SessionOwner {
  bytesWanted = 0;
  readonly #connection: Connection;
  readonly #services: ProtocolServices;
  readonly #parts: MqttParts;
  readonly #gate: ReadingGate;
  readonly #receiving: Receiving;
  readonly #greetingDeadline: Timer;
  #log: Logger;
  #phase: Phase = "greeting";
  #level = 4;
  #attached: Attachment | undefined;

  constructor(connection: Connection, services: ProtocolServices, parts: MqttParts) {
    this.#connection = connection;
    this.#services = services;
    this.#parts = parts;
    this.#gate = new ReadingGate(connection);
    this.#log = services.logger.child({ connection: connection.id, remote: connection.remoteAddress });
    this.#receiving = new Receiving({
      connection,
      gate: this.#gate,
      topics: parts.topics,
      log: this.#log,
      onStoreFailed: (error) => this.#fail(error),
    });
    const { connectTimeoutMs } = parts.options;
    this.#greetingDeadline = services.clock.after(connectTimeoutMs, () =>
      this.#fail(violation(`No CONNECT came within ${connectTimeoutMs} ms.`)),
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
        const next = decoder.end;
        if (this.#attached !== undefined) this.#onPacket(this.#attached, type, bytes, at, borrowed);
        else this.#onConnect(bytes, at, next);
        at = next;
      }
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#fail(error);
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

  /** [MQTT-3.1.4-2] [messaging quirk 17 mended: the will is published] */
  takenOver(): void {
    this.#log.info({}, "another connection came with the same client id");
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
        return attached.sending.onPubrec(decoder.packetId);
      case PACKET.PUBREL:
        return this.#receiving.onPubrel(decoder.packetId);
      case PACKET.PUBCOMP:
        return attached.sending.onPubcomp(decoder.packetId);
      case PACKET.PINGREQ:
        return this.#onPing();
      case PACKET.SUBSCRIBE:
        return this.#onSubscribe(attached, bytes, start);
      case PACKET.UNSUBSCRIBE:
        return this.#onUnsubscribe(attached, bytes, start);
      case PACKET.DISCONNECT:
        return this.#onDisconnect();
      default: // [MQTT-3.1.0-2] the decoder lets nothing else through
        throw violation("A second CONNECT came.");
    }
  }

  /** [MQTT-3.12.4-1] */
  #onPing(): void {
    const { output } = this.#connection;
    const block = output.reserve(2);
    block[output.used++] = PACKET.PINGRESP << 4;
    block[output.used++] = 0;
    this.#gate.answered();
  }

  /** [MQTT-3.8.4-1] [MQTT-3.8.4-2] The SUBACK goes out before what the filters bring. */
  #onSubscribe(attached: Attachment, bytes: Uint8Array, start: number): void {
    const { decoder, reader } = this.#parts;
    const request = reader.readFilters(bytes, start, decoder.bodyStart, decoder.end);
    const codes = attached.subscribing.subscribe(request);
    // MQTT 3.1 has no code for a refusal
    const granted = this.#level > 3 ? codes : request.filters.map((one) => one.qos);
    if (this.#level === 3 && codes.includes(SUBACK_FAILURE)) {
      this.#log.warn({}, "an MQTT 3.1 client is told that a refused filter was granted");
    }
    this.#send({ cmd: "suback", messageId: request.packetId, granted });
    attached.subscribing.release();
  }

  /** [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] */
  #onUnsubscribe(attached: Attachment, bytes: Uint8Array, start: number): void {
    const { decoder, reader } = this.#parts;
    const request = reader.readFilters(bytes, start, decoder.bodyStart, decoder.end);
    attached.subscribing.unsubscribe(request);
    this.#send({ cmd: "unsuback", messageId: request.packetId, granted: [] });
  }

  /** [MQTT-3.14.4-3] */
  #onDisconnect(): void {
    this.#leave(false);
    this.#connection.close();
  }

  #onConnect(bytes: Uint8Array, start: number, end: number): void {
    const { decoder, reader, addresses, options } = this.#parts;
    this.#greetingDeadline.cancel();
    const request = readConnect(reader, bytes, start, decoder.bodyStart, end);
    if (request === undefined) {
      return this.#refuse(
        CONNACK.UNACCEPTABLE_VERSION,
        "the client wants a version other than 3.1 and 3.1.1",
      );
    }
    if (request.clientId === "" && !request.clean) {
      // [MQTT-3.1.3-8] [messaging quirk 15 mended]
      const reason = "A clean session must be requested when no client id is provided.";
      return this.#refuse(CONNACK.IDENTIFIER_REJECTED, reason);
    }
    if (request.clientId.length > options.maxClientIdLength) {
      const reason = `the client id is longer than ${options.maxClientIdLength} characters`;
      return this.#refuse(CONNACK.IDENTIFIER_REJECTED, reason);
    }
    const will = request.will && new Will(request.will, addresses);
    this.#level = request.level;
    this.#phase = "login";
    this.#gate.pause(PAUSED_BY.LOGIN);
    void this.#login(request, will);
  }

  async #login(request: ConnectRequest, will: Will | undefined): Promise<void> {
    const { user, password } = request;
    try {
      const admission = await this.#services.reception.login({
        hostName: undefined,
        user,
        password,
        connection: this.#connection,
        producer: this.#receiving,
      });
      if (this.#phase !== "login") return admission.host.close();
      this.#enter(admission, request, will);
    } catch (error) {
      if (this.#phase === "closed") return;
      if (error instanceof BrokerError) return this.#refuse(connackCode(error), error.message);
      this.#log.error({ error }, "a login failed unexpectedly");
      if (this.#attached === undefined) return this.#refuse(CONNACK.SERVER_UNAVAILABLE, "internal error");
      this.#leave(true);
      this.#connection.destroy();
    }
  }

  #enter(admission: Admission, request: ConnectRequest, will: Will | undefined): void {
    const { host } = admission;
    const { options, sessions, addresses, names } = this.#parts;
    const { clean, keepAliveSeconds } = request;
    // [MQTT-3.1.3-6] nobody else can choose such an id by accident
    const clientId = request.clientId === "" ? `auto-${randomUUID()}` : request.clientId;
    const userName = admission.identity?.userName;
    const wanted = { clientId, userName, clean, inflightMax: options.maxInflightMessages };
    const acquired = sessions.acquire(host.id, wanted, this);
    if (typeof acquired === "string") {
      host.close();
      return acquired === "foreign"
        ? this.#refuse(CONNACK.IDENTIFIER_REJECTED, "the client id belongs to another user's session")
        : this.#refuse(CONNACK.SERVER_UNAVAILABLE, "the virtual host has too many sessions");
    }
    const { session, erased } = acquired;
    const log = this.#log.child({ clientId });
    this.#log = log;
    const onEnded = (reason: BrokerError): void => this.#onEnded(reason);
    const sending = new Sending({
      connection: this.#connection,
      gate: this.#gate,
      session,
      names,
      log,
      onEnded,
    });
    const subscribing = new Subscribing({ host, session, sending, addresses, options, log });
    const keepAlive = new KeepAlive(this.#services.clock, this.#gate, keepAliveSeconds, () =>
      this.#fail(violation(`The client was silent for 1.5 times its keep-alive of ${keepAliveSeconds} s.`)),
    );
    this.#attached = new Attachment({
      session,
      sending,
      subscribing,
      keepAlive,
      host,
      sessions,
      owner: this,
      will,
    });
    this.#receiving.open(host, session);
    if (erased !== undefined && erased.filters.size > 0) subscribing.erase();
    sending.hold();
    subscribing.attach();
    this.#phase = "open";
    const sessionPresent = acquired.present && this.#level > 3; // [MQTT-3.2.2-1] [MQTT-3.2.2-2] [MQTT-3.2.2-3]
    this.#send({ cmd: "connack", returnCode: CONNACK.ACCEPTED, sessionPresent });
    sending.resendReleases();
    subscribing.release();
    this.#gate.resume(PAUSED_BY.LOGIN);
  }

  /** The engine ended the subscription; MQTT 3.1.1 has no other way to say so than to close. */
  #onEnded(reason: BrokerError): void {
    this.#attached?.discardSession();
    this.#fail(reason);
  }

  /** [MQTT-3.2.2-4] [MQTT-3.2.2-5] The socket stays for a while so that the client can read the answer. */
  #refuse(returnCode: number, reason: string): void {
    this.#log.warn({ returnCode }, `MQTT connection '${this.#connection.remoteAddress}' refused: ${reason}`);
    this.#send({ cmd: "connack", returnCode, sessionPresent: false });
    this.#leave(true);
    this.#connection.closeAfter(this.#parts.options.dieDelayMs);
  }

  /** [MQTT-4.8.0-1] What was written before still goes out. */
  #fail(error: BrokerError): void {
    if (this.#phase === "closed") return;
    const { code, message } = error;
    this.#log.warn({ code }, `MQTT connection '${this.#connection.remoteAddress}' error: ${message}`);
    this.#leave(true);
    this.#connection.close();
  }

  #leave(withWill: boolean): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#greetingDeadline.cancel();
    this.#attached?.leave(withWill);
    this.#receiving.close();
  }

  #send(packet: Packet): void {
    const bytes = generate(packet);
    this.#connection.output.write(bytes, 0, bytes.length, true);
    this.#gate.answered();
  }
}

function connackCode(error: BrokerError): number {
  if (error.code === "AUTHENTICATION_FAILED") return CONNACK.BAD_CREDENTIALS;
  return error.code === "ACCESS_DENIED" ? CONNACK.NOT_AUTHORIZED : CONNACK.SERVER_UNAVAILABLE;
}

/** [MQTT-3.1.0-1] */
function notConnect(first: number): BrokerError {
  return violation(`The first packet begins with 0x${first.toString(16)} instead of CONNECT's 0x10.`);
}
