import type { Address, BrokerError, Consumer, Delivery } from "@tsapollo/domain";

/** Who is told of it. */
export interface FailureObserver {
  consumerFailed(consumer: Consumer, error: unknown): void;
}

/**
 * Keeps what goes wrong in one consumer from everybody else: an exception counts as a refusal, and the consumer is
 * ended. Publishers and other consumers do not notice.
 */
export class ShieldedConsumer implements Consumer {
  readonly #inner: Consumer;
  readonly #observer: FailureObserver;
  #over = false;

  constructor(inner: Consumer, observer: FailureObserver) {
    this.#inner = inner;
    this.#observer = observer;
  }

  offer(delivery: Delivery): boolean {
    if (this.#over) return false;
    try {
      return this.#inner.offer(delivery);
    } catch (error) {
      this.#over = true;
      this.#observer.consumerFailed(this.#inner, error);
      return false;
    }
  }

  /** Its client leaves: nothing more is offered, so that what one subscription gives back does not go to the next. */
  close(): void {
    this.#over = true;
  }

  browsed(address: Address): void {
    this.#inner.browsed?.(address);
  }

  ended(reason: BrokerError): void {
    this.#inner.ended(reason);
  }
}
