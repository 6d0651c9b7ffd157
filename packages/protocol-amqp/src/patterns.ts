import { type Address, BrokerError } from "@tsapollo/domain";

/**
 * Whether there are wildcards among the addresses that a message is for.
 * @param destinationsMax most destinations that wildcards may stand for; 0: there must be none
 * @throws BrokerError BAD_ADDRESS
 */
export function hasPattern(addresses: readonly Address[], destinationsMax: number): boolean {
  for (const { isPattern, id } of addresses) {
    if (!isPattern) continue;
    if (destinationsMax > 0) return true;
    const text = `Cannot send to the pattern '${id}': wildcards are for receivers unless the connector's wildcard_send_max says otherwise`;
    throw new BrokerError("BAD_ADDRESS", text);
  }
  return false;
}
