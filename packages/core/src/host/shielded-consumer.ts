import type { Address, BrokerError, Consumer, Delivery } from "@tsapollo/domain";

/**
 * Keeps what goes wrong in one consumer from everybody else: an exception counts as a refusal, and the consumer is
 * ended. Publishers and other consumers do not notice.
 */
export class ShieldedConsumer implements Consumer {
  readonly #inner: Consumer;
  readonly #onFailure: (consumer: Consumer, error: unknown) => void;
  #failed = false;

  constructor(inner: Consumer, onFailure: (consumer: Consumer, error: unknown) => void) {
    this.#inner = inner;
    this.#onFailure = onFailure;
  }

  offer(delivery: Delivery): boolean {
    if (this.#failed) return false;
    try {
      return this.#inner.offer(delivery);
    } catch (error) {
      this.#failed = true;
      this.#onFailure(this.#inner, error);
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
