import type { Identity } from "@tsapollo/domain";
import type { UserHeader } from "./options.ts";

/**
 * Headers that name who sent a message, as the connector wants them. They stand before the client's own, so
 * they cannot be forged. None without authentication. [messaging 15.6, instance 8.1]
 */
export function userHeaders(
  wanted: readonly UserHeader[],
  identity: Identity | undefined,
): readonly (readonly [string, string])[] {
  if (identity === undefined) return [];
  return wanted.map((header) => [header.name.trim(), userHeaderValue(header, identity)] as const);
}

function userHeaderValue({ kind, separator }: UserHeader, identity: Identity): string {
  if (kind === undefined) return identity.userName ?? "";
  const names: string[] = [];
  for (const principal of identity.principals) {
    if (kind === "*" || principal.kind === kind) names.push(principal.name);
  }
  return separator === undefined ? (names[0] ?? "") : names.join(separator);
}
