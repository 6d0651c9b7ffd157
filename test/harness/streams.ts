import { X509Certificate } from "node:crypto";
import type { EventEmitter } from "node:events";
import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import WebSocket, { createWebSocketStream } from "ws";
import type { Instance, Scheme } from "./instance.ts";
import { within } from "./waiting.ts";

/** How a client reaches a broker; `tls-on-tcp` is TLS on the plain port. */
export type Way = Exclude<Scheme, "udp"> | "tls-on-tcp";

/** Every way there is. */
export const WAYS: readonly Way[] = ["tcp", "tls", "tls-on-tcp", "ws", "wss"];

/** Key and certificate of a client, in PEM. */
export interface ClientKey {
  readonly key: string;
  readonly cert: string;
}

/** Opens a byte stream to the broker; a WebSocket asks for the sub-protocol. */
export async function openStream(
  broker: Instance,
  way: Way,
  subProtocol: string,
  key?: ClientKey,
): Promise<Duplex> {
  if (way === "ws" || way === "wss")
    return createWebSocketStream(await openWebSocket(broker, way, subProtocol));
  if (way === "tcp") {
    const socket = connectTcp({ host: "127.0.0.1", port: broker.port("tcp"), noDelay: true });
    await happens(socket, "connect");
    return socket;
  }
  const port = broker.port(way === "tls" ? "tls" : "tcp");
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false, ...key });
  await happens(socket, "secureConnect");
  return socket;
}

/** Opens a WebSocket with nothing around it. */
export async function openWebSocket(
  broker: Instance,
  way: "ws" | "wss",
  subProtocol: string,
): Promise<WebSocket> {
  const socket = new WebSocket(`${way}://127.0.0.1:${broker.port(way)}/`, subProtocol, {
    rejectUnauthorized: false,
  });
  await happens(socket, "open");
  return socket;
}

/** Resolves when the event comes, rejects on `error`. */
export async function happens(emitter: EventEmitter, event: string): Promise<void> {
  const outcome = new Promise<void>((resolve, reject) => {
    emitter.once(event, () => resolve());
    emitter.once("error", (error: Error) => reject(error));
  });
  await within(outcome, `'${event}'`);
}

/** The certificate that the broker shows, in PEM: it is its own authority. */
export async function brokerCertificate(broker: Instance): Promise<string> {
  const socket = connectTls({ host: "127.0.0.1", port: broker.port("tls"), rejectUnauthorized: false });
  await happens(socket, "secureConnect");
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return new X509Certificate(raw).toString();
}
