import type { Clock } from "@tsapollo/domain";
import type { QueueSettings } from "../settings.ts";
import { EnqueueRate } from "./enqueue-rate.ts";

const SAMPLE_MS = 1_000;

/** A queue whose pace is taken. */
export interface PacedQueue {
  readonly settings: QueueSettings;
  /** Producers that wait go on, if they may. */
  relieve(): void;
}

/**
 * How fast a queue's consumers are, and how fast its producers may be. Consumers that take more than
 * `fast_delivery_rate` keep up: what they take in two seconds stays in memory for them. While they are fast and
 * messages are left to the store all the same, producers are held back so that they can catch up. [messaging 4.1,
 * 5.11]
 */
export class Pace {
  readonly #queue: PacedQueue;
  readonly #clock: Clock;
  #rate: EnqueueRate | undefined = undefined;
  #deliveredBytes = 0;
  #sampledAtMs: number;
  #bytesPerS = 0;

  constructor(queue: PacedQueue, clock: Clock) {
    this.#queue = queue;
    this.#clock = clock;
    this.#sampledAtMs = clock.nowMs();
    const { maxEnqueueBytesPerS } = queue.settings;
    if (maxEnqueueBytesPerS >= 0) this.#limit(maxEnqueueBytesPerS);
  }

  /** Whether the next message from a producer has to wait. */
  get isUsedUp(): boolean {
    return this.#rate?.isUsedUp ?? false;
  }

  /** Bytes that fast consumers take in two seconds; 0 when they are not. */
  get aheadBytes(): number {
    return this.#isFast ? 2 * this.#bytesPerS : 0;
  }

  get #isFast(): boolean {
    return this.#bytesPerS > 0 && this.#bytesPerS >= this.#queue.settings.fastDeliveryBytesPerS;
  }

  /** A consumer was given so much. */
  delivered(bytes: number): void {
    this.#deliveredBytes += bytes;
  }

  /** A producer put in so much. */
  enqueued(bytes: number, nowMs: number, hasPaged: boolean): void {
    if (nowMs - this.#sampledAtMs >= SAMPLE_MS) this.#sample(nowMs, hasPaged);
    this.#rate?.use(bytes);
  }

  #sample(nowMs: number, hasPaged: boolean): void {
    this.#bytesPerS = (this.#deliveredBytes * 1_000) / (nowMs - this.#sampledAtMs);
    this.#sampledAtMs = nowMs;
    this.#deliveredBytes = 0;
    const { maxEnqueueBytesPerS: most, catchupEnqueueBytesPerS: catchUp } = this.#queue.settings;
    const always = most < 0 ? Number.POSITIVE_INFINITY : most;
    if (!hasPaged || !this.#isFast) this.#limit(always);
    else this.#limit(Math.min(always, catchUp < 0 ? this.#bytesPerS / 2 : catchUp));
  }

  #limit(bytesPerS: number): void {
    if (this.#rate === undefined && bytesPerS === Number.POSITIVE_INFINITY) return;
    this.#rate ??= new EnqueueRate(this.#clock, () => this.#queue.relieve());
    this.#rate.limit(bytesPerS);
  }

  /** Nobody uses the queue any more. */
  stop(): void {
    this.#rate?.stop();
  }
}
