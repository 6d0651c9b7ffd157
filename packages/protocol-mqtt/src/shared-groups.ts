import { Address, BrokerError, type Logger, parseId, type VirtualHost } from "@tsapollo/domain";

/** Before the id of the durable subscription, in the key of a group's saved value. */
const GROUP_PREFIX = "mqtt-share:";

/**
 * The durable subscription of a group and a filter. Its members consume from it, so that each message goes to one
 * of them, and to another one when that one leaves without having acknowledged it. [MQTT5-4.8.2]
 * @param group undefined for `$queue/…`
 */
export function sharedAddress(group: string | undefined, filter: Address): Address {
  const path = group === undefined ? ["$queue", filter.id] : ["$share", group, filter.id];
  return new Address("dsub", path);
}

/**
 * Which groups there are and how many sessions are in each. With the last session its durable subscription goes. Groups
 * are remembered, so that those whose sessions did not outlive the broker are cleaned up when it starts.
 */
export class SharedGroups {
  readonly #members = new Map<string, number>();
  readonly #host: () => VirtualHost | undefined;
  readonly #log: Logger;

  /** @param host the broker's own view of the virtual host, once there is one */
  constructor(host: () => VirtualHost | undefined, log: Logger) {
    this.#host = host;
    this.#log = log;
  }

  /** How many groups there are. */
  get size(): number {
    return this.#members.size;
  }

  /** A session is a member from now on. */
  join(durable: Address): void {
    const members = this.#members.get(durable.id) ?? 0;
    this.#members.set(durable.id, members + 1);
    if (members === 0) this.#host()?.states.save(GROUP_PREFIX + durable.id, () => new Uint8Array(1));
  }

  /** A session is no member any more. */
  leave(durable: Address): void {
    const members = this.#members.get(durable.id);
    if (members === undefined) return;
    if (members > 1) {
      this.#members.set(durable.id, members - 1);
      return;
    }
    this.#members.delete(durable.id);
    this.#destroy(durable);
  }

  /** Called when all saved sessions have joined: what is left of groups nobody is in goes. */
  cleanUp(): void {
    for (const key of this.#host()?.states.keys(GROUP_PREFIX) ?? []) {
      const id = key.slice(GROUP_PREFIX.length);
      if (!this.#members.has(id)) this.#destroy(new Address("dsub", parseId(id)));
    }
  }

  #destroy(durable: Address): void {
    const host = this.#host();
    if (host === undefined) return;
    host.states.save(GROUP_PREFIX + durable.id, () => undefined);
    try {
      host.destroy(durable);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#log.warn({ reason: error.message }, "the durable subscription of a shared subscription stays");
    }
  }
}
