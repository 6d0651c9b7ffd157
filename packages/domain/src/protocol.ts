import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";
import type { Identity } from "./security.ts";
import type { Producer, VirtualHost } from "./virtual-host.ts";

/**
 * What one connection has to say this turn. Small pieces are copied into a block, large owned ones go by
 * reference, and everything is written to the socket once when the turn ends.
 *
 * To encode straight into the block: `const block = output.reserve(n)`, write at `output.used`, advance it.
 */
export interface Output {
  /** Index of the next free byte of the block that {@link Output.reserve} returned. */
  used: number;
  /** A block with at least `size` free bytes at `used`; `size` is at most {@link OUTPUT_RESERVE_MAX}. */
  reserve(size: number): Uint8Array;
  /**
   * Appends `bytes[start..end)`. With `owned` nobody will change the bytes any more, so a large piece is not
   * copied; otherwise it is.
   */
  write(bytes: Uint8Array, start: number, end: number, owned: boolean): void;
  /** Whether the peer reads too slowly: more than the high-water mark waits. `ProtocolHandler.drained` follows. */
  readonly full: boolean;
}

/** Most that one {@link Output.reserve} may ask for, in bytes. */
export const OUTPUT_RESERVE_MAX = 16_384;

/** One accepted connection as its protocol handler sees it. The transport owns the socket. */
export interface Connection {
  /** Unique in the process. */
  readonly id: number;
  /** Id of the connector it came through. */
  readonly connectorId: string;
  /** `127.0.0.1:51234` */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** See `Credentials.certificateNames`. */
  readonly certificateNames: readonly string[];
  /** Server name the client asked for in TLS, if any. */
  readonly serverName: string | undefined;
  readonly output: Output;
  /** Stops handing over bytes, and in time the peer's sending. Idempotent. Takes effect after `receive` returns. */
  pauseReading(): void;
  /** Hands over bytes again, first those that were left. Idempotent. Never calls `receive` before it returns. */
  resumeReading(): void;
  /** Sends what was written, then closes; bytes that still arrive are discarded. `closed` follows. */
  close(): void;
  /** Sends what was written, discards what arrives, closes after the delay unless the peer does so first. */
  closeAfter(delayMs: number): void;
  /** Closes at once, unsent output is lost. `closed` follows, not before this returns. */
  destroy(): void;
}

/** Protocol state of one connection. Called by the transport, never concurrently. */
export interface ProtocolHandler {
  /**
   * Takes whole frames from `bytes[start..end)` and returns where the first unfinished one begins; the transport
   * keeps the rest and presents it again, at the start of a later call, with more bytes behind it. With
   * `borrowed` the bytes are overwritten after the call. After `pauseReading` it should stop at the next frame.
   * A BrokerError thrown here reaches nobody: answer in the protocol first. Any other exception costs the
   * connection and is logged.
   */
  receive(bytes: Uint8Array, start: number, end: number, borrowed: boolean): number;
  /** How many bytes, from the first unfinished frame on, must be there before `receive` can go on; 0: any more. */
  readonly bytesWanted: number;
  /** The output was full and has room again. */
  drained(): void;
  /** The connection is gone, for whatever reason. The last call. */
  closed(): void;
}

/** Asks the broker to let a client in. */
export interface LoginRequest {
  /** Virtual host by name; undefined means the default host. */
  readonly hostName: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly connection: Connection;
  readonly producer: Producer;
}

/** A client that was let in. */
export interface Admission {
  readonly host: VirtualHost;
  /** Undefined when the host has no authentication. */
  readonly identity: Identity | undefined;
  /** Unique among the host's clients: `<host id>-<hex counter>`. */
  readonly clientId: string;
}

/** What a protocol may ask of the broker around it. */
export interface Reception {
  /** Broker id, part of the names of temporary destinations. */
  readonly brokerId: string;
  /** Version of the software. */
  readonly version: string;
  /**
   * Authenticates, then checks `connect` on connector and host. [instance 13.1]
   * @throws BrokerError HOST_UNKNOWN, HOST_STOPPED, AUTHENTICATION_FAILED, ACCESS_DENIED
   */
  login(request: LoginRequest): Promise<Admission>;
}

/** What every handler is given. */
export interface ProtocolServices {
  readonly reception: Reception;
  readonly clock: Clock;
  /** The connection log; bind fields with `child`. */
  readonly logger: Logger;
}

/** Whether bytes begin a conversation in a protocol: `maybe` asks for more of them. */
export type Identification = "yes" | "no" | "maybe";

/** One protocol: recognises its conversations and makes their handlers. One object per broker. */
export interface ProtocolAdapter {
  /** `stomp`, `mqtt`, `amqp`: as in `protocol="…"` and `<detect protocols="…">`. */
  readonly id: string;
  /** Sub-protocol names a WebSocket client may ask for. */
  readonly webSocketProtocols: readonly string[];
  /** Looks at the first bytes of a connection. */
  identify(bytes: Uint8Array): Identification;
  /** A handler for a connection that speaks this protocol; options are the connector's, by adapter. */
  createHandler(connection: Connection, services: ProtocolServices): ProtocolHandler;
}

/**
 * A virtual host as somebody sees it who was let in earlier and may be gone: for what clients leave to be done later, such
 * as wills. Refusals are logged. Close it when that is done.
 * @param identity who it was; undefined where nobody was asked
 * @param connectorId the connector it came through
 * @throws BrokerError HOST_STOPPED
 */
export type AdmitAbsent = (identity: Identity | undefined, connectorId: string) => VirtualHost;

/** The part of a protocol that lives with a virtual host rather than with a connection: sessions, for example. */
export interface HostResident {
  /**
   * A virtual host runs and nobody is connected yet. `host` is the broker's own view of it, which may do everything
   * and stays open as long as the host runs.
   */
  hostStarted(host: VirtualHost, services: ProtocolServices, admitAbsent: AdmitAbsent): void;
  /** The host is about to stop; every client has left. What is saved now is still written. */
  hostStopping(hostId: string): void;
}
