import type { Connection, Output } from "@tsapollo/domain";

/** Who sent a datagram, as a connection: for whoever lets clients in. Nothing can be said to it. [messaging 18] */
export class DatagramPeer implements Connection {
  readonly id = 0;
  readonly connectorId: string;
  readonly remoteAddress: string;
  readonly localAddress = "";
  readonly certificateNames: readonly string[] = Object.freeze([]);
  readonly serverName = undefined;
  readonly output: Output = NOWHERE;

  constructor(connectorId: string, remoteAddress: string) {
    this.connectorId = connectorId;
    this.remoteAddress = remoteAddress;
  }

  pauseReading(): void {}
  resumeReading(): void {}
  close(): void {}
  closeAfter(): void {}
  destroy(): void {}
}

const NOWHERE: Output = {
  used: 0,
  reserve: (size) => new Uint8Array(size),
  write: () => undefined,
  full: false,
};
