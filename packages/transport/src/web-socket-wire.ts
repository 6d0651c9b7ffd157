import { isUtf8 } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Clock, Timer } from "@tsapollo/domain";
import type { WebSocket } from "ws";
import { probeSocket } from "./probe-socket.ts";
import type { Wire, WireOwner } from "./wire.ts";

/** Limits of one WebSocket. Bytes and milliseconds. [instance 10.3] */
export interface WebSocketLimits {
  readonly maxTextMessageSize: number;
  readonly maxBinaryMessageSize: number;
  /** Silence after which the peer counts as gone; a ping is sent at half of it. */
  readonly maxIdleTimeMs: number;
}

const TOO_BIG = 1009;
/** The socket closed without a Close frame. */
const ABNORMAL = 1006;

/**
 * A WebSocket as a stream of bytes: the payloads of its messages, one after the other. Replies are of the type of the
 * client's first message, text before there is one. A turn's text is one message, so that no character is cut; what
 * is no UTF-8 goes as binary even to a text client, whose socket it would break otherwise. [messaging 19]
 */
export class WebSocketWire implements Wire {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #owner: WireOwner;
  readonly #limits: WebSocketLimits;
  readonly #clock: Clock;
  #isText: boolean | undefined = undefined;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #heard = true;
  #timer: Timer | undefined = undefined;
  /** Bytes that came while paused, of messages that may not be complete, and who counts them. */
  #trickled = 0;
  #counter: ((chunk: Uint8Array) => void) | undefined = undefined;
  readonly #onTimer = (): void => this.#checkIdle();

  /** @param stream what the WebSocket runs on; its `drain` is ours */
  constructor(
    socket: WebSocket,
    stream: Duplex,
    parts: { readonly limits: WebSocketLimits; readonly clock: Clock; readonly owner: WireOwner },
  ) {
    this.#socket = socket;
    this.#stream = stream;
    this.#owner = parts.owner;
    this.#limits = parts.limits;
    this.#clock = parts.clock;
    socket.binaryType = "nodebuffer";
    socket.on("message", (data, isBinary) => this.#received(data as Buffer, isBinary));
    socket.on("pong", () => {
      this.#heard = true;
    });
    socket.on("ping", () => {
      this.#heard = true;
    });
    // A broken frame closes the socket; `close` follows.
    socket.on("error", () => undefined);
    socket.on("close", (code) => {
      this.#timer?.cancel();
      if (code !== ABNORMAL || stream.readableEnded) this.#owner.ended(this);
      this.#owner.gone(this);
    });
    stream.on("drain", () => this.#owner.drained());
    this.#checkIdle();
  }

  get unsent(): number {
    return this.#socket.bufferedAmount + this.#gatheredBytes;
  }

  send(bytes: Uint8Array, owned: boolean): boolean {
    const kept = owned ? bytes : Uint8Array.prototype.slice.call(bytes);
    this.#gathered.push(kept);
    this.#gatheredBytes += kept.length;
    return !owned;
  }

  flush(): void {
    const pieces = this.#gathered;
    if (pieces.length === 0) return;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#isText === false) {
      for (const piece of pieces) this.#socket.send(piece, { binary: true, compress: false });
      return;
    }
    const message = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    this.#socket.send(message, { binary: !isUtf8(message), compress: false });
  }

  pause(): void {
    this.#stopCounting();
    this.#socket.pause();
  }

  resume(): void {
    this.#stopCounting();
    this.#trickled = 0;
    this.#socket.resume();
  }

  /** The bytes are counted on the stream: a message that is not complete is kept below, where nobody sees it. */
  readSome(stepBytes: number, totalBytes: number): boolean {
    if (this.#trickled >= totalBytes) return false;
    this.#stopCounting();
    const end = Math.min(this.#trickled + stepBytes, totalBytes);
    this.#counter = (chunk) => {
      this.#trickled += chunk.length;
      if (this.#trickled >= end) this.pause();
    };
    this.#stream.on("data", this.#counter);
    this.#socket.resume();
    return true;
  }

  probe(keepAlive: boolean): void {
    probeSocket(this.#stream, keepAlive);
  }

  end(): void {
    this.flush();
    this.#socket.close(1000);
  }

  destroy(): void {
    this.#socket.terminate();
  }

  #received(data: Buffer, isBinary: boolean): void {
    this.#heard = true;
    this.#isText ??= !isBinary;
    const sizeMax = isBinary ? this.#limits.maxBinaryMessageSize : this.#limits.maxTextMessageSize;
    if (data.length > sizeMax) return this.#socket.close(TOO_BIG, `at most ${sizeMax} bytes`);
    if (data.length > 0) this.#owner.received(data, 0, data.length, false);
  }

  #stopCounting(): void {
    if (this.#counter === undefined) return;
    this.#stream.off("data", this.#counter);
    this.#counter = undefined;
  }

  #checkIdle(): void {
    if (!this.#heard) return this.#socket.terminate();
    this.#heard = false;
    this.#timer = this.#clock.after(Math.ceil(this.#limits.maxIdleTimeMs / 2), this.#onPing);
  }

  readonly #onPing = (): void => {
    if (!this.#heard && this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
    this.#timer = this.#clock.after(Math.ceil(this.#limits.maxIdleTimeMs / 2), this.#onTimer);
  };
}
