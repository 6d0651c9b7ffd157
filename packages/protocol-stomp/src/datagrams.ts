import {
  type Admission,
  DatagramBacklog,
  type DatagramReceiver,
  NO_TOKEN,
  type Producer,
  type ProtocolServices,
  type SharedBacklog,
} from "@tsapollo/domain";
import { HEADER, StompDecoder, type StompFrame, unescapeHeader } from "@tsapollo/stomp-parser";
import { StompAddresses } from "./addresses.ts";
import { DatagramPeer } from "./datagram-peer.ts";
import { StompMessageCodec } from "./message-codec.ts";
import type { StompOptions } from "./options.ts";
import { SCRATCH_BYTES, SendComposer } from "./send-composer.ts";
import { userHeaders } from "./user-headers.ts";

/** Senders that are remembered with their credentials; past it the oldest is let in again. */
const SENDERS_MAX = 1_000;

/** As often the backlog of one sender do all have together: addresses of datagrams are easily forged. */
const SHARED_BACKLOGS = 16;

/** What a refused sender sends is dropped unread for so long: a password is not checked for every datagram. */
const REFUSAL_MS = 5_000;

/** Headers that do not go on: they were for us. */
const SECRET: ReadonlySet<string> = new Set(["login", "passcode"]);

/** What {@link StompDatagrams} is made of. */
export interface StompDatagramsParts {
  readonly options: StompOptions;
  readonly services: ProtocolServices;
  readonly connectorId: string;
  /** Of each sender: what waits for its login, or for a full destination. */
  readonly backlogBytesMax: number;
}

/**
 * The protocol `stomp-udp`: each datagram is a frame whose command does not matter; it is sent to its `destination`.
 * Every pair of address and credentials is let in once. What is malformed or refused is dropped. [messaging 18]
 */
export class StompDatagrams implements DatagramReceiver {
  readonly #parts: StompDatagramsParts;
  readonly #addresses: StompAddresses;
  readonly #codec: StompMessageCodec;
  readonly #scratch: Uint8Array = new Uint8Array(SCRATCH_BYTES);
  readonly #senders: Map<string, Sender> = new Map();
  readonly #shared: SharedBacklog;

  constructor(parts: StompDatagramsParts) {
    this.#parts = parts;
    this.#shared = { limitBytes: parts.backlogBytesMax * SHARED_BACKLOGS, bytes: 0 };
    this.#addresses = new StompAddresses(parts.options);
    this.#codec = new StompMessageCodec(this.#addresses);
  }

  receive(bytes: Uint8Array, remoteAddress: string): void {
    const frame = this.#read(bytes);
    if (frame === undefined || frame.indexOf(HEADER.destination) === -1) return;
    this.#senderOf(frame, remoteAddress).take(withoutSecrets(frame));
  }

  /** The frame of a datagram, with bytes of its own; undefined when there is none. */
  #read(bytes: Uint8Array): StompFrame | undefined {
    const { maxHeaderLengthBytes, maxHeaders, maxDataLengthBytes } = this.#parts.options;
    const decoder = new StompDecoder({
      commandLengthMax: 20,
      headerLengthMax: maxHeaderLengthBytes,
      headersMax: maxHeaders ?? -1,
      dataLengthMax: maxDataLengthBytes ?? -1,
    });
    const found: StompFrame[] = [];
    const sink = { frame: (frame: StompFrame) => found.push(frame.copy()) < 1 };
    try {
      decoder.decode(bytes, 0, bytes.length, sink);
    } catch {
      return undefined;
    }
    return found[0];
  }

  #senderOf(frame: StompFrame, remoteAddress: string): Sender {
    const text = (known: keyof typeof HEADER): string | undefined => {
      const index = frame.indexOf(HEADER[known]);
      return index === -1 ? undefined : unescapeHeader(frame.value(index));
    };
    const [login, passcode, host] = [text("login"), text("passcode"), text("host")];
    const key = JSON.stringify([remoteAddress.replace(/:\d+$/, ""), login, passcode, host]);
    const known = this.#senders.get(key);
    const nowMs = this.#parts.services.clock.nowMs();
    if (known !== undefined && !known.isStale(nowMs)) return known;
    this.#forget(known === undefined && this.#senders.size >= SENDERS_MAX ? oldest(this.#senders) : key);
    const sender = new Sender(
      new DatagramBacklog(this.#parts.backlogBytesMax, this.#shared),
      (admission, message) => this.#publish(admission, message),
    );
    this.#senders.set(key, sender);
    this.#letIn(sender, remoteAddress, { login, passcode, host });
    return sender;
  }

  #forget(key: string): void {
    this.#senders.get(key)?.close();
    this.#senders.delete(key);
  }

  #letIn(
    sender: Sender,
    remoteAddress: string,
    { login, passcode, host }: Readonly<Record<"login" | "passcode" | "host", string | undefined>>,
  ): void {
    const { services, connectorId } = this.#parts;
    const connection = new DatagramPeer(connectorId, remoteAddress);
    const request = { user: login, password: passcode, connection, producer: sender };
    services.reception
      .login({ ...request, hostName: host })
      .catch((error: { code?: string }) => {
        // a host that is not known is the default host [messaging 13]
        if (error.code !== "HOST_UNKNOWN") throw error;
        return services.reception.login({ ...request, hostName: undefined });
      })
      .then((admission) => sender.admitted(admission, this.#composerOf(admission)))
      .catch(() => sender.refused(services.clock.nowMs()));
  }

  #composerOf({ clientId, identity }: Admission): SendComposer {
    const { addUserHeaders, addTimestampHeader } = this.#parts.options;
    return new SendComposer({
      codec: this.#codec,
      scratch: this.#scratch,
      version: "1.0",
      clientId,
      userHeaders: userHeaders(addUserHeaders, identity),
      timestampHeader: addTimestampHeader?.trim(),
    });
  }

  /** `false`: the destination is full. */
  #publish({ host, composer }: Admitted, bytes: Uint8Array): boolean {
    const frame = this.#read(bytes)!;
    try {
      const text = frame.value(frame.indexOf(HEADER.destination));
      const addresses = this.#addresses.split(text).map((piece) => this.#addresses.parse(piece));
      const message = composer.compose(frame, false, this.#parts.services.clock.nowMs(), undefined);
      return host.publishToAll(addresses, message, NO_TOKEN);
    } catch {
      return true; // no name, no number: dropped
    }
  }

  close(): void {
    for (const key of [...this.#senders.keys()]) this.#forget(key);
  }
}

/** Somebody who was let in. */
interface Admitted {
  readonly host: Admission["host"];
  readonly composer: SendComposer;
}

/** One address with one set of credentials. */
class Sender implements Producer {
  readonly #backlog: DatagramBacklog<Uint8Array>;
  readonly #publish: (admitted: Admitted, datagram: Uint8Array) => boolean;
  #admitted: Admitted | undefined = undefined;
  #refusedAtMs = -1;
  #blocked = false;
  #closed = false;

  constructor(
    backlog: DatagramBacklog<Uint8Array>,
    publish: (admitted: Admitted, datagram: Uint8Array) => boolean,
  ) {
    this.#backlog = backlog;
    this.#publish = publish;
  }

  /** Whether its refusal is so old that it may try again. */
  isStale(nowMs: number): boolean {
    return this.#refusedAtMs !== -1 && nowMs - this.#refusedAtMs >= REFUSAL_MS;
  }

  take(datagram: Uint8Array): void {
    if (this.#refusedAtMs !== -1) return;
    this.#backlog.add(datagram, datagram.length);
    this.#flush();
  }

  #flush(): void {
    const admitted = this.#admitted;
    if (admitted === undefined) return;
    while (!this.#blocked && !this.#backlog.isEmpty) {
      this.#blocked = !this.#publish(admitted, this.#backlog.shift()!);
    }
  }

  admitted(admission: Admission, composer: SendComposer): void {
    if (this.#closed) return admission.host.close();
    this.#admitted = { host: admission.host, composer };
    this.#flush();
  }

  refused(nowMs: number): void {
    this.#refusedAtMs = nowMs;
    this.#backlog.clear();
  }

  /** A refusal: whoever sent it cannot be told. */
  confirmed(): void {}

  resumed(): void {
    this.#blocked = false;
    this.#flush();
  }

  close(): void {
    this.#closed = true;
    this.#admitted?.host.close();
    this.#admitted = undefined;
    this.#backlog.clear();
  }
}

function oldest(senders: ReadonlyMap<string, Sender>): string {
  for (const key of senders.keys()) return key;
  return "";
}

/** The frame as SEND, without what is secret. */
function withoutSecrets(frame: StompFrame): Uint8Array {
  const pieces: Uint8Array[] = [Buffer.from("SEND\n")];
  for (let index = 0; index < frame.headerCount; index += 1) {
    const name = Buffer.from(frame.bytes.subarray(frame.nameStart(index), frame.nameEnd(index)));
    if (SECRET.has(name.toString())) continue;
    const value = frame.bytes.subarray(frame.valueStart(index), frame.valueEnd(index));
    pieces.push(name, Buffer.from(":"), value, Buffer.from("\n"));
  }
  pieces.push(Buffer.from("\n"), frame.body(), Buffer.from("\0"));
  return Buffer.concat(pieces);
}
