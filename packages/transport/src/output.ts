import { OUTPUT_RESERVE_MAX, type Output } from "@tsapollo/domain";
import { LARGE_BLOCK_BYTES, SMALL_BLOCK_BYTES } from "./block-pool.ts";
import type { Traffic } from "./traffic.ts";
import type { Flushable, Turn } from "./turn.ts";
import type { Wire } from "./wire.ts";

/** Up to here a loop in JavaScript is faster than a call; figures in the README. */
const LOOP_BYTES_MAX = 64;
/** Above this an owned piece goes by reference. */
const COPY_BYTES_MAX = 16 * 1024;

/** How much may wait for a slow peer. Bytes. */
export interface OutputLimits {
  readonly writeBufferSize: number;
  readonly maxUnsentBytes: number;
}

/** Who answers for the peer. */
export interface OutputOwner {
  /** More than `maxUnsentBytes` waits: the peer does not read at all. */
  overflowed(unsentBytes: number): void;
  /** It was full within the turn only; no `drained` of the wire may follow. */
  roomAgain(): void;
  /** Sending threw. */
  shutDown(cause: unknown): void;
}

/**
 * What one connection has to say this turn. Small pieces are copied into a block, large ones follow by reference
 * after it, and a flush hands all of it to the wire. A connection with nothing to say holds no block.
 */
export class SocketOutput implements Output, Flushable {
  used = 0;
  full = false;
  /** Bytes handed to the wire so far. */
  sentBytes = 0;
  /** Where they are counted with those of others. */
  traffic: Traffic;
  #block: Uint8Array | undefined = undefined;
  #wire: Wire | undefined;
  #marked = false;
  /** The last turn filled more than a small block: begin with a large one. */
  #busy = false;
  readonly #turn: Turn;
  readonly #limits: OutputLimits;
  readonly #owner: OutputOwner;

  constructor(wire: Wire | undefined, turn: Turn, limits: OutputLimits, owner: OutputOwner) {
    this.#wire = wire;
    this.#turn = turn;
    this.traffic = turn.traffic;
    this.#limits = limits;
    this.#owner = owner;
  }

  /** The bytes leave by another wire from now on; undefined: they are dropped. */
  set wire(wire: Wire | undefined) {
    this.#wire = wire;
  }

  reserve(size: number): Uint8Array {
    const block = this.#block;
    if (block !== undefined && block.length - this.used >= size) return block;
    return this.#makeRoom(size);
  }

  write(bytes: Uint8Array, start: number, end: number, owned: boolean): void {
    const size = end - start;
    if (size > COPY_BYTES_MAX) return this.#writeLarge(bytes, start, end, owned);
    const block = this.reserve(size);
    let at = this.used;
    this.used = at + size;
    if (size <= LOOP_BYTES_MAX) for (let i = start; i < end; i++) block[at++] = bytes[i]!;
    else block.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at);
  }

  /** Bytes handed to the wire that have not left. */
  get unsentBytes(): number {
    return this.#wire?.unsent ?? 0;
  }

  /** Sends what gathered. The turn calls it; so does who cannot wait for the turn. */
  flush(): void {
    this.#marked = false;
    this.#busy = this.used > SMALL_BLOCK_BYTES || (this.#busy && this.used > SMALL_BLOCK_BYTES / 4);
    try {
      this.#sendBlock();
      this.#wire?.flush();
    } catch (cause) {
      // Others want to flush in this turn, too.
      this.#owner.shutDown(cause);
    }
    if (this.full && this.#wire !== undefined && this.#wire.unsent <= this.#limits.writeBufferSize / 2)
      this.#owner.roomAgain();
  }

  /** The wire sent everything. @returns whether the handler was told before that it is full */
  drained(): boolean {
    const was = this.full;
    this.full = false;
    return was;
  }

  #mark(): void {
    if (this.#marked) return;
    this.#marked = true;
    this.#turn.mark(this);
  }

  #makeRoom(size: number): Uint8Array {
    if (size > OUTPUT_RESERVE_MAX)
      throw new RangeError(`reserve(${size}): at most ${OUTPUT_RESERVE_MAX} bytes at once`);
    this.#mark();
    const old = this.#block;
    if (old !== undefined && old.length === LARGE_BLOCK_BYTES) this.#sendBlock();
    else if (old !== undefined) {
      const large = this.#turn.pool.takeLarge();
      large.set(old.subarray(0, this.used));
      this.#turn.pool.give(old);
      this.#block = large;
      return large;
    }
    const isSmall = size <= SMALL_BLOCK_BYTES && !this.#busy && old === undefined;
    this.#block = isSmall ? this.#turn.pool.takeSmall() : this.#turn.pool.takeLarge();
    return this.#block;
  }

  #writeLarge(bytes: Uint8Array, start: number, end: number, owned: boolean): void {
    this.#mark();
    this.#sendBlock();
    const whole = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
    // Uint8Array.slice copies; Buffer's would not.
    this.#send(owned ? whole : Uint8Array.prototype.slice.call(whole), true);
  }

  #sendBlock(): void {
    const block = this.#block;
    if (block === undefined) return;
    const used = this.used;
    this.#block = undefined;
    this.used = 0;
    if (used === 0 || this.#send(used === block.length ? block : block.subarray(0, used), false))
      this.#turn.pool.give(block);
  }

  #send(bytes: Uint8Array, owned: boolean): boolean {
    const wire = this.#wire;
    if (wire === undefined) return true;
    this.sentBytes += bytes.length;
    this.traffic.sentBytes += bytes.length;
    const reusable = wire.send(bytes, owned);
    const unsent = wire.unsent;
    if (unsent > this.#limits.writeBufferSize) {
      this.full = true;
      if (unsent > this.#limits.maxUnsentBytes) {
        this.#wire = undefined;
        this.#owner.overflowed(unsent);
      }
    }
    return reusable;
  }
}
