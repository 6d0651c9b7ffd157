import type { Socket } from "node:net";
import { BrokerError, type ProtocolAdapter } from "@tsapollo/domain";
import { localOf, remoteOf } from "./address-text.ts";
import { type Addresses, type ConnectionContext, NO_NAMES, SocketConnection } from "./connection.ts";
import { ConnectionStream } from "./connection-stream.ts";
import type { ConnectorParts } from "./connector-options.ts";
import { Detector, type Routes } from "./detector.ts";
import { Leftovers } from "./leftovers.ts";
import { Listener } from "./listener.ts";
import { SocketWire } from "./socket-wire.ts";
import { TlsGate } from "./tls-gate.ts";
import { TlsUpgrade } from "./tls-upgrade.ts";
import { Traffic } from "./traffic.ts";
import { type OpenedWebSocket, WebGate } from "./web-gate.ts";
import { WebSocketWire } from "./web-socket-wire.ts";

/** What is known of a stream that speaks HTTP. */
interface Arrival extends Addresses {
  readonly certificateNames: readonly string[];
  readonly serverName: string | undefined;
}

/**
 * One configured endpoint: accepts sockets, finds out what they speak, joins them to protocol handlers.
 *
 *     socket ─▶ (TLS) ─▶ detector ─▶ protocol handler
 *                 ▲         │ ├─ ClientHello ─▶ TLS, then a detector inside
 *                 └─────────┘ └─ HTTP ─▶ WebSocket ─▶ detector inside
 */
export class Connector {
  readonly #parts: ConnectorParts;
  readonly #fixed: ProtocolAdapter | undefined;
  readonly #candidates: readonly ProtocolAdapter[];
  readonly #listener: Listener;
  readonly #context: ConnectionContext;
  /** For connections that come as they are, and for those inside TLS or a WebSocket. */
  readonly #outerRoutes: Routes;
  readonly #securedRoutes: Routes;
  readonly #webRoutes: Routes;
  readonly #tls: TlsGate | undefined;
  readonly #web: WebGate<Arrival>;
  readonly #connections = new Set<SocketConnection>();
  readonly #sockets = new Set<Socket>();
  readonly #onSocketClosed: (this: Socket) => void;
  #boundUri: string | undefined = undefined;
  /** Our end of the latest connection: nearly all have the same, and share the text. */
  #local = "";
  #stopped: (() => void) | undefined = undefined;

  /** @throws BrokerError BAD_CONFIGURATION for an unknown protocol or unusable key material */
  constructor(parts: ConnectorParts) {
    const { options } = parts;
    this.#parts = parts;
    const wanted = options.protocol ?? "any";
    const isFixed = wanted !== "any" && wanted !== "ssl";
    this.#fixed = isFixed ? parts.adapters.find((adapter) => adapter.id === wanted) : undefined;
    if (isFixed && this.#fixed === undefined)
      throw new BrokerError(
        "BAD_CONFIGURATION",
        `Connector '${options.id}': protocol named '${wanted}' does not exist`,
      );
    const looksFor = (id: string): boolean => options.detectProtocols?.includes(id) ?? true;
    this.#candidates = parts.adapters.filter((adapter) => looksFor(adapter.id));
    this.#context = {
      connectorId: options.id,
      settings: options.bind.settings,
      closeTimeoutMs: options.closeTimeoutMs ?? 5_000,
      turn: parts.turn,
      leftovers: new Leftovers(options.bind.settings.maxLeftoverBytes),
      services: parts.services,
      released: (connection) => void this.#connections.delete(connection),
    };
    this.#tls = this.#makeTlsGate();
    this.#web = this.#makeWebGate();
    const speaks: Routes["speaks"] = (connection, adapter) => this.#speaks(connection, adapter);
    const onlyTls = wanted === "ssl";
    const web = looksFor("ws") ? (connection: SocketConnection) => this.#streamToWeb(connection) : undefined;
    const secure =
      this.#tls !== undefined && (onlyTls || looksFor("ssl"))
        ? (connection: SocketConnection) => this.#upgrade(connection)
        : undefined;
    this.#webRoutes = { adapters: this.#candidates, speaks };
    this.#securedRoutes = { adapters: this.#candidates, speaks, web };
    this.#outerRoutes = onlyTls
      ? { adapters: [], speaks, secure }
      : { adapters: this.#candidates, speaks, web, secure };
    this.#onSocketClosed = closer((socket) => this.#socketClosed(socket));
    this.#listener = new Listener(options.bind, options.connectionLimit ?? Number.POSITIVE_INFINITY, {
      admit: (socket) => this.#admit(socket),
      limitReached: (count) =>
        parts.logger.info(
          { connector: options.id, count },
          `Connection limit reached. Clients connected: ${count}`,
        ),
      failed: (error) =>
        parts.logger.warn(
          { connector: options.id, err: error },
          "Error occured while accepting client connection.",
        ),
    });
  }

  /** Where clients reach it, with the port that was really bound; undefined before `start`. */
  get boundUri(): string | undefined {
    return this.#boundUri;
  }

  /** Open sockets, whatever became of them so far. */
  get connectionCount(): number {
    return this.#listener.count;
  }

  /** Connections that have, or look for, a protocol. */
  get connections(): Iterable<SocketConnection> {
    return this.#connections;
  }

  /**
   * Begins to accept.
   * @returns the bound URI
   * @throws BrokerError CANNOT_LISTEN
   */
  async start(): Promise<string> {
    const { bind } = this.#parts.options;
    if ((bind.scheme === "tls" || bind.scheme === "wss") && this.#tls === undefined)
      throw new BrokerError(
        "CANNOT_LISTEN",
        "You are using a transport that expects the broker's key storage to be configured.",
      );
    this.#boundUri = await this.#listener.listen();
    return this.#boundUri;
  }

  /**
   * Stops accepting and closes all connections after what was written is sent.
   * @param graceMs what is not closed by then is destroyed
   */
  async stop(graceMs: number = 1_000): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) {
      if (connection.protocol === undefined) connection.destroy();
      else connection.close();
    }
    if (this.#sockets.size === 0) return;
    const timer = this.#parts.services.clock.after(graceMs, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    timer.cancel();
  }

  #admit(socket: Socket): void {
    const { bind } = this.#parts.options;
    const addresses = this.#addressesOf(socket);
    if (bind.scheme === "ws") {
      this.#track(socket);
      this.#web.take(socket, { ...addresses, certificateNames: NO_NAMES, serverName: undefined });
      return void socket.resume();
    }
    if (bind.scheme === "wss") {
      this.#track(socket);
      return this.#tls!.secure(socket, (secured) =>
        this.#web.take(secured.socket, { ...addresses, ...secured }),
      );
    }
    const connection = this.#connect(addresses);
    if (bind.scheme === "tcp") {
      const wire = SocketWire.openTcp(socket, this.#parts.turn.readBuffer, connection);
      this.#track(wire.socket);
      connection.attach(wire);
      return this.#begin(connection, this.#outerRoutes);
    }
    this.#track(socket);
    connection.attach(SocketWire.hold(socket, connection));
    this.#secure(connection, socket);
  }

  #addressesOf(socket: Socket): Addresses {
    const local = localOf(socket);
    if (local !== this.#local) this.#local = local;
    return { remote: remoteOf(socket), local: this.#local };
  }

  #connect(addresses: Addresses): SocketConnection {
    const connection = new SocketConnection(this.#parts.turn.nextConnectionId(), addresses, this.#context);
    this.#connections.add(connection);
    return connection;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    const { traffic } = this.#parts.turn;
    traffic.sockets += 1;
    traffic.socketsOpen += 1;
    if (traffic.socketsOpen > traffic.socketsMax) traffic.socketsMax = traffic.socketsOpen;
    socket.on("close", this.#onSocketClosed);
  }

  #socketClosed(socket: Socket): void {
    if (!this.#sockets.delete(socket)) return;
    this.#parts.turn.traffic.socketsOpen -= 1;
    this.#listener.release();
    if (this.#sockets.size === 0) this.#stopped?.();
  }

  /** Gives a connection its first handler. */
  #begin(connection: SocketConnection, routes: Routes): void {
    if (this.#fixed !== undefined) return this.#speaks(connection, this.#fixed);
    const { clock } = this.#parts.services;
    const timeoutMs = this.#parts.options.detectTimeoutMs ?? 5_000;
    connection.handTo(new Detector(connection, routes, clock, timeoutMs));
  }

  #speaks(connection: SocketConnection, adapter: ProtocolAdapter): void {
    try {
      connection.begin(adapter.id, adapter.createHandler(connection, this.#parts.services));
    } catch (cause) {
      connection.shutDown(cause);
    }
  }

  #upgrade(connection: SocketConnection): void {
    const wire = connection.wire as SocketWire;
    connection.handTo(new TlsUpgrade(wire, (socket) => this.#secure(connection, socket)));
  }

  #secure(connection: SocketConnection, socket: Socket): void {
    this.#tls!.secure(socket, (secured) => {
      if (!connection.isOpen) return void secured.socket.destroy();
      connection.certificateNames = secured.certificateNames;
      connection.serverName = secured.serverName;
      connection.attach(SocketWire.openTls(secured.socket, connection));
      this.#begin(connection, this.#securedRoutes);
    });
  }

  #streamToWeb(connection: SocketConnection): void {
    const stream = new ConnectionStream(connection);
    connection.handTo(stream.handler);
    // The WebSocket's own connection takes its place, also where bytes are counted.
    connection.traffic = new Traffic();
    connection.output.traffic = connection.traffic;
    this.#connections.delete(connection);
    const { remoteAddress: remote, localAddress: local, certificateNames, serverName } = connection;
    this.#web.take(stream, { remote, local, certificateNames, serverName });
  }

  #webOpened(opened: OpenedWebSocket<Arrival>): void {
    const { arrival } = opened;
    const connection = this.#connect(arrival);
    connection.certificateNames = arrival.certificateNames;
    connection.serverName = arrival.serverName;
    const { clock } = this.#parts.services;
    const limits = this.#parts.options.bind.settings;
    connection.attach(new WebSocketWire(opened.socket, opened.stream, { limits, clock, owner: connection }));
    // whatever sub-protocol was agreed on, what the client says decides [messaging 19, instance 10.3]
    this.#begin(connection, this.#webRoutes);
  }

  #makeTlsGate(): TlsGate | undefined {
    const { options, secure, services } = this.#parts;
    if (secure === undefined || options.bind.scheme === "ws") return undefined;
    const handshakeTimeoutMs = options.handshakeTimeoutMs ?? 10_000;
    return new TlsGate(secure, options.bind, { handshakeTimeoutMs, logger: services.logger });
  }

  #makeWebGate(): WebGate<Arrival> {
    const { options, services } = this.#parts;
    const { scheme, settings } = options.bind;
    const isWeb = scheme === "ws" || scheme === "wss";
    return new WebGate<Arrival>({
      settings,
      clock: services.clock,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
      subProtocols: new Set(this.#candidates.flatMap((adapter) => adapter.webSocketProtocols)),
      refusal: isWeb ? undefined : () => this.#explain(),
      opened: (opened) => this.#webOpened(opened),
    });
  }

  /** What a browser reads that met this port. */
  #explain(): string {
    const spoken = this.#candidates.map((adapter) => adapter.id).join(", ");
    const hint = this.#parts.webHint?.() ?? "";
    return `This port speaks ${spoken} (directly, over TLS or in a WebSocket), not plain HTTP.\n${hint}`;
  }
}

/** One listener for all sockets instead of a closure for each. */
function closer(closed: (socket: Socket) => void): (this: Socket) => void {
  return function (this: Socket): void {
    closed(this);
  };
}
