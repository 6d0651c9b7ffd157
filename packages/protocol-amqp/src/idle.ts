import type { Clock, Timer } from "@tsapollo/domain";

/** What the watch over an idle connection needs. */
export interface IdleParts {
  readonly clock: Clock;
  /** The client wants a sign of life at least this often; 0: never. [AMQP 2.4.5] */
  readonly peerTimeoutMs: number;
  /** The client is gone when it was silent this long; 0: never. */
  readonly ownTimeoutMs: number;
  /** Whether something was written since the last call. */
  readonly takeWrote: () => boolean;
  /** Whether something was read since the last call, or nothing could be because we do not read. */
  readonly takeRead: () => boolean;
  readonly writeEmpty: () => void;
  readonly silent: () => void;
}

/** Times a client's timeout is divided by, so that a late timer does no harm. */
const BEATS = 3;

/** Keeps a connection alive for the client, and notices when the client is not. */
export class Idle {
  readonly #parts: IdleParts;
  #writeTimer: Timer | undefined = undefined;
  #readTimer: Timer | undefined = undefined;
  #wasSilent = false;

  constructor(parts: IdleParts) {
    this.#parts = parts;
    if (parts.peerTimeoutMs > 0) this.#armWrite();
    if (parts.ownTimeoutMs > 0) this.#armRead();
  }

  stop(): void {
    this.#writeTimer?.cancel();
    this.#readTimer?.cancel();
  }

  #armWrite(): void {
    const { clock, peerTimeoutMs, takeWrote, writeEmpty } = this.#parts;
    this.#writeTimer = clock.after(Math.max(1, Math.floor(peerTimeoutMs / BEATS)), () => {
      if (!takeWrote()) {
        writeEmpty();
        takeWrote();
      }
      this.#armWrite();
    });
  }

  /** Two halves of the timeout without a sign of life are one. */
  #armRead(): void {
    const { clock, ownTimeoutMs, takeRead, silent } = this.#parts;
    this.#readTimer = clock.after(Math.max(1, Math.ceil(ownTimeoutMs / 2)), () => {
      if (takeRead()) this.#wasSilent = false;
      else if (this.#wasSilent) return silent();
      else this.#wasSilent = true;
      this.#armRead();
    });
  }
}
