import type { Address } from "@tsapollo/domain";

/** First level of the names that are the broker's own: what it says of itself. [MQTT-4.7.2-1] */
const FIRST_PART = "$SYS";

/**
 * Whether only the broker itself may send there. Everybody may listen whom the access rules let; wildcards at the first
 * level do not cover such names, and what such topics retain is not stored.
 */
export function isSystem(address: Address): boolean {
  return address.path[0] === FIRST_PART;
}
