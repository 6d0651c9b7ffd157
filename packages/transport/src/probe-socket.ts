import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Silence after which the kernel asks whether the peer of a socket that nobody reads is still there. */
const KEEP_ALIVE_MS = 30_000;
const NOTHING: Uint8Array = new Uint8Array(0);

const BELOW = Symbol("below");
type Layered = Duplex & { [BELOW]?: Socket };

/** Remembers the TCP socket below a TLS socket, which swallows a write of no bytes. */
export function runsOn(stream: Duplex, below: Socket): void {
  (stream as Layered)[BELOW] = below;
}

/**
 * Finds out whether the peer of a socket that is not read is gone. libuv reports nothing on a socket it neither reads
 * nor writes, not even a reset; a write of no bytes costs the peer nothing and fails when the kernel knows of a reset
 * or of unanswered keep-alives. Unsent output would tell as well, so nothing is added to it.
 */
export function probeSocket(stream: Duplex, keepAlive: boolean): void {
  const socket = (stream as Layered)[BELOW] ?? stream;
  if (!socket.writable || socket.writableLength > 0) return;
  if (keepAlive && socket instanceof Socket) socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.write(NOTHING);
}
