import type { Address, Delivery, Message } from "@tsapollo/domain";

/** A message straight from a topic: shared by all who get it, and nothing happens when they settle it. */
export class TopicDelivery implements Delivery {
  readonly message: Message;
  readonly address: Address;
  readonly sequence = -1;
  readonly redeliveryCount = 0;
  readonly retained: boolean;

  constructor(message: Message, address: Address, retained: boolean) {
    this.message = message;
    this.address = address;
    this.retained = retained;
  }

  settle(): void {}
}
