import { BlockPool } from "./block-pool.ts";
import { Traffic } from "./traffic.ts";

/** Something with output that leaves when the turn ends. */
export interface Flushable {
  flush(): void;
}

/** How a turn decides; figures are measured, see the README. */
export interface TurnOptions {
  /** A read that begins later than this after the one before is flushed at once. Milliseconds. */
  readonly gapMs?: number;
  /** Size of the buffer that all sockets are read into. Bytes. */
  readonly readBufferBytes?: number;
  /** Tells the time in fractional milliseconds. */
  readonly now?: () => number;
}

/**
 * One turn: some reads, what the handlers had to say about them, one flush per connection. Shared by all connectors
 * of a broker.
 *
 * When reads are far apart, the flush follows the read that caused it; when they come back to back it waits until
 * the event loop has read all readable sockets, so that what many producers sent to one consumer leaves together.
 * Output that no read caused leaves when the running callback and its promises are done.
 */
export class Turn {
  /** Blocks for output. */
  readonly pool: BlockPool = new BlockPool();
  /** What all connections read and wrote. */
  readonly traffic: Traffic = new Traffic();
  /** All sockets are read into this one. */
  readonly readBuffer: Uint8Array;
  readonly #gapMs: number;
  readonly #now: () => number;
  readonly #dirty: Flushable[] = [];
  #depth = 0;
  #sparse = true;
  #flushing = false;
  #lastEndMs = 0;
  #scheduled = false;
  #lastConnectionId = 0;
  readonly #onImmediate = (): void => {
    this.#scheduled = false;
    this.flush();
  };
  readonly #onTick = (): void => {
    this.#scheduled = false;
    // A read that began in between ends with a flush of its own.
    if (this.#depth === 0) this.flush();
  };
  // Ticks that are queued by a microtask run when no microtask is left.
  readonly #onMicrotask = (): void => process.nextTick(this.#onTick);

  constructor(options: TurnOptions = {}) {
    this.#gapMs = options.gapMs ?? 0.02;
    this.#now = options.now ?? (() => performance.now());
    this.readBuffer = Buffer.allocUnsafeSlow(options.readBufferBytes ?? 64 * 1024);
  }

  /** A number for a new connection. */
  nextConnectionId(): number {
    this.#lastConnectionId += 1;
    return this.#lastConnectionId;
  }

  /** Output appeared on a connection that had none. */
  mark(output: Flushable): void {
    this.#dirty.push(output);
    if (this.#depth > 0 || this.#scheduled || this.#flushing) return;
    this.#scheduled = true;
    queueMicrotask(this.#onMicrotask);
  }

  /** A read, or something like it, begins. */
  enter(): void {
    if (this.#depth++ === 0) this.#sparse = this.#now() - this.#lastEndMs > this.#gapMs;
  }

  /** It ended. `more`: the next one follows at once. */
  leave(more: boolean): void {
    if (--this.#depth > 0) return;
    if (this.#dirty.length > 0) {
      if (this.#sparse && !more) this.flush();
      else if (!this.#scheduled) {
        this.#scheduled = true;
        setImmediate(this.#onImmediate);
      }
    }
    this.#lastEndMs = this.#now();
  }

  /** Sends what gathered on all connections. */
  flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    const dirty = this.#dirty;
    // A flush may make output on another connection, below it: a WebSocket's on its TCP connection.
    for (let i = 0; i < dirty.length; i++) dirty[i]!.flush();
    dirty.length = 0;
    this.#flushing = false;
  }
}
