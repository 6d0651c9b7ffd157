import { Socket } from "node:net";
import { probeSocket } from "./probe-socket.ts";
import type { Wire, WireOwner } from "./wire.ts";

/** A waiting piece up to this size is copied, so that it does not hold a whole block. */
const COPY_BYTES_MAX = 16 * 1024;

const WIRE = Symbol("wire");
type Wired = Socket & { [WIRE]?: SocketWire | undefined };

/** A TCP or TLS socket. */
export class SocketWire implements Wire {
  readonly socket: Socket;
  readonly #owner: WireOwner;
  /** TLS encrypts later: it must not find its bytes overwritten. */
  readonly #copies: boolean;
  #corked = false;

  private constructor(socket: Socket, owner: WireOwner, copies: boolean, reads = true) {
    this.socket = socket;
    this.#owner = owner;
    this.#copies = copies;
    (socket as Wired)[WIRE] = this;
    // Its owner decides what the peer's end means: there may be answers to send, or input that nobody took yet.
    if (reads) socket.allowHalfOpen = true;
    // No closures here: an idle connection should cost little. `this` is the socket in each of them.
    socket.on("error", onError).on("close", onClose).on("drain", onDrain).on("end", onEnd);
  }

  /**
   * Takes over an accepted, paused TCP socket and reads it into the shared buffer. Needs the socket's handle; where
   * Node does not show it, bytes come as ordinary chunks.
   */
  static openTcp(accepted: Socket, readBuffer: Uint8Array, owner: WireOwner): SocketWire {
    const handle = takeHandle(accepted);
    if (handle === undefined) {
      const wire = new SocketWire(accepted, owner, false);
      accepted.on("data", onData);
      accepted.resume();
      return wire;
    }
    const callback = (size: number, bytes: Uint8Array): boolean => {
      owner.received(bytes, 0, size, size === bytes.length);
      return true;
    };
    // `handle` is missing from the types; it is what net.Server itself passes.
    const socket = new Socket({ handle, onread: { buffer: readBuffer, callback } } as object);
    const wire = new SocketWire(socket, owner, false);
    socket.resume();
    socket.read(0);
    return wire;
  }

  /** Takes over a TLS socket whose handshake is done. */
  static openTls(socket: Socket, owner: WireOwner): SocketWire {
    const wire = new SocketWire(socket, owner, true);
    socket.on("data", onData);
    return wire;
  }

  /** Holds a socket that somebody else reads, to end it and to see its end. */
  static hold(socket: Socket, owner: WireOwner): SocketWire {
    return new SocketWire(socket, owner, false, false);
  }

  /** Stops reading and hands out the socket; `bytes` were read already and come first. */
  release(bytes: Uint8Array): Socket {
    this.socket.pause();
    this.socket.off("data", onData);
    // The next one to read it knows nothing of half an end.
    this.socket.allowHalfOpen = false;
    if (bytes.length > 0) this.socket.unshift(bytes);
    return this.socket;
  }

  get unsent(): number {
    return this.socket.writableLength;
  }

  get owner(): WireOwner {
    return this.#owner;
  }

  send(bytes: Uint8Array, owned: boolean): boolean {
    const socket = this.socket;
    if (owned) {
      // What follows in this turn leaves in the same system call.
      if (!this.#corked) {
        this.#corked = true;
        socket.cork();
      }
      socket.write(bytes);
      return false;
    }
    if (this.#copies || this.#corked || (socket.writableLength > 0 && bytes.length <= COPY_BYTES_MAX)) {
      socket.write(Buffer.from(bytes));
      return true;
    }
    socket.write(bytes);
    return socket.writableLength === 0;
  }

  flush(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.socket.uncork();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Hands over whatever it reads, so its owner pauses it in time. */
  readSome(): boolean {
    this.socket.resume();
    return true;
  }

  probe(keepAlive: boolean): void {
    probeSocket(this.socket, keepAlive);
  }

  end(): void {
    // After its end Node would make an error of it, stack and all, for nobody.
    if (!this.socket.writableEnded) this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** The handle of an accepted socket; the socket object is an empty shell afterwards. */
function takeHandle(accepted: Socket): object | undefined {
  const shell = accepted as unknown as { _handle: unknown };
  const handle = shell._handle;
  if (typeof handle !== "object" || handle === null || !("readStart" in handle)) return undefined;
  if (!("useUserBuffer" in handle)) return undefined;
  shell._handle = null;
  // Lets the server forget the shell; without a handle nothing is closed.
  accepted.destroy();
  return handle;
}

function onData(this: Wired, chunk: Uint8Array): void {
  this[WIRE]?.owner.received(chunk, 0, chunk.length, false);
}

function onDrain(this: Wired): void {
  this[WIRE]?.owner.drained();
}

function onEnd(this: Wired): void {
  const wire = this[WIRE];
  wire?.owner.ended(wire);
}

/**
 * Peers vanish: ECONNRESET, EPIPE and the like say no more than the `close` that follows. It does not follow every
 * error of TLS (a peer that keeps renegotiating is only reported), so it is brought about.
 */
function onError(this: Wired): void {
  this.destroy();
}

function onClose(this: Wired): void {
  const wire = this[WIRE];
  this[WIRE] = undefined;
  wire?.owner.gone(wire);
}
