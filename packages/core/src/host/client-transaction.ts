import {
  type Address,
  BrokerError,
  type Delivery,
  type Message,
  type Outcome,
  type Transaction,
} from "@tsapollo/domain";
import type { Client } from "./client.ts";

interface MatchingStep {
  readonly what: "publish matching";
  readonly addresses: readonly Address[];
  readonly message: Message;
  readonly destinationsMax: number;
  /** What the addresses stand for, once the commit has begun. */
  destinations: readonly Address[];
}

type Step =
  | MatchingStep
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

  get refusal(): BrokerError | undefined {
    return this.#refusal;
  }

  publish(address: Address, message: Message): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = this.#client.routeTo(address).refusal;
    if (this.#takes(message)) this.#steps.push({ what: "publish", address, message });
  }

  publishToMatching(addresses: readonly Address[], message: Message, destinationsMax: number): void {
    if (this.#refusal !== undefined) return;
    for (const address of addresses) {
      if (!address.isPattern) this.#refusal ??= this.#client.routeTo(address).refusal;
    }
    if (this.#takes(message)) {
      this.#steps.push({ what: "publish matching", addresses, message, destinationsMax, destinations: [] });
    }
  }

  /** Counts a message that a step keeps. `false`: the commit will fail. */
  #takes(message: Message): boolean {
    if (this.#client.host.memory.isExhausted) {
      this.#refusal ??= new BrokerError(
        "TRANSACTION_LIMIT",
        "There is no memory for a transaction (memory_limit)",
      );
    }
    this.#count(message.sizeBytes);
    if (this.#refusal !== undefined) return false;
    message.own();
    return true;
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
    this.#client.over(this);
    const refusal = this.#refusal ?? this.#client.host.committer.trouble ?? this.#recheck(steps);
    if (refusal !== undefined) return done(refusal);
    const { committer } = this.#client.host;
    committer.binding += 1; // what it sends and what it takes are stored together, or not at all
    try {
      for (const step of steps) this.#apply(step);
    } finally {
      committer.binding -= 1;
    }
    committer.afterDurable(done);
  }

  #apply(step: Step): void {
    switch (step.what) {
      case "settle":
        step.delivery.settle(step.outcome);
        break;
      case "publish":
        this.#publish([step.address], step.message);
        break;
      case "publish matching":
        this.#publish(step.destinations, step.message);
        break;
      default:
        step satisfies never;
    }
  }

  #publish(addresses: readonly Address[], message: Message): void {
    const routes = addresses.map((address) => this.#client.routeTo(address));
    // an earlier step may have made somebody delete a destination: what was in it is discarded as well
    this.#client.deliverToEach(
      routes.filter(({ refusal }) => refusal === undefined),
      message,
    );
  }

  /** Destinations and rules may have changed since a step was added; what patterns stand for is known only now. */
  #recheck(steps: readonly Step[]): BrokerError | undefined {
    const { committer } = this.#client.host;
    committer.binding += 1; // what it sends and what it takes are stored together, or not at all
    try {
      for (const step of steps) {
        if (step.what === "settle") continue;
        if (step.what === "publish") {
          const { refusal } = this.#client.routeTo(step.address);
          if (refusal !== undefined) return refusal;
          continue;
        }
        const refusal = this.#resolve(step);
        if (refusal !== undefined) return refusal;
      }
    } finally {
      committer.binding -= 1;
    }
    return undefined;
  }

  #resolve(step: MatchingStep): BrokerError | undefined {
    try {
      step.destinations = this.#client.destinationsOf(step.addresses, step.destinationsMax);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      return error;
    }
    return step.destinations.map((address) => this.#client.routeTo(address).refusal).find(Boolean);
  }

  abort(): void {
    this.#forget();
    this.#client.over(this);
  }
}
