import { Address, BrokerError, type HostResident, parseId, type VirtualHost } from "@tsapollo/domain";

/** Before the id of the durable subscription, in the key of what is saved of a shared one. */
const SHARE_PREFIX = "amqp-share:";

/** Something that another one of the same name can take the place of. */
export interface Replaceable {
  /** Another connection of the container has attached a link of the same name. */
  stolen(): void;
}

/**
 * What the connections of all connectors must know of each other: containers that want to be alone, links of durable
 * subscriptions, and how many share a volatile subscription. One per broker. [AMQP 2.4.1, 2.6.1; JMS mapping]
 */
export class AmqpContainers implements HostResident {
  readonly #alone: Map<string, number> = new Map();
  readonly #durable: Map<string, Replaceable> = new Map();
  readonly #shares: Map<string, number> = new Map();

  /** A connection of a container begins. `false`: it wants to be alone and is not. */
  enter(hostId: string, containerId: string, alone: boolean): boolean {
    const key = keyOf(hostId, containerId);
    const count = this.#alone.get(key) ?? 0;
    if (alone && count > 0) return false;
    this.#alone.set(key, count + 1);
    return true;
  }

  /** A connection that entered is over. */
  leave(hostId: string, containerId: string): void {
    const key = keyOf(hostId, containerId);
    const count = (this.#alone.get(key) ?? 0) - 1;
    if (count > 0) this.#alone.set(key, count);
    else this.#alone.delete(key);
  }

  /** A link takes a durable subscription's place; whoever had it loses it. */
  take(hostId: string, containerId: string, linkName: string, link: Replaceable): void {
    const key = keyOf(hostId, containerId, linkName);
    const before = this.#durable.get(key);
    this.#durable.set(key, link);
    before?.stolen();
  }

  /** A link gives its place back, unless another one has it already. */
  give(hostId: string, containerId: string, linkName: string, link: Replaceable): void {
    const key = keyOf(hostId, containerId, linkName);
    if (this.#durable.get(key) === link) this.#durable.delete(key);
  }

  /**
   * One more link uses a subscription that lives as long as somebody does. That is saved, so that one whose links did
   * not outlive the broker goes when it starts again.
   */
  share({ id, states }: VirtualHost, subscription: Address): void {
    const key = keyOf(id, subscription.key);
    const count = this.#shares.get(key) ?? 0;
    this.#shares.set(key, count + 1);
    if (count === 0) states.save(SHARE_PREFIX + subscription.id, () => new Uint8Array(1));
  }

  /** One link less. With the last one the subscription goes; who may not destroy it leaves it until the next start. */
  unshare(host: VirtualHost, subscription: Address): void {
    const key = keyOf(host.id, subscription.key);
    const count = (this.#shares.get(key) ?? 1) - 1;
    if (count > 0) this.#shares.set(key, count);
    else {
      this.#shares.delete(key);
      endShare(host, subscription);
    }
  }

  hostStarted(host: VirtualHost): void {
    for (const key of host.states.keys(SHARE_PREFIX)) {
      endShare(host, new Address("dsub", parseId(key.slice(SHARE_PREFIX.length))));
    }
  }

  hostStopping(): void {
    // what is shared is known by what is saved
  }
}

function endShare(host: VirtualHost, subscription: Address): void {
  try {
    host.destroy(subscription);
  } catch (error) {
    if (error instanceof BrokerError) return;
    throw error;
  }
  host.states.save(SHARE_PREFIX + subscription.id, () => undefined);
}

function keyOf(...parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join(",");
}
