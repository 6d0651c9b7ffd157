import type { Address } from "@tsapollo/domain";

/** First part of the names of temporary destinations: `temp.<broker id>.<client id>.<name>`. [messaging 2.9] */
const FIRST_PART = "temp";

/**
 * The client that a temporary destination of this broker belongs to. Undefined for every other destination, and
 * those are ordinary ones, whatever they are called. An empty text stands for a name that lacks its owner.
 */
export function ownerOf(address: Address, brokerId: string): string | undefined {
  const [first, broker, owner] = address.path;
  if (first !== FIRST_PART || broker !== brokerId) return undefined;
  return typeof owner === "string" ? owner : "";
}

/** Names that a client deleted and that are remembered; of more the oldest are forgotten. */
const DELETED_MAX = 1_000;

/**
 * Temporary destinations that their owner deleted while it stays: what others still send there is refused, as when
 * the owner had gone, until the owner itself makes the destination again. [messaging 2.9, OW-011]
 */
export class DeletedDestinations {
  #keys: Set<string> | undefined = undefined;

  has({ key }: Address): boolean {
    return this.#keys?.has(key) ?? false;
  }

  add({ key }: Address): void {
    this.#keys ??= new Set();
    this.#keys.add(key);
    if (this.#keys.size <= DELETED_MAX) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      return;
    }
  }

  /** It is made again. */
  remove({ key }: Address): void {
    this.#keys?.delete(key);
  }
}

/** Whether a destination lives only as long as a client of this broker. */
export function isTemporary(address: Address, brokerId: string): boolean {
  return ownerOf(address, brokerId) !== undefined;
}
