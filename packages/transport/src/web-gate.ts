import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
import type { Clock, Timer } from "@tsapollo/domain";
import { type WebSocket, WebSocketServer } from "ws";
import type { BindSettings } from "./bind-parameters.ts";

/** A WebSocket whose handshake is done. */
export interface OpenedWebSocket<Arrival> {
  readonly socket: WebSocket;
  /** What it runs on. */
  readonly stream: Duplex;
  /** What was known of the stream when it came. */
  readonly arrival: Arrival;
}

/** What a {@link WebGate} is made of. */
export interface WebGateParts<Arrival> {
  readonly settings: BindSettings;
  readonly clock: Clock;
  /** A request, with its answer, must be through by then. */
  readonly handshakeTimeoutMs: number;
  /** Sub-protocol names that mean something here. */
  readonly subProtocols: ReadonlySet<string>;
  /** What a request that is no WebSocket is told, with status 400; undefined: `{}` with 200. [instance 10.3] */
  readonly refusal: (() => string) | undefined;
  opened(socket: OpenedWebSocket<Arrival>): void;
}

/** Speaks HTTP with streams that are brought to it, until they are WebSockets or answered. */
export class WebGate<Arrival> {
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #parts: WebGateParts<Arrival>;
  readonly #arrivals = new WeakMap<Duplex, { readonly arrival: Arrival; readonly deadline: Timer }>();

  constructor(parts: WebGateParts<Arrival>) {
    this.#parts = parts;
    const { maxTextMessageSize, maxBinaryMessageSize } = parts.settings;
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: Math.max(maxTextMessageSize, maxBinaryMessageSize),
      handleProtocols: (offered) => choose(offered, parts.subProtocols),
    });
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on("upgrade", (request, stream, head) => this.#upgrade(request, stream, head));
    this.#server.on("clientError", (_error, stream) => refuse(stream, 400));
  }

  /** Takes a stream that begins with an HTTP request. */
  take(stream: Duplex, arrival: Arrival): void {
    const deadline = this.#parts.clock.after(this.#parts.handshakeTimeoutMs, () => stream.destroy());
    stream.once("close", () => deadline.cancel());
    this.#arrivals.set(stream, { arrival, deadline });
    this.#server.emit("connection", stream);
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    // The server's own listener is gone with the upgrade.
    stream.on("error", () => stream.destroy());
    const known = this.#arrivals.get(stream);
    if (known === undefined) return void stream.destroy();
    if (request.headers.upgrade?.toLowerCase() !== "websocket") return refuse(stream, 400);
    const origin = request.headers.origin;
    if (origin !== undefined && this.#allowed(origin) === undefined) return refuse(stream, 403);
    this.#sockets.handleUpgrade(request, stream, head, (socket) => {
      known.deadline.cancel();
      this.#parts.opened({ socket, stream, arrival: known.arrival });
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    // One request per connection: whoever wants more wants a WebSocket.
    response.shouldKeepAlive = false;
    const { refusal } = this.#parts;
    if (refusal !== undefined) {
      response.writeHead(400, { "Content-Type": "text/plain; charset=utf-8" });
      return void response.end(refusal());
    }
    this.#addCors(request, response);
    if (request.method === "OPTIONS") return void response.writeHead(200).end();
    if (request.method !== "GET" && request.method !== "HEAD")
      return void response.writeHead(405, { Allow: "GET, HEAD, OPTIONS" }).end();
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end("{}\n");
  }

  /** What `Access-Control-Allow-Origin` says to this origin; undefined: it is not allowed. */
  #allowed(origin: string): string | undefined {
    const allowed = this.#parts.settings.corsOrigin;
    if (allowed === undefined || allowed.includes("*")) return "*";
    return allowed.includes(origin) ? origin : undefined;
  }

  #addCors(request: IncomingMessage, response: ServerResponse): void {
    const origin = request.headers.origin;
    if (this.#parts.settings.corsOrigin === undefined || origin === undefined) return;
    const allowed = this.#allowed(origin);
    if (allowed === undefined) return;
    response.setHeader("Access-Control-Allow-Origin", allowed);
    if (request.method !== "OPTIONS") return;
    response.setHeader("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
    response.setHeader("Access-Control-Max-Age", "86400");
    const headers = request.headers["access-control-request-headers"];
    if (headers !== undefined) response.setHeader("Access-Control-Allow-Headers", headers);
  }
}

/** The first offered name that is known here, else the first: any is accepted. [instance 10.3] */
function choose(offered: Set<string>, known: ReadonlySet<string>): string | false {
  for (const name of offered) if (known.has(name)) return name;
  for (const name of offered) return name;
  return false;
}

function refuse(stream: Duplex, status: number): void {
  if (!stream.writable) return void stream.destroy();
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
