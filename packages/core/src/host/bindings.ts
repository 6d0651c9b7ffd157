import { BrokerError } from "@tsapollo/domain";

/** About what it takes to be joined to one queue, in bytes. */
export const LINK_BYTES = 200;

/** About what a retained message takes that waits for a new listener, besides itself, in bytes. */
export const OWED_BYTES = 50;

/**
 * What joins one client's subscriptions to destinations, in bytes. One SUBSCRIBE to a wildcard joins as many queues, or
 * is owed as many retained messages, as there are: without a bound a few thousand of them take all memory.
 */
export class Bindings {
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** What is in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds, or with a negative number takes away, without a check. */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** @throws BrokerError DESTINATION_LIMIT when more is in use than may be */
  check(): void {
    if (this.#bytes <= this.#limitBytes) return;
    const text = `The subscriptions of a client may be joined to ${Math.floor(this.#limitBytes / LINK_BYTES)} queues (bindings_limit of the virtual host)`;
    throw new BrokerError("DESTINATION_LIMIT", text);
  }
}
