import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { BrokerError, type Logger } from "@tsapollo/domain";
import { remoteOf } from "./address-text.ts";
import type { Bind } from "./bind.ts";
import { vouchedChain } from "./client-chain.ts";
import { subjectName } from "./distinguished-name.ts";
import { runsOn } from "./probe-socket.ts";
import type { SecureMaterial } from "./secure-material.ts";

/** A socket whose TLS handshake is done and whose certificate, if any, is trusted. */
export interface Secured {
  readonly socket: TLSSocket;
  /** Subjects of the client's certificate and of those that vouch for it, leaf first; empty when none was shown. */
  readonly certificateNames: readonly string[];
  readonly serverName: string | undefined;
}

/**
 * Turns accepted sockets into TLS sockets: all of a TLS connector's, or those of a plain one that begin with a
 * ClientHello. It does not listen; sockets are brought to it.
 */
export class TlsGate {
  readonly #server: Server;
  readonly #clientAuth: Bind["settings"]["clientAuth"];
  readonly #trusted: readonly X509Certificate[];
  readonly #logger: Logger;
  /** By remote address and port, which no two open connections of a listener share. */
  readonly #waiting = new Map<string, (secured: Secured) => void>();

  /** @throws BrokerError BAD_CONFIGURATION when the material or a setting is not usable */
  constructor(
    material: SecureMaterial,
    bind: Bind,
    parts: { readonly handshakeTimeoutMs: number; readonly logger: Logger },
  ) {
    this.#clientAuth = bind.settings.clientAuth;
    this.#logger = parts.logger;
    this.#trusted = trustedOf(material, bind);
    this.#server = open(material, bind, parts.handshakeTimeoutMs);
    this.#server.on("secureConnection", (socket) => this.#secured(socket));
    this.#server.on("tlsClientError", (error, socket) => {
      const remote = remoteOf(socket);
      this.#logger.debug({ remote, error: error.message }, "TLS handshake failed");
      socket.destroy();
    });
  }

  /** Does the handshake on a socket; `done` is not called when it fails, the socket is closed then. */
  secure(socket: Socket, done: (secured: Secured) => void): void {
    const key = remoteOf(socket);
    const known = (secured: Secured): void => {
      runsOn(secured.socket, socket);
      done(secured);
    };
    this.#waiting.set(key, known);
    socket.once("close", () => {
      if (this.#waiting.get(key) === known) this.#waiting.delete(key);
    });
    this.#server.emit("connection", socket);
  }

  #secured(socket: TLSSocket): void {
    const key = remoteOf(socket);
    const done = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (done === undefined) return void socket.destroy();
    // Until TLS 1.2 a client may ask for a handshake at any time, which costs it little and us much.
    socket.disableRenegotiation();
    const names = this.#clientAuth === "none" ? [] : namesOf(socket, this.#trusted);
    if (names === undefined) {
      const reason = String(socket.authorizationError ?? "it cannot be read");
      this.#logger.warn(
        { remote: key, reason },
        `TLS client '${key}' refused: its certificate is not trusted`,
      );
      return void socket.destroy();
    }
    done({ socket, certificateNames: names, serverName: socket.servername || undefined });
  }
}

function open(material: SecureMaterial, bind: Bind, handshakeTimeout: number): Server {
  const { clientAuth, tlsMinVersion, ciphers } = bind.settings;
  const { pfx, passphrase, key, cert, ca } = material;
  try {
    return createServer({
      ...(pfx === undefined ? { key, cert } : { pfx: Buffer.from(pfx), passphrase }),
      // Without a list Node would trust every authority of the public web.
      ca: [...ca],
      requestCert: clientAuth !== "none",
      rejectUnauthorized: clientAuth === "need",
      handshakeTimeout,
      sessionIdContext: "tsapollo",
      ...(tlsMinVersion === undefined ? {} : { minVersion: tlsMinVersion }),
      ...(bind.tlsMaxVersion === undefined ? {} : { maxVersion: bind.tlsMaxVersion }),
      ...(ciphers === undefined ? {} : { ciphers }),
    });
  } catch (cause) {
    throw unusable(bind, cause);
  }
}

function trustedOf(material: SecureMaterial, bind: Bind): X509Certificate[] {
  try {
    return [...material.ca, ...(material.pfxCa ?? [])].map((pem) => new X509Certificate(pem));
  } catch (cause) {
    throw unusable(bind, cause);
  }
}

function unusable(bind: Bind, cause: unknown): BrokerError {
  const text = `Cannot use TLS on ${bind.schemeText}://${bind.host}:${bind.port}: ${(cause as Error).message}.`;
  return new BrokerError("BAD_CONFIGURATION", text, { cause });
}

/** Undefined when there is a certificate that is not trusted or cannot be read. */
function namesOf(socket: TLSSocket, trusted: readonly X509Certificate[]): string[] | undefined {
  const leaf = socket.getPeerCertificate(true);
  if (leaf?.raw === undefined) return [];
  if (!socket.authorized) return undefined;
  try {
    return vouchedChain(leaf, trusted).map((one) => subjectName(one.raw));
  } catch {
    return undefined;
  }
}
