import { BrokerError, InvariantError, type ProtocolHandler } from "@tsapollo/domain";

/** When a frame continues in the next read, so much of that is copied to complete it, then twice as much, … */
const JOIN_BYTES = 2 * 1024;
/** A frame of at least this size and known length, gathered from several reads, may keep the buffer it fills. */
const OWN_BYTES_MIN = 16 * 1024;
/** Room is made for at most so many times the bytes that are really there, whatever length a peer claims. */
const GROWTH_MAX = 4;
const CAPACITY_MIN = 64;
/** Up to this size the pool that Node cuts buffers from is used. */
const POOLED_BYTES_MAX = 4 * 1024;

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Bytes on their way to the handler: whole reads pass through untouched, what a handler could not take yet is
 * copied and presented again with more behind it.
 *
 *     rest:  [ consumed | #start … #end | free ]
 *
 * Only the frame that was cut is ever copied: once it is complete, reading goes on in the read buffer.
 */
export class Input {
  /** Who takes the bytes; may be replaced while it takes them. */
  handler: ProtocolHandler;
  /** While true, bytes are kept and not handed over; whoever sets it sees to it that they are not too many. */
  held = false;
  #discarding = false;
  #rest: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  readonly #bytesMax: number;

  /** @param bytesMax most that may be kept */
  constructor(handler: ProtocolHandler, bytesMax: number) {
    this.handler = handler;
    this.#bytesMax = bytesMax;
  }

  /** Bytes that are kept. */
  get keptBytes(): number {
    return this.#end - this.#start;
  }

  /** Room that was made for them. */
  get roomBytes(): number {
    return this.#rest.length;
  }

  /**
   * Hands over bytes from the wire, which are only valid during the call.
   * @throws BrokerError FRAME_TOO_LARGE when too much would have to be kept, and whatever the handler throws
   */
  take(bytes: Uint8Array, from: number, end: number): void {
    let start = from;
    while (start < end && !this.#discarding) {
      if (this.held) return this.#keep(bytes, start, end, 0);
      if (this.#start !== this.#end) {
        start = this.#join(bytes, start, end);
        continue;
      }
      const handler = this.handler;
      const next = handler.receive(bytes, start, end, true);
      if (next === end) return;
      if (next < start || next > end) throw outside(next, start, end);
      if (handler === this.handler && !this.#discarding)
        return this.#keep(bytes, next, end, this.handler.bytesWanted);
      start = next;
    }
  }

  /** Hands over what was kept. */
  redeliver(): void {
    if (!this.held && this.#start !== this.#end) this.#present();
  }

  /** Forgets what was kept and everything that comes. */
  discard(): void {
    this.#discarding = true;
    this.#clear();
  }

  /** Completes the kept frame from the new bytes. @returns where to go on in them */
  #join(bytes: Uint8Array, start: number, end: number): number {
    const had = this.#end - this.#start;
    const wanted = this.handler.bytesWanted;
    const step = Math.min(end - start, wanted > had ? wanted - had : Math.max(JOIN_BYTES, had));
    this.#keep(bytes, start, start + step, wanted);
    const at = start + step;
    if (had + step < wanted) return at;
    this.#present();
    const left = this.#end - this.#start;
    if (left === 0 || left > step || at === end) return at;
    // The frame is complete; the next one begins inside the new bytes and needs no copy.
    this.#clear();
    return at - left;
  }

  #present(): void {
    let handler: ProtocolHandler;
    do {
      handler = this.handler;
      const next = handler.receive(this.#rest, this.#start, this.#end, !this.#holdsOneFrame());
      if (this.#discarding) return;
      if (next < this.#start || next > this.#end) throw outside(next, this.#start, this.#end);
      this.#start = next;
    } while (handler !== this.handler && this.#start !== this.#end && !this.held);
    if (this.#start === this.#end) this.#clear();
  }

  /**
   * Whether what is kept is one large frame that the buffer was made for. Anything else may be many small ones,
   * none of which should keep the whole buffer alive.
   */
  #holdsOneFrame(): boolean {
    const size = this.#end - this.#start;
    return size >= OWN_BYTES_MIN && size === this.handler.bytesWanted && size * 2 >= this.#rest.length;
  }

  #keep(bytes: Uint8Array, start: number, end: number, wanted: number): void {
    const had = this.#end - this.#start;
    const size = had + end - start;
    if (size > this.#bytesMax && !this.held)
      throw new BrokerError(
        "FRAME_TOO_LARGE",
        `${size} bytes wait for the rest of a frame; max_unfinished_bytes allows ${this.#bytesMax}`,
      );
    if (this.#rest.length - this.#end < end - start) this.#grow(had, size, wanted);
    this.#rest.set(bytes.subarray(start, end), this.#end);
    this.#end += end - start;
  }

  /** What was presented before may belong to a message by now, so bytes move to a new buffer, never within one. */
  #grow(had: number, size: number, wanted: number): void {
    const likely = wanted >= size ? Math.min(wanted, Math.max(size * GROWTH_MAX, CAPACITY_MIN)) : size * 2;
    const room = Math.max(had === 0 && wanted < size ? size : likely, size);
    const rest = room <= POOLED_BYTES_MAX ? Buffer.allocUnsafe(room) : Buffer.allocUnsafeSlow(room);
    rest.set(this.#rest.subarray(this.#start, this.#end));
    this.#rest = rest;
    this.#start = 0;
    this.#end = had;
  }

  #clear(): void {
    this.#rest = NOTHING;
    this.#start = 0;
    this.#end = 0;
  }
}

function outside(next: number, start: number, end: number): InvariantError {
  return new InvariantError(`receive returned ${next}, which is not within ${start}…${end}`);
}
