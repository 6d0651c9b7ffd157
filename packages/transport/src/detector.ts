import type { Clock, ProtocolAdapter, ProtocolHandler, Timer } from "@tsapollo/domain";
import type { SocketConnection } from "./connection.ts";
import { identifyHttp, identifyTls } from "./signatures.ts";

/** No signature is longer; who has not said what he wants by then never will. Bytes. */
const SIGNATURE_BYTES_MAX = 512;

/** Where a connection goes once it is known what it wants. */
export interface Routes {
  /** Protocols that are looked for. */
  readonly adapters: readonly ProtocolAdapter[];
  /** It speaks this protocol. As with the others, the bytes go to the handler that takes over. */
  speaks(connection: SocketConnection, adapter: ProtocolAdapter): void;
  /** It wants TLS. Undefined: TLS is not looked for. */
  readonly secure?: ((connection: SocketConnection) => void) | undefined;
  /** It speaks HTTP. Undefined: HTTP is not looked for. */
  readonly web?: ((connection: SocketConnection) => void) | undefined;
}

/** The first handler of a connection: finds out what the client speaks and puts the right one in its place. [11.2] */
export class Detector implements ProtocolHandler {
  readonly bytesWanted = 0;
  readonly #connection: SocketConnection;
  readonly #routes: Routes;
  readonly #deadline: Timer;

  /** @param timeoutMs when nothing was identified by then, the connection is closed silently */
  constructor(connection: SocketConnection, routes: Routes, clock: Clock, timeoutMs: number) {
    this.#connection = connection;
    this.#routes = routes;
    this.#deadline = clock.after(timeoutMs, () => connection.destroy());
  }

  receive(bytes: Uint8Array, start: number, end: number): number {
    const seen = bytes.subarray(start, end);
    const { adapters, secure, web } = this.#routes;
    let undecided = false;
    for (const adapter of adapters) {
      const answer = adapter.identify(seen);
      if (answer === "yes") {
        this.#deadline.cancel();
        this.#routes.speaks(this.#connection, adapter);
        return start;
      }
      undecided ||= answer === "maybe";
    }
    const isTls = secure === undefined ? "no" : identifyTls(seen);
    const isHttp = web === undefined ? "no" : identifyHttp(seen);
    if (isTls === "yes" || isHttp === "yes") {
      this.#deadline.cancel();
      if (isTls === "yes") secure!(this.#connection);
      else web!(this.#connection);
      return start;
    }
    undecided ||= isTls === "maybe" || isHttp === "maybe";
    if (undecided && end - start < SIGNATURE_BYTES_MAX) return start;
    this.#connection.shutDown("Could not identify the protocol.");
    return end;
  }

  drained(): void {}

  closed(): void {
    this.#deadline.cancel();
  }
}
