/** A timer that was set. */
export interface Timer {
  /** Stops it; nothing when it has fired. */
  cancel(): void;
}

/** Time, injected, so that tests move it by hand. */
export interface Clock {
  /** Milliseconds since the epoch; coarse (about 100 ms), cheap enough for every message. */
  nowMs(): number;
  /** Calls back once after a delay. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer;
}
