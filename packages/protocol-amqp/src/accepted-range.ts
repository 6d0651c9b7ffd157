import type { Output } from "@tsapollo/domain";
import { ABSENT } from "./codec/frames.ts";
import { ACCEPTED_STATE, writeDisposition } from "./codec/write-frames.ts";

/** Deliveries from the client that are accepted and not told yet: consecutive ones are told together. [AMQP 2.7.6] */
export class AcceptedRange {
  #first: number = ABSENT;
  #last = 0;
  #settled = true;

  get isEmpty(): boolean {
    return this.#first === ABSENT;
  }

  /** Takes one more. `false`: it does not follow those that are there, which must be told first. */
  add(id: number, settled: boolean): boolean {
    if (this.#first === ABSENT) {
      this.#first = id;
      this.#settled = settled;
    } else if (id !== (this.#last + 1) >>> 0 || settled !== this.#settled) return false;
    this.#last = id;
    return true;
  }

  /** Forgets them; they were told, or nobody is there to be told. */
  clear(): void {
    this.#first = ABSENT;
  }

  /** Tells the client. */
  write(output: Output, channel: number): void {
    writeDisposition(output, channel, true, this.#first, this.#last, this.#settled, ACCEPTED_STATE);
    this.clear();
  }
}
