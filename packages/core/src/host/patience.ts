import type { Clock, Timer } from "@tsapollo/domain";

/** Writes after which waiting is tried again; twice as many each time it was in vain. */
const AGAIN_MIN = 32;
const AGAIN_MAX = 256;
/** Waits in vain, one after the other, that end it: consumers may pause for a moment. */
const VAIN_MAX = 3;
/**
 * A wait goes on as long as half of what is there goes in each round. One round without that is forgiven: timers
 * come before what lies ready to be read.
 */
const ROUNDS_MAX = 6;
const SLOW_ROUNDS_MAX = 2;

/** What patience asks for and tells. */
export interface PatienceParts {
  readonly clock: Clock;
  /** How long a round of waiting takes; 0: there is none. */
  readonly waitMs: number;
  /** How many entries wait to be written. */
  readonly left: () => number;
  /** What is left is to be written now. */
  readonly over: () => void;
}

/**
 * Waits a moment before a write where that pays. What consumers take and acknowledge meanwhile need not be written at
 * all, and its producers are confirmed sooner than by a disk; where nobody consumes, or not fast enough, producers
 * would wait in vain. So it is tried now and then, and kept up as long as everything is gone at the end of it: what is
 * left for one absent subscriber makes all its producers wait for the disk after all. [architecture 4.8]
 */
export class Patience {
  readonly #parts: PatienceParts;
  #timer: Timer | undefined = undefined;
  #isOver = false;
  #rounds = 0;
  #slowRounds = 0;
  #consumed = 0;
  #pays = false;
  #vain = 0;
  #untilTrial = 0;
  #interval = AGAIN_MIN;
  /** Entries that came in since the last write or confirmation. */
  entered = 0;

  constructor(parts: PatienceParts) {
    this.#parts = parts;
  }

  /** Whether the next write should wait. */
  get isWorthIt(): boolean {
    return this.#parts.waitMs > 0 && (this.#pays || this.#untilTrial <= 0);
  }

  /** Whether a wait is under way. */
  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  /** Begins to wait. */
  begin(): void {
    this.#rounds = 0;
    this.#slowRounds = 0;
    this.#consumed = 0;
    this.#wait();
  }

  #wait(): void {
    const { clock, waitMs } = this.#parts;
    this.#timer = clock.after(waitMs, () => this.#roundOver());
  }

  #roundOver(): void {
    const left = this.#parts.left();
    const before = this.#consumed;
    this.#consumed = this.entered - left;
    this.#rounds += 1;
    this.#slowRounds = this.#consumed - before >= left ? 0 : this.#slowRounds + 1;
    if (this.#rounds < ROUNDS_MAX && this.#slowRounds < SLOW_ROUNDS_MAX) {
      this.#wait();
      return;
    }
    this.#isOver = true;
    this.#parts.over();
  }

  /** What there is is written, or need not be; with or without a wait before. */
  end(): void {
    if (this.#timer === undefined) this.#untilTrial -= 1;
    else this.#learn(this.#parts.left());
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isOver = false;
    this.entered = 0;
  }

  #learn(left: number): void {
    if (this.entered === 0 || (left > 0 && !this.#isOver)) return; // cut short: that says nothing
    this.#vain = left === 0 ? 0 : this.#vain + 1;
    if (this.#vain === 0) this.#pays = true;
    else if (this.#vain >= VAIN_MAX) this.#pays = false;
    this.#interval = this.#pays ? AGAIN_MIN : Math.min(this.#interval * 2, AGAIN_MAX);
    this.#untilTrial = this.#interval;
  }
}
