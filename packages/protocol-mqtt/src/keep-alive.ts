import type { BrokerError, Clock, Timer } from "@tsapollo/domain";
import type { Guardian } from "./guardian.ts";
import type { ReadingGate } from "./reading-gate.ts";
import { REASON, violation } from "./reasons.ts";

/**
 * Notices a client that has been silent for one and a half times its keep-alive. [MQTT-3.1.2-24]
 * One timer per connection, set again only when it fires; time during which the broker itself did not read does
 * not count against the client.
 */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #gate: ReadingGate;
  readonly #limitMs: number;
  readonly #guardian: Guardian;
  #heardMs: number;
  #timer: Timer | undefined;

  /** @param seconds the client's keep-alive; 0 means no monitoring [MQTT-3.1.2.10] */
  constructor(clock: Clock, gate: ReadingGate, seconds: number, guardian: Guardian) {
    this.#clock = clock;
    this.#gate = gate;
    this.#limitMs = seconds * 1_500;
    this.#guardian = guardian;
    this.#heardMs = clock.nowMs();
    if (seconds > 0) this.#arm(this.#limitMs);
  }

  /** Bytes came. */
  touch(): void {
    this.#heardMs = this.#clock.nowMs();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => this.#check());
  }

  #check(): void {
    if (!this.#gate.open) this.touch();
    const leftMs = this.#heardMs + this.#limitMs - this.#clock.nowMs();
    if (leftMs > 0) this.#arm(leftMs);
    else this.#guardian.fail(this.#expiry());
  }

  #expiry(): BrokerError {
    const text = `The client was silent for 1.5 times its keep-alive of ${this.#limitMs / 1_500} s.`;
    return violation(text, REASON.KEEP_ALIVE_TIMEOUT);
  }
}
