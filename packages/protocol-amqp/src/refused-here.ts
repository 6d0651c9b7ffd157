import type { Delivery, Message, MessageFilter } from "@tsapollo/domain";

/** Deliveries of one link that are remembered; the oldest is forgotten when there is one more. */
const REMEMBERED_MAX = 10_000;

/**
 * What a link said it cannot take, by `modified` with `undeliverable-here`: left out of what it gets, and there for
 * others. Remembered as long as the link lives. [AMQP 3.4.5]
 */
export class RefusedHere implements MessageFilter {
  readonly text: string;
  readonly #wanted: MessageFilter | undefined;
  /** Whether a number in a queue is one message to the link, so that it is known again when it was out of memory. */
  readonly #numbered: boolean;
  readonly #messages: WeakSet<Message> = new WeakSet();
  readonly #numbers: Set<string> = new Set();

  /**
   * @param wanted what the link wants besides
   * @param numbered whether all its deliveries come from queues, or from one durable subscription
   */
  constructor(wanted: MessageFilter | undefined, numbered: boolean) {
    this.text = wanted?.text ?? "";
    this.#wanted = wanted;
    this.#numbered = numbered;
  }

  add(delivery: Delivery): void {
    this.#messages.add(delivery.message);
    if (!this.#numbered) return;
    const numbers = this.#numbers;
    numbers.add(numberOf(delivery));
    if (numbers.size > REMEMBERED_MAX) for (const oldest of numbers) return void numbers.delete(oldest);
  }

  /** Whether a message that was read from the store since is one that was refused; then it is known from now on. */
  knows(delivery: Delivery): boolean {
    if (this.#numbers.size === 0 || !this.#numbers.has(numberOf(delivery))) return false;
    this.#messages.add(delivery.message);
    return true;
  }

  matches(message: Message): boolean {
    return !this.#messages.has(message) && (this.#wanted?.matches(message) ?? true);
  }
}

function numberOf({ address, sequence }: Delivery): string {
  return `${sequence} ${address.key}`;
}
