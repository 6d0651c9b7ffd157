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
  #failed = false;

  constructor(inner: Consumer, observer: FailureObserver) {
    this.#inner = inner;
    this.#observer = observer;
  }

  offer(delivery: Delivery): boolean {
    if (this.#failed) return false;
    try {
      return this.#inner.offer(delivery);
    } catch (error) {
      this.#failed = true;
      this.#observer.consumerFailed(this.#inner, error);
      return false;
    }
  }

  browsed(address: Address): void {
    this.#inner.browsed?.(address);
  }

  ended(reason: BrokerError): void {
    this.#inner.ended(reason);
  }
}
