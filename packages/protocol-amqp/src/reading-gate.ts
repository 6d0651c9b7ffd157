import type { Connection } from "@tsapollo/domain";

/** Why we do not read: each is one bit. */
export const HOLD = {
  /** The client is being let in. */
  login: 1,
  /** A destination is full, and the client has sent much since. */
  destination: 2,
} as const;

/** One of the reasons in {@link HOLD}. */
export type HoldReason = (typeof HOLD)[keyof typeof HOLD];

/** Reading goes on when no reason to hold it is left. */
export class ReadingGate {
  readonly #connection: Connection;
  readonly #released: () => void;
  #reasons = 0;

  /** @param released called when reading goes on */
  constructor(connection: Connection, released: () => void) {
    this.#connection = connection;
    this.#released = released;
  }

  get held(): boolean {
    return this.#reasons !== 0;
  }

  hold(reason: HoldReason): void {
    if (this.#reasons === 0) this.#connection.pauseReading();
    this.#reasons |= reason;
  }

  release(reason: HoldReason): void {
    if ((this.#reasons & reason) === 0) return;
    this.#reasons &= ~reason;
    if (this.#reasons !== 0) return;
    this.#released();
    this.#connection.resumeReading();
  }
}
