import type { Clock, Timer } from "@tsapollo/domain";
import type { ReadingGate } from "./reading-gate.ts";

/**
 * Notices a client that has been silent for one and a half times its keep-alive. [MQTT-3.1.2-24]
 * One timer per connection, set again only when it fires; time during which the broker itself did not read does
 * not count against the client.
 */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #gate: ReadingGate;
  readonly #limitMs: number;
  readonly #expired: () => void;
  #heardMs: number;
  #timer: Timer | undefined;

  /** @param seconds the client's keep-alive; 0 means no monitoring [MQTT-3.1.2.10] */
  constructor(clock: Clock, gate: ReadingGate, seconds: number, expired: () => void) {
    this.#clock = clock;
    this.#gate = gate;
    this.#limitMs = seconds * 1_500;
    this.#expired = expired;
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
    else this.#expired();
  }
}
