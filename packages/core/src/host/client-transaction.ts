import {
  type Address,
  BrokerError,
  type Delivery,
  type Message,
  type Outcome,
  type Transaction,
} from "@tsapollo/domain";
import type { Client } from "./client.ts";

type Step =
  | { readonly what: "publish"; readonly address: Address; readonly message: Message }
  | { readonly what: "settle"; readonly delivery: Delivery; readonly outcome: Outcome };

/**
 * Steps remembered until the commit, which applies all of them in one turn, so that everything durable in them
 * lands in one unit of work. Access is checked when a step is added: a refusal makes the commit fail before
 * anything is applied. [messaging 12]
 */
export class ClientTransaction implements Transaction {
  readonly #client: Client;
  #steps: Step[] = [];
  #bytes = 0;
  #refusal: BrokerError | undefined = undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  publish(address: Address, message: Message): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = this.#client.routeTo(address).refusal;
    if (this.#client.host.memory.isExhausted) {
      this.#refusal ??= new BrokerError(
        "TRANSACTION_LIMIT",
        "There is no memory for a transaction (memory_limit)",
      );
    }
    this.#count(message.sizeBytes);
    if (this.#refusal !== undefined) return;
    message.own();
    this.#steps.push({ what: "publish", address, message });
  }

  settle(delivery: Delivery, outcome: Outcome): void {
    if (this.#refusal !== undefined) return;
    this.#count(0);
    if (this.#refusal === undefined) this.#steps.push({ what: "settle", delivery, outcome });
  }

  #count(bytes: number): void {
    const { transactionBytesMax } = this.#client.host.settings;
    const perStepBytes = 100; // what a step costs besides the message
    this.#bytes += bytes + perStepBytes;
    this.#client.host.memory.take(bytes + perStepBytes);
    if (this.#bytes <= transactionBytesMax) return;
    const text = `The transaction holds more than ${transactionBytesMax} bytes (transaction_limit of the virtual host)`;
    this.#refusal = new BrokerError("TRANSACTION_LIMIT", text);
    this.#forget();
  }

  #forget(): void {
    this.#steps = [];
    this.#client.host.memory.give(this.#bytes);
    this.#bytes = 0;
  }

  commit(done: (error?: BrokerError) => void): void {
    const steps = this.#steps;
    this.#forget();
    const refusal = this.#refusal ?? this.#recheck(steps);
    if (refusal !== undefined) return done(refusal);
    for (const step of steps) {
      if (step.what === "settle") step.delivery.settle(step.outcome);
      else this.#publish(step.address, step.message);
    }
    this.#client.host.committer.afterDurable(done);
  }

  #publish(address: Address, message: Message): void {
    const route = this.#client.routeTo(address);
    // an earlier step may have made somebody delete the destination: what was in it is discarded as well
    if (route.refusal === undefined) this.#client.deliver(route, message);
  }

  /** Destinations and rules may have changed since a step was added. */
  #recheck(steps: readonly Step[]): BrokerError | undefined {
    for (const step of steps) {
      if (step.what !== "publish") continue;
      const { refusal } = this.#client.routeTo(step.address);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  abort(): void {
    this.#forget();
  }
}
