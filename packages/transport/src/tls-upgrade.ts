import type { Socket } from "node:net";
import type { ProtocolHandler } from "@tsapollo/domain";
import type { SocketWire } from "./socket-wire.ts";

/**
 * Stands in while a connection turns to TLS: the rest of the read that began it still arrives here; then the
 * socket, with everything that was read pushed back, goes to TLS.
 */
export class TlsUpgrade implements ProtocolHandler {
  readonly bytesWanted = 0;
  readonly #chunks: Uint8Array[] = [];
  #isGone = false;

  /** @param released called once, later than now, unless the connection ends before */
  constructor(wire: SocketWire, released: (socket: Socket) => void) {
    wire.pause();
    process.nextTick(() => {
      if (!this.#isGone) released(wire.release(Buffer.concat(this.#chunks)));
    });
  }

  receive(bytes: Uint8Array, start: number, end: number): number {
    this.#chunks.push(Uint8Array.prototype.slice.call(bytes, start, end));
    return end;
  }

  drained(): void {}

  closed(): void {
    this.#isGone = true;
  }
}
