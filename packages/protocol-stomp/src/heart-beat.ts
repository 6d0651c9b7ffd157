import { BrokerError, type Clock, type Timer } from "@tsapollo/domain";

/** What the two sides agreed on; 0 means never. */
export interface HeartBeatTimes {
  /** The client hears from us at least this often, in ms. */
  readonly sendMs: number;
  /** The client is dead when it was silent this long, in ms. */
  readonly silenceMaxMs: number;
}

/** What a heart-beat watches and moves. */
export interface HeartBeatParts {
  readonly clock: Clock;
  readonly times: HeartBeatTimes;
  /** Anything that was written counts as a sign of life. */
  readonly output: { lastWriteMs: number; readonly full: boolean; newline(): void };
  /** Whether we do not read, so that silence says nothing about the client. */
  isReadingHeld(): boolean;
  stale(): void;
}

/**
 * Heart-beats both ways with one timer: reads and writes only note the time, the timer finds out when it is
 * due and is set for the rest otherwise. [messaging 15.3]
 */
export class HeartBeat {
  readonly #parts: HeartBeatParts;
  #lastReadMs: number;
  #timer: Timer | undefined = undefined;

  constructor(parts: HeartBeatParts) {
    this.#parts = parts;
    this.#lastReadMs = parts.clock.nowMs();
    this.#arm();
  }

  /** Something arrived, or is read again. */
  noteRead(): void {
    this.#lastReadMs = this.#parts.clock.nowMs();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const { clock, times, output } = this.#parts;
    let dueMs = Number.POSITIVE_INFINITY;
    if (times.sendMs > 0) dueMs = output.lastWriteMs + times.sendMs;
    if (times.silenceMaxMs > 0) dueMs = Math.min(dueMs, this.#lastReadMs + times.silenceMaxMs);
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.#timer = clock.after(Math.max(1, dueMs - clock.nowMs()), () => this.#check());
  }

  #check(): void {
    const { clock, times, output } = this.#parts;
    const nowMs = clock.nowMs();
    this.#timer = undefined;
    if (this.#parts.isReadingHeld()) this.#lastReadMs = nowMs;
    if (times.silenceMaxMs > 0 && nowMs - this.#lastReadMs >= times.silenceMaxMs) {
      this.#parts.stale();
      return;
    }
    if (times.sendMs > 0 && nowMs - output.lastWriteMs >= times.sendMs) {
      if (output.full)
        output.lastWriteMs = nowMs; // what waits will tell the client that we live
      else output.newline();
    }
    this.#arm();
  }
}

/** What both sides are able and want to do. */
export interface HeartBeatOffer {
  /** Most often we promise to send, in ms. */
  readonly sendMs: number;
  /** How often we want to hear from the client, in ms. */
  readonly receiveMs: number;
}

/** Silence that is forgiven: half as much again as was agreed. [messaging 15.3] */
const SILENCE_FACTOR = 1.5;

/**
 * Reads a `heart-beat` header, `cx,cy`.
 * @throws BrokerError PROTOCOL_VIOLATION `Invalid heart-beat header: <value>`
 */
export function agreeOnHeartBeat(header: string | undefined, offer: HeartBeatOffer): HeartBeatTimes {
  const match = /^(\d{1,10}),(\d{1,10})$/.exec(header ?? "0,0");
  if (match === null) throw new BrokerError("PROTOCOL_VIOLATION", `Invalid heart-beat header: ${header}`);
  const clientSendsMs = Number(match[1]);
  const clientWantsMs = Number(match[2]);
  return {
    sendMs: clientWantsMs === 0 ? 0 : atMostTimer(Math.max(offer.sendMs, clientWantsMs)),
    silenceMaxMs:
      clientSendsMs === 0 ? 0 : atMostTimer(Math.max(offer.receiveMs, clientSendsMs) * SILENCE_FACTOR),
  };
}

/** Timers of the platform overflow beyond 2^31 - 1 ms, and then fire at once. */
function atMostTimer(delayMs: number): number {
  return Math.min(delayMs, 2_147_483_647);
}
