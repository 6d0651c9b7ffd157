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

/** Whether a destination lives only as long as a client of this broker. */
export function isTemporary(address: Address, brokerId: string): boolean {
  return ownerOf(address, brokerId) !== undefined;
}
