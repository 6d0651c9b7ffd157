import type { Connection } from "@tsapollo/domain";

/** Why reading can stand still. */
export const PAUSED_BY = { LOGIN: 1, HOST: 2, OUTPUT: 4, TURN: 8 } as const;

/** Whether packets are taken from a connection; closed as long as there is one reason or more. */
export class ReadingGate {
  readonly #connection: Connection;
  #reasons = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get open(): boolean {
    return this.#reasons === 0;
  }

  pause(reason: number): void {
    if (this.#reasons === 0) this.#connection.pauseReading();
    this.#reasons |= reason;
  }

  /** Something was answered: a client that does not read its answers is not read either. */
  answered(): void {
    if (this.#connection.output.full) this.pause(PAUSED_BY.OUTPUT);
  }

  /** Lets the rest of the process have its turn before the next packet. */
  yieldTurn(): void {
    this.pause(PAUSED_BY.TURN);
    setImmediate(() => this.resume(PAUSED_BY.TURN));
  }

  resume(reason: number): void {
    if ((this.#reasons & reason) === 0) return;
    this.#reasons &= ~reason;
    if (this.#reasons === 0) this.#connection.resumeReading();
  }
}
