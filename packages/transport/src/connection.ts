import {
  BrokerError,
  type Connection,
  type ProtocolHandler,
  type ProtocolServices,
  type Timer,
} from "@tsapollo/domain";
import type { BindSettings } from "./bind-parameters.ts";
import { Input } from "./input.ts";
import type { Leftovers } from "./leftovers.ts";
import { type OutputOwner, SocketOutput } from "./output.ts";
import { RateLimit } from "./rate-limit.ts";
import { ThrottledWire } from "./throttled-wire.ts";
import type { Traffic } from "./traffic.ts";
import type { Turn } from "./turn.ts";
import type { Wire, WireOwner } from "./wire.ts";

/** What all connections of a connector share. */
export interface ConnectionContext {
  readonly connectorId: string;
  readonly settings: BindSettings;
  /** How long a closed connection may take to send what is left and to see the peer's end. Milliseconds. */
  readonly closeTimeoutMs: number;
  readonly turn: Turn;
  readonly leftovers: Leftovers;
  readonly services: ProtocolServices;
  /** The connection is gone and will not be used again. */
  released(connection: SocketConnection): void;
}

/** Both ends of a connection as text: `127.0.0.1:51234`. */
export interface Addresses {
  readonly remote: string;
  readonly local: string;
}

/** Of a client that showed no certificate. */
export const NO_NAMES: readonly string[] = Object.freeze([]);

/** Takes nothing and keeps nothing: before a connection has a protocol, and after it lost its last one. */
export const NO_HANDLER: ProtocolHandler = Object.freeze({
  bytesWanted: 0,
  receive: (_bytes: Uint8Array, _start: number, end: number) => end,
  drained: () => undefined,
  closed: () => undefined,
});

/**
 * One accepted connection: joins a wire to a protocol handler.
 *
 *     wire ──received──▶ Input ──receive──▶ handler ──write──▶ SocketOutput ──send──▶ wire
 *
 * open ─close, closeAfter─▶ closing ─▶ closed, and from anywhere ─destroy─▶ closed. Only the wire's end makes it
 * `closed`, and that is when the handler hears of it, once. When the peer ended in order while the handler was
 * pausing, its last bytes are handed over first, even if the wire is gone by then.
 *
 * A paused connection is not read at first, which costs nothing and is mostly short. After `paused_probe` it is
 * read on, so that the peer's end is noticed: up to `paused_bytes`, then once per probe, up to `max_paused_bytes`,
 * then the kernel is asked.
 */
export class SocketConnection implements Connection, WireOwner, OutputOwner {
  readonly id: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  certificateNames: readonly string[] = NO_NAMES;
  serverName: string | undefined = undefined;
  /** Id of the protocol, once it is known. */
  protocol: string | undefined = undefined;
  readonly output: SocketOutput;
  receivedBytes = 0;
  /** Where its bytes are counted with those of others. */
  traffic: Traffic;
  #phase: "open" | "closing" | "closed" = "open";
  #paused = false;
  #redelivering = false;
  /** The peer's end was seen, but not yet by the handler. */
  #ended = false;
  #wire: Wire | undefined = undefined;
  /** Paused: the next probe; ended: when to give up; closing: when to close. */
  #timer: Timer | undefined = undefined;
  #readLimit: RateLimit | undefined = undefined;
  readonly #input: Input;
  readonly #context: ConnectionContext;

  constructor(id: number, addresses: Addresses, context: ConnectionContext) {
    this.id = id;
    this.remoteAddress = addresses.remote;
    this.localAddress = addresses.local;
    this.#context = context;
    this.traffic = context.turn.traffic;
    this.output = new SocketOutput(undefined, context.turn, context.settings, this);
    this.#input = new Input(NO_HANDLER, context.settings.maxUnfinishedBytes);
    if (context.settings.maxReadRate > 0)
      this.#readLimit = new RateLimit(context.settings.maxReadRate, context.services.clock, () =>
        this.#readOn(),
      );
  }

  get connectorId(): string {
    return this.#context.connectorId;
  }

  get isOpen(): boolean {
    return this.#phase === "open";
  }

  /** The wire that carries the bytes, without any throttle around it. */
  get wire(): Wire | undefined {
    return this.#wire instanceof ThrottledWire ? this.#wire.inner : this.#wire;
  }

  /** Bytes are carried by this wire from now on; the end of an earlier one does not matter any more. */
  attach(wire: Wire): void {
    const { maxWriteRate } = this.#context.settings;
    const rated =
      maxWriteRate > 0 ? new ThrottledWire(wire, maxWriteRate, this.#context.services.clock, this) : wire;
    this.#wire = rated;
    this.output.wire = rated;
    if (this.#paused) rated.pause();
  }

  /** Bytes go to this handler from now on, those that were not taken first. */
  handTo(handler: ProtocolHandler): void {
    this.#input.handler = handler;
  }

  /** The protocol is known: says so in the connection log, once, and lets it speak. */
  begin(protocol: string, handler: ProtocolHandler): void {
    this.protocol = protocol;
    this.handTo(handler);
    const text = `connected: local:${this.localAddress}, remote:${this.remoteAddress}`;
    this.#context.services.logger.info(this.#fields(), text);
  }

  received(bytes: Uint8Array, start: number, end: number, full: boolean): void {
    if (this.#phase === "closed") return;
    const { turn } = this.#context;
    this.receivedBytes += end - start;
    this.traffic.receivedBytes += end - start;
    turn.enter();
    try {
      this.#input.take(bytes, start, end);
    } catch (cause) {
      this.shutDown(cause);
    }
    turn.leave(full);
    if (this.#paused && this.#input.keptBytes >= this.#context.settings.pausedBytes) this.#wire?.pause();
    if (this.#readLimit?.use(end - start)) this.#wire?.pause();
  }

  drained(): void {
    const { turn, settings } = this.#context;
    if (this.#wire === undefined || this.#wire.unsent > settings.writeBufferSize / 2) return;
    if (!this.output.drained() || this.#phase !== "open") return;
    turn.enter();
    try {
      this.#input.handler.drained();
    } catch (cause) {
      this.shutDown(cause);
    }
    turn.leave(false);
  }

  gone(wire: Wire): void {
    if (wire !== this.wire || this.#phase === "closed") return;
    this.#readLimit?.stop();
    if (this.#wire instanceof ThrottledWire) this.#wire.stop();
    this.output.wire = undefined;
    this.#wire = undefined;
    if (this.#ended && this.#phase === "open" && this.#context.leftovers.take(this, this.#input.keptBytes))
      return;
    this.finish();
  }

  /** The last thing that happens: the handler is told. */
  finish(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#timer?.cancel();
    this.#context.leftovers.give(this);
    const handler = this.#input.handler;
    this.#input.discard();
    this.#input.handler = NO_HANDLER;
    const { turn, services } = this.#context;
    turn.enter();
    try {
      handler.closed();
    } catch (cause) {
      this.#logFailure(cause);
    }
    turn.leave(false);
    if (this.protocol !== undefined) {
      const text = `disconnected: local:${this.localAddress}, remote:${this.remoteAddress}`;
      services.logger.info(this.#fields(), text);
    }
    this.#context.released(this);
  }

  overflowed(unsentBytes: number): void {
    this.shutDown(
      new BrokerError(
        "SLOW_CONSUMER",
        `${unsentBytes} bytes wait for the peer to read; max_unsent_bytes allows ${this.#context.settings.maxUnsentBytes}`,
      ),
    );
  }

  roomAgain(): void {
    setImmediate(drained, this);
  }

  /** The peer's end is ours: what was written is sent, and not waited for without a bound. */
  ended(wire: Wire): void {
    if (wire !== this.wire || this.#phase === "closed") return;
    if (this.#phase === "closing") return this.#end();
    if (!this.#input.held || this.#input.keptBytes === 0) return this.close();
    this.#ended = true;
    this.#waitForHandler();
  }

  pauseReading(): void {
    if (this.#paused || this.#phase !== "open") return;
    this.#paused = true;
    this.#input.held = true;
    this.#wire?.pause();
    // An armed timer stays armed when reading goes on: who pauses often pays for it once per probe.
    if (this.#timer === undefined) this.#probeLater();
  }

  resumeReading(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#redelivering || this.#phase !== "open") return;
    this.#redelivering = true;
    setImmediate(redeliver, this);
  }

  close(): void {
    if (this.#phase !== "open") return;
    this.#stopTaking();
    this.#end();
  }

  closeAfter(delayMs: number): void {
    if (this.#phase !== "open") return;
    this.#stopTaking();
    this.#timer = this.#context.services.clock.after(delayMs, () => this.#end());
  }

  destroy(): void {
    if (this.#phase === "closed") return;
    if (this.#phase === "open") this.#stopTaking();
    if (this.#wire === undefined) setImmediate(finish, this);
    else this.#wire.destroy();
  }

  /** Closes at once because of a failure, which goes to the connection log. */
  shutDown(cause: unknown): void {
    if (this.#phase !== "closed") this.#logFailure(cause);
    this.destroy();
  }

  /** What `resumeReading` promised, after everything that runs now. */
  redeliver(): void {
    this.#redelivering = false;
    if (this.#paused || this.#phase !== "open") return;
    this.#input.held = false;
    const { turn } = this.#context;
    turn.enter();
    try {
      this.#input.redeliver();
    } catch (cause) {
      this.shutDown(cause);
    }
    turn.leave(false);
    if (!this.#ended) return this.#readOn();
    if (!this.isOpen) return;
    if (this.#input.held) this.#waitForHandler();
    else this.close();
  }

  /** Looks whether the peer of a paused connection is still there. */
  #probe(): void {
    this.#timer = undefined;
    if (!this.#paused) return;
    this.#probeLater();
    if (this.#readLimit?.pausing === true) return;
    const { pausedBytes, maxPausedBytes, keepAlive } = this.#context.settings;
    const mayRead = this.#input.keptBytes < maxPausedBytes;
    if (!mayRead || this.#wire?.readSome(pausedBytes, maxPausedBytes) === false) this.#wire?.probe(keepAlive);
  }

  #probeLater(): void {
    const { pausedProbeMs } = this.#context.settings;
    this.#timer = this.#context.services.clock.after(pausedProbeMs, () => this.#probe());
  }

  /** The peer ended; its last bytes wait for the handler, which may take nothing for a while, but not for ever. */
  #waitForHandler(): void {
    const { pausedEndTimeoutMs } = this.#context.settings;
    this.#timer?.cancel();
    this.#timer = this.#context.services.clock.after(pausedEndTimeoutMs, () =>
      this.shutDown(
        `the peer is gone and its last ${this.#input.keptBytes} bytes were not taken; paused_end_timeout allows ${pausedEndTimeoutMs} ms`,
      ),
    );
  }

  #readOn(): void {
    if (this.#paused || this.#redelivering || this.#phase === "closed") return;
    if (this.#readLimit?.pausing !== true) this.#wire?.resume();
  }

  /** What still arrives is read and forgotten: a close with unread input would take our last words with it. */
  #stopTaking(): void {
    this.#phase = "closing";
    this.#timer?.cancel();
    this.#input.discard();
    this.output.flush();
    this.output.wire = undefined;
    this.#paused = false;
    this.#wire?.resume();
  }

  #end(): void {
    this.#timer?.cancel();
    if (this.#wire === undefined) return void setImmediate(finish, this);
    this.#wire.end();
    this.#timer = this.#context.services.clock.after(this.#context.closeTimeoutMs, () =>
      this.#wire?.destroy(),
    );
  }

  /** What the line does not say itself. */
  #fields(): Record<string, unknown> {
    return { connector: this.connectorId, protocol: this.protocol };
  }

  #logFailure(cause: unknown): void {
    const { logger } = this.#context.services;
    const text = cause instanceof Error ? cause.message : String(cause);
    // The stack of a failure that somebody else caused says nothing about ours.
    const fields = cause instanceof BrokerError ? { code: cause.code } : { err: cause };
    logger.warn(
      { ...this.#fields(), ...fields },
      `Shutting connection '${this.remoteAddress}'  down due to: ${text}`,
    );
  }
}

function drained(connection: SocketConnection): void {
  connection.drained();
}

function redeliver(connection: SocketConnection): void {
  connection.redeliver();
}

function finish(connection: SocketConnection): void {
  connection.finish();
}
