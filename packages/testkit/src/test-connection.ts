import { type Connection, OUTPUT_RESERVE_MAX, type Output, type ProtocolHandler } from "@tsapollo/domain";

/** An output that keeps everything. */
export class TestOutput implements Output {
  used = 0;
  /** Set it to make the handler believe that the peer reads too slowly. */
  full = false;
  #block: Uint8Array = new Uint8Array(1 << 16);

  reserve(size: number): Uint8Array {
    if (size > OUTPUT_RESERVE_MAX) throw new RangeError(`reserve(${size})`);
    this.#grow(size);
    return this.#block;
  }

  write(bytes: Uint8Array, start: number, end: number, _owned: boolean): void {
    this.#grow(end - start);
    this.#block.set(bytes.subarray(start, end), this.used);
    this.used += end - start;
  }

  /** Takes everything written since the last call. */
  take(): Buffer {
    const taken = Buffer.from(this.#block.slice(0, this.used));
    this.used = 0;
    return taken;
  }

  #grow(size: number): void {
    if (this.used + size <= this.#block.length) return;
    const larger = new Uint8Array((this.used + size) * 2);
    larger.set(this.#block);
    this.#block = larger;
  }
}

/** A connection without a socket: feed it bytes, read what the handler wrote, see what it asked for. */
export class TestConnection implements Connection {
  readonly id = 1;
  readonly connectorId = "tcp";
  readonly remoteAddress = "127.0.0.1:50000";
  readonly localAddress = "127.0.0.1:61613";
  readonly certificateNames: readonly string[] = [];
  readonly serverName: string | undefined = undefined;
  readonly output: TestOutput = new TestOutput();
  /** `open`, or how it ended. */
  state: "open" | "closing" | "destroyed" = "open";
  /** The delay of `closeAfter`, if that was called. */
  closeDelayMs: number | undefined = undefined;
  paused = false;
  #handler: ProtocolHandler | undefined;
  #rest: Buffer = Buffer.alloc(0);

  attach(handler: ProtocolHandler): void {
    this.#handler = handler;
  }

  /** Bytes from the peer. `borrowed` copies them into a block that is overwritten afterwards, as the real one is. */
  feed(bytes: Uint8Array | string, borrowed = true): void {
    this.#rest = Buffer.concat([this.#rest, Buffer.from(bytes as Uint8Array)]);
    if (!this.paused) this.#deliver(borrowed);
  }

  #deliver(borrowed: boolean): void {
    if (this.#rest.length === 0 || this.state === "destroyed") return;
    const block = Buffer.concat([Buffer.alloc(7), this.#rest, Buffer.alloc(5)]);
    const next = this.#handler!.receive(block, 7, 7 + this.#rest.length, borrowed);
    this.#rest = this.#rest.subarray(next - 7);
    if (borrowed) block.fill(0xee);
  }

  /** How many bytes the handler left for later. */
  get leftBytes(): number {
    return this.#rest.length;
  }

  pauseReading(): void {
    this.paused = true;
  }
  resumeReading(): void {
    if (!this.paused) return;
    this.paused = false;
    queueMicrotask(() => this.paused || this.#deliver(true));
  }
  close(): void {
    if (this.state === "open") this.state = "closing";
  }
  closeAfter(delayMs: number): void {
    this.closeDelayMs = delayMs;
    this.close();
  }
  destroy(): void {
    this.state = "destroyed";
  }
}

/** Lets promises and microtasks that are due run. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
