import { StompDecoder } from "./decoder.ts";
import type { StompFrame } from "./frame.ts";
import { DEFAULT_STOMP_LIMITS, type StompLimits } from "./limits.ts";
import type { StompVersion } from "./version.ts";

/**
 * A {@link StompDecoder} that keeps unfinished frames itself: push chunks as they come, get whole frames.
 *
 *     const parser = new StompParser((frame) => console.log(frame.command, frame.header("destination")));
 *     socket.on("data", (chunk) => parser.push(chunk));
 */
export class StompParser {
  readonly #decoder: StompDecoder;
  readonly #sink: { frame(frame: StompFrame): boolean };
  /** Unfinished bytes are `#rest[0..#restLength)`; what is behind them is room for more. */
  #rest: Uint8Array = new Uint8Array(0);
  #restLength = 0;

  /** @param onFrame is given each frame; it is valid until the function returns, `frame.copy()` lasts */
  constructor(onFrame: (frame: StompFrame) => void, limits: StompLimits = DEFAULT_STOMP_LIMITS) {
    this.#decoder = new StompDecoder(limits);
    this.#sink = {
      frame(frame) {
        onFrame(frame);
        return true;
      },
    };
  }

  /** See {@link StompDecoder.version}. */
  get version(): StompVersion | undefined {
    return this.#decoder.version;
  }
  set version(version: StompVersion | undefined) {
    this.#decoder.version = version;
  }

  /** Bytes of the unfinished frame that are kept. */
  get restBytes(): number {
    return this.#restLength;
  }

  /**
   * Takes the next bytes of the stream; they may be reused afterwards.
   * @throws StompError when they are not STOMP or exceed a limit; the parser is of no use afterwards
   */
  push(chunk: Uint8Array): void {
    if (this.#restLength === 0) {
      const next = this.#decoder.decode(chunk, 0, chunk.length, this.#sink);
      this.#keep(chunk, next, chunk.length);
      return;
    }
    this.#keep(chunk, 0, chunk.length);
    if (this.#restLength < this.#decoder.bytesWanted) return;
    const next = this.#decoder.decode(this.#rest, 0, this.#restLength, this.#sink);
    if (next === 0) return;
    this.#rest.copyWithin(0, next, this.#restLength);
    this.#restLength -= next;
    if (this.#restLength === 0) this.#rest = new Uint8Array(0); // a large frame's room is not kept for ever
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    const needed = this.#restLength + end - start;
    if (needed > this.#rest.length) {
      const larger = new Uint8Array(Math.max(needed * 2, Math.min(this.#decoder.bytesWanted, needed * 16)));
      larger.set(this.#rest.subarray(0, this.#restLength));
      this.#rest = larger;
    }
    this.#rest.set(bytes.subarray(start, end), this.#restLength);
    this.#restLength = needed;
  }
}
