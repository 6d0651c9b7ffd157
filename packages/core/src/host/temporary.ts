import { type Address, BrokerError } from "@tsapollo/domain";

/** First part of the names of temporary destinations: `temp.<broker id>.<client id>.<name>`. [messaging 2.9] */
const FIRST_PART = "temp";

/** Whether a destination lives only as long as a client. */
export function isTemporary(address: Address): boolean {
  return address.path[0] === FIRST_PART;
}

/**
 * The client that a temporary destination of this broker belongs to; undefined for one of another broker.
 * @throws BrokerError BAD_ADDRESS when the name has no owner
 */
export function ownerOf(address: Address, brokerId: string): string | undefined {
  const [, broker, owner] = address.path;
  if (broker === undefined || typeof owner !== "string") {
    throw new BrokerError("BAD_ADDRESS", "Invalid temp destination name. Owner id missing");
  }
  return broker === brokerId ? owner : undefined;
}
