/** A version of the protocol. */
export type StompVersion = "1.0" | "1.1" | "1.2";

/** The versions there are, best first. */
export const STOMP_VERSIONS: readonly StompVersion[] = Object.freeze(["1.2", "1.1", "1.0"]);

/**
 * The best version that an `accept-version` header and we have in common; without the header it is 1.0.
 * `undefined`: none. Items are compared as they stand, unknown ones are ignored.
 */
export function negotiateVersion(acceptVersion: string | undefined): StompVersion | undefined {
  if (acceptVersion === undefined) return "1.0";
  const accepted = acceptVersion.split(",");
  return STOMP_VERSIONS.find((version) => accepted.includes(version));
}
