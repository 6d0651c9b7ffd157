import {
  type Admission,
  BrokerError,
  type Connection,
  type Logger,
  NO_TOKEN,
  type Producer,
  type ProtocolHandler,
  type ProtocolServices,
  ReadingGate,
  type Timer,
} from "@tsapollo/domain";
import {
  HEADER,
  StompDecoder,
  StompError,
  type StompFrame,
  type StompLimits,
  type StompVersion,
} from "@tsapollo/stomp-parser";
import { AdmittedClient, type StompShared } from "./admitted-client.ts";
import { onCommand } from "./commands.ts";
import { FrameOutput } from "./frame-output.ts";
import { type Greeting, readGreeting, VersionError } from "./greeting.ts";
import { HeartBeat } from "./heart-beat.ts";
import { HOLD } from "./holds.ts";

/** A stranger need not be listened to for a thousand headers of 10 KiB either. */
const GREETING_BYTES_MAX = 65_536;

/** What a connection is at. */
type Phase =
  | { readonly name: "greeting" }
  | { readonly name: "login"; readonly greeting: Greeting }
  | { readonly name: "open"; readonly client: AdmittedClient }
  | { readonly name: "leaving"; readonly client: AdmittedClient; readonly receipt: string | undefined }
  | { readonly name: "over" };

const GREETING: Phase = { name: "greeting" };
const OVER: Phase = { name: "over" };

/** [STOMP-1.2] only SEND, MESSAGE and ERROR have bodies: a stranger need not be listened to for 100 MB. */
const GREETING_DATA_MAX = 8_192;

/** STOMP 1.0, 1.1 and 1.2 on one connection. */
export class StompHandler implements ProtocolHandler, Producer {
  readonly #connection: Connection;
  readonly #services: ProtocolServices;
  readonly #shared: StompShared;
  readonly #logger: Logger;
  readonly #gate: ReadingGate;
  readonly #output: FrameOutput;
  readonly #decoder: StompDecoder;
  #phase: Phase = GREETING;
  #version: StompVersion = "1.0";
  #borrowed = false;
  #heartBeat: HeartBeat | undefined = undefined;
  #deadline: Timer | undefined;

  constructor(connection: Connection, services: ProtocolServices, shared: StompShared) {
    this.#connection = connection;
    this.#services = services;
    this.#shared = shared;
    this.#logger = services.logger.child({ connection: connection.id, remote: connection.remoteAddress });
    this.#gate = new ReadingGate(connection, () => this.#heartBeat?.noteRead());
    this.#output = new FrameOutput(connection, services.clock);
    const limits = this.#limits();
    this.#decoder = new StompDecoder({ ...limits, dataLengthMax: GREETING_DATA_MAX });
    const { connectTimeoutMs } = shared.options;
    this.#deadline = services.clock.after(connectTimeoutMs, () => {
      if (this.#phase.name !== "greeting") return;
      this.#fail(
        new BrokerError("PROTOCOL_VIOLATION", `No CONNECT frame came within ${connectTimeoutMs} ms`),
      );
    });
  }

  #limits(): StompLimits {
    const { maxHeaderLengthBytes, maxHeaders, maxDataLengthBytes } = this.#shared.options;
    return {
      commandLengthMax: 20, // [messaging 15.2] not an option
      headerLengthMax: maxHeaderLengthBytes,
      headersMax: maxHeaders ?? -1,
      dataLengthMax: maxDataLengthBytes ?? -1,
    };
  }

  get bytesWanted(): number {
    return this.#decoder.bytesWanted;
  }

  receive(bytes: Uint8Array, start: number, end: number, borrowed: boolean): number {
    if (this.#ignores()) return end;
    this.#heartBeat?.noteRead();
    if (this.#gate.held) return start;
    this.#borrowed = borrowed;
    let next = end;
    try {
      next = this.#decoder.decode(bytes, start, end, this);
      if (this.#phase.name === "greeting" && end - next > GREETING_BYTES_MAX) throw tooLongGreeting();
    } catch (error) {
      this.#fail(error);
    }
    return this.#ignores() ? end : next;
  }

  /** After an ERROR or DISCONNECT nothing is listened to. [messaging 15.4] */
  #ignores(): boolean {
    return this.#phase.name === "over" || this.#phase.name === "leaving";
  }

  /** A whole frame, from the decoder. */
  frame(frame: StompFrame): boolean {
    const phase = this.#phase;
    try {
      switch (phase.name) {
        case "greeting":
          this.#greet(readGreeting(frame, this.#heartBeatOffer()));
          break;
        case "open":
          if (frame.command === "DISCONNECT") this.#leave(phase.client, frame);
          else onCommand(phase.client, frame, this.#borrowed);
          break;
        case "login":
        case "leaving":
        case "over":
          break; // nothing is decoded then
        default:
          phase satisfies never;
      }
    } catch (error) {
      this.#fail(error, receiptOf(frame));
    }
    return !this.#gate.held && !this.#ignores();
  }

  #heartBeatOffer(): { readonly sendMs: number; readonly receiveMs: number } {
    const { heartBeatSendMs, heartBeatReceiveMs } = this.#shared.options;
    return { sendMs: heartBeatSendMs, receiveMs: heartBeatReceiveMs };
  }

  #greet(greeting: Greeting): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
    this.#phase = { name: "login", greeting };
    this.#gate.hold(HOLD.login);
    this.#version = greeting.version;
    const { hostName, user, password } = greeting;
    const connection = this.#connection;
    this.#services.reception
      .login({ hostName, user, password, connection, producer: this })
      .then((admission) => this.#admitted(admission, greeting))
      .catch((error: unknown) => this.#fail(error));
  }

  #admitted(admission: Admission, greeting: Greeting): void {
    if (this.#phase.name !== "login") {
      admission.host.close(); // the connection went away meanwhile
      return;
    }
    const { version, heartBeat } = greeting;
    const client = new AdmittedClient({
      shared: this.#shared,
      admission,
      brokerId: this.#services.reception.brokerId,
      version,
      output: this.#output,
      gate: this.#gate,
      clock: this.#services.clock,
      logger: this.#logger,
      fail: (error) => this.#fail(error),
      confirmed: () => this.#leaveIfConfirmed(),
    });
    this.#phase = { name: "open", client };
    this.#decoder.version = version;
    this.#decoder.limits = this.#limits();
    this.#output.frame("CONNECTED", this.#connectedHeaders(admission, version), "", "1.0");
    this.#heartBeat = new HeartBeat({
      clock: this.#services.clock,
      times: heartBeat,
      output: this.#output,
      isReadingHeld: () => this.#gate.held,
      stale: () => this.#fail(new BrokerError("PROTOCOL_VIOLATION", "Stale connection.  Missed heartbeat.")),
    });
    this.#gate.release(HOLD.login);
  }

  #connectedHeaders(admission: Admission, version: StompVersion): [string, string][] {
    const { sendMs, receiveMs } = this.#heartBeatOffer();
    const headers: [string, string][] = [
      ["version", version],
      ["server", `tsapollo/${this.#services.reception.version}`],
      ["host-id", admission.host.id],
      ["session", admission.clientId],
      ["heart-beat", `${sendMs},${receiveMs}`],
    ];
    const userName = admission.identity?.userName;
    if (userName !== undefined) headers.push(["user-id", userName]);
    return headers;
  }

  /** DISCONNECT: the rest follows when the engine has answered for every send before it. [messaging 15.4] */
  #leave(client: AdmittedClient, frame: StompFrame): void {
    this.#phase = { name: "leaving", client, receipt: receiptOf(frame) };
    this.#heartBeat?.stop();
    client.leave();
    this.#leaveIfConfirmed();
  }

  #leaveIfConfirmed(): void {
    const phase = this.#phase;
    if (phase.name !== "leaving" || phase.client.confirmations.pending > 0) return;
    if (phase.receipt !== undefined) this.#output.receipt(phase.receipt);
    this.#end();
    if (phase.receipt === undefined) this.#connection.close();
    else this.#connection.closeAfter(this.#shared.options.dieDelayMs);
  }

  /**
   * Says ERROR, gives everything back, and lets the client read it before the socket closes.
   * @param receipt the one that the frame asked for which is to blame, if it is known and did
   */
  #fail(error: unknown, receipt?: string): void {
    if (this.#phase.name === "over") return;
    const text = errorText(error);
    const expected = error instanceof BrokerError || error instanceof StompError;
    const event = `STOMP connection '${this.#connection.remoteAddress}' error: ${text}`;
    if (expected) this.#logger.info({ code: error.code }, event);
    else this.#logger.error({ error }, event);
    if (error instanceof VersionError) {
      const headers: [string, string][] = [
        ["content-type", "text/plain"],
        ["message", text],
        ["version", error.versions],
      ];
      this.#output.frame("ERROR", headers, `Supported protocol versions are ${error.versions}`, "1.0");
    } else {
      const reason = error instanceof BrokerError ? reasonOf(error) : "";
      this.#output.error(text, receipt, reason, this.#version);
    }
    this.#end();
    this.#connection.closeAfter(this.#shared.options.dieDelayMs);
  }

  /** Subscriptions and transactions end at once, whatever the socket still does. */
  #end(): void {
    const phase = this.#phase;
    this.#phase = OVER;
    this.#deadline?.cancel();
    this.#heartBeat?.stop();
    if (phase.name === "open" || phase.name === "leaving") phase.client.close();
  }

  drained(): void {
    if (this.#phase.name === "open") this.#phase.client.drained();
  }

  closed(): void {
    this.#end();
  }

  confirmed(token: number, error?: BrokerError): void {
    const phase = this.#phase;
    if (phase.name !== "open" && phase.name !== "leaving") return;
    if (error !== undefined) {
      this.#fail(error, token === NO_TOKEN ? undefined : phase.client.confirmations.receiptOf(token));
    } else if (token !== NO_TOKEN) {
      phase.client.confirm(token);
    }
  }

  resumed(): void {
    if (this.#phase.name === "open") this.#phase.client.sendsResumed();
  }
}

function tooLongGreeting(): BrokerError {
  const text = `The CONNECT frame is longer than ${GREETING_BYTES_MAX} bytes`;
  return new BrokerError("FRAME_TOO_LARGE", text);
}

function receiptOf(frame: StompFrame): string | undefined {
  const index = frame.indexOf(HEADER.receipt);
  return index === -1 ? undefined : frame.rawValue(index);
}

/** Bad destination names are told as Apollo told them, with its prefix. [messaging 15.4] */
function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof StompError) return text;
  if (error instanceof BrokerError && error.code !== "BAD_ADDRESS") return text;
  return `Internal Server Error: ${text}`;
}

/** The `message` of a bad selector is Apollo's; where the mistake is goes into the body. */
function reasonOf(error: BrokerError): string {
  return error.code === "BAD_SELECTOR" && error.cause instanceof Error ? error.cause.message : "";
}
