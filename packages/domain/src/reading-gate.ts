import type { Connection } from "./protocol.ts";

/** Whether a connection is read: not as long as there is a reason to hold it. Each reason is one bit, named by its protocol. */
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

  hold(reason: number): void {
    if (this.#reasons === 0) this.#connection.pauseReading();
    this.#reasons |= reason;
  }

  release(reason: number): void {
    if ((this.#reasons & reason) === 0) return;
    this.#reasons &= ~reason;
    if (this.#reasons !== 0) return;
    this.#released();
    this.#connection.resumeReading();
  }
}
