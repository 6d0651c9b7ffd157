import { getHeapStatistics } from "node:v8";
import type { HostEngine } from "@tsapollo/core";
import type { Clock, Timer } from "@tsapollo/domain";
import type { FigureSources } from "./figures.ts";
import { SysHost } from "./sys-host.ts";

/** What waits to be sent on all connections. */
export interface Waiting {
  /** Connections on which something does. */
  readonly count: number;
  readonly bytes: number;
}

/** What the tree needs of the broker around it. */
export interface SysTreeParts {
  /** Seconds between two updates; 0: there is no tree. */
  readonly intervalS: number;
  readonly version: string;
  readonly clock: Clock;
  waiting(): Waiting;
}

/**
 * `$SYS/broker/…` as Mosquitto publishes it, in every virtual host with that host's figures: once when the host starts,
 * then at every interval what has changed. [management E]
 */
export class SysTree {
  readonly #parts: SysTreeParts;
  readonly #startedMs: number;
  readonly #hosts: SysHost[] = [];
  #heapMaxBytes = 0;
  #updatedMs: number;
  #timer: Timer | undefined = undefined;

  constructor(parts: SysTreeParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.nowMs();
    this.#updatedMs = this.#startedMs;
  }

  /** A virtual host runs. */
  hostStarted(engine: HostEngine, sources: FigureSources): void {
    if (this.#parts.intervalS === 0) return;
    const host = new SysHost(engine, sources);
    const nowMs = this.#parts.clock.nowMs();
    host.update(this.#process(nowMs), 0, nowMs);
    this.#hosts.push(host);
    if (this.#timer === undefined) this.#wait();
  }

  /** Publishes nothing any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#hosts.length = 0;
  }

  #wait(): void {
    const { clock, intervalS } = this.#parts;
    this.#timer = clock.after(intervalS * 1_000, () => {
      this.#update(clock.nowMs());
      this.#wait();
    });
  }

  #update(nowMs: number): void {
    const process = this.#process(nowMs);
    const elapsedS = Math.max(nowMs - this.#updatedMs, 0) / 1_000; // somebody may have set the clock back
    this.#updatedMs = nowMs;
    for (const host of this.#hosts) host.update(process, elapsedS, nowMs);
  }

  #process(nowMs: number): Parameters<SysHost["update"]>[0] {
    const heapBytes = getHeapStatistics().used_heap_size;
    this.#heapMaxBytes = Math.max(this.#heapMaxBytes, heapBytes);
    const { count, bytes } = this.#parts.waiting();
    return {
      version: this.#parts.version,
      uptimeS: Math.max(Math.floor((nowMs - this.#startedMs) / 1_000), 0),
      heapBytes,
      heapMaxBytes: this.#heapMaxBytes,
      waitingCount: count,
      waitingBytes: bytes,
    };
  }
}
