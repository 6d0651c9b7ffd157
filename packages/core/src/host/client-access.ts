import { Address, BrokerError, parseId } from "@tsapollo/domain";
import type { CollectingRights } from "../queue/durable-subscription.ts";
import type { Queue } from "../queue/queue.ts";
import type { Topic } from "../topic/topic.ts";
import type { Bearer, Guard } from "./guard.ts";
import type { HostEngine } from "./host-engine.ts";
import { isSystem } from "./system-topics.ts";
import { DeletedDestinations, ownerOf } from "./temporary.ts";

/** What one client may do to which destinations, and the destinations themselves once that is settled. [messaging 13] */
export class ClientAccess implements CollectingRights {
  /** Temporary destinations of its own that the client deleted. */
  readonly deleted: DeletedDestinations = new DeletedDestinations();
  readonly #guard: Guard;
  readonly #host: HostEngine;
  readonly #clientId: string;

  constructor(guard: Guard, host: HostEngine, clientId: string) {
    this.#guard = guard;
    this.#host = host;
    this.#clientId = clientId;
  }

  /** Whose rights these are. */
  get bearer(): Bearer | undefined {
    return this.#guard.bearer;
  }

  /**
   * The topic of a name, made if need be, after the checks for an action.
   * @throws BrokerError
   */
  topicFor(address: Address, action: "send" | "receive"): Topic {
    refusePattern(address);
    if (action !== "send") this.#checkOwner(address);
    const existing = this.#host.router.topics.get(address.id);
    if (existing === undefined) this.#checkCreate(address);
    this.#guard.demand(action, address);
    return existing ?? this.#host.router.createTopic(address);
  }

  /**
   * The queue, or the queue of the durable subscription, of a name, made if need be, after the checks.
   * @throws BrokerError
   */
  queueFor(address: Address, action: "send" | "consume" | "receive"): Queue {
    refusePattern(address);
    if (action !== "send") this.#checkOwner(address);
    const { router } = this.#host;
    if (address.kind === "dsub") {
      const durable = router.dsubs.get(address.id);
      if (durable === undefined) {
        const text =
          action === "send" ? "The destination does not exist." : "Durable subscription does not exist";
        throw new BrokerError("DESTINATION_MISSING", text);
      }
      this.#guard.demand(action, address);
      return durable.queue;
    }
    const existing = router.queues.get(address.id);
    if (existing === undefined) this.#checkCreate(address);
    this.#guard.demand(action, address);
    return existing ?? router.createQueue(address);
  }

  /** Whether the client may see what is published to a topic, by its id. */
  mayReceiveTopic(topicId: string): boolean {
    const address = this.#host.router.topics.get(topicId)?.address ?? new Address("topic", parseId(topicId));
    return this.#owns(address) && this.#guard.may("receive", address);
  }

  /** Whether the client may take from, or look at, a destination that a pattern of its covers. */
  mayTake(action: "consume" | "receive", address: Address): boolean {
    return this.#owns(address) && this.#guard.may(action, address);
  }

  /**
   * Checks that a durable subscription of this client may collect from an address.
   * @throws BrokerError BAD_ADDRESS, ACCESS_DENIED
   */
  checkCollectable(address: Address): void {
    if (address.kind !== "topic") {
      const text = "A persistent subscription can only be used on a topic destination";
      throw new BrokerError("BAD_ADDRESS", text);
    }
    if (address.isPattern) return;
    this.#checkOwner(address);
    this.#guard.demand("receive", address);
  }

  /** @throws BrokerError ACCESS_DENIED */
  checkDestroyable(address: Address): void {
    if (!this.#owns(address)) {
      const text = `Not authorized to destroy the temp ${address.kind} '${address.id}'. Principals=${this.#guard.principals}`;
      throw new BrokerError("ACCESS_DENIED", text);
    }
    this.#guard.demand("destroy", address);
  }

  /** Whether a destination is not another client's temporary one. */
  #owns(address: Address): boolean {
    const owner = ownerOf(address, this.#host.brokerId);
    return owner === undefined || owner === this.#clientId;
  }

  /** Only its owner may consume from a temporary destination. [messaging 2.9] */
  #checkOwner(address: Address): void {
    if (this.#owns(address)) return;
    const text = `Not authorized to receive from the temporary destination. Principals=${this.#guard.principals}`;
    throw new BrokerError("ACCESS_DENIED", text);
  }

  #checkCreate(address: Address): void {
    if (this.#guard.isBroker && isSystem(address)) return;
    const { router } = this.#host;
    if (!router.autoCreates) throw new BrokerError("DESTINATION_MISSING", "The destination does not exist.");
    if (ownerOf(address, this.#host.brokerId) === this.#clientId) this.deleted.remove(address);
    else if (this.#host.isOver(address)) {
      // whoever sends would never learn that nobody can answer any more
      throw new BrokerError("DESTINATION_MISSING", "The destination does not exist.");
    }
    this.#guard.demand("create", address);
    router.checkLimit();
  }
}

function refusePattern(address: Address): void {
  if (address.isPattern) throw new BrokerError("BAD_ADDRESS", `Cannot send to the pattern '${address.id}'`);
}
