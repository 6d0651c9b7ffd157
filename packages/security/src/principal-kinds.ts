import { PRINCIPAL_KINDS } from "@tsapollo/domain";

const ALIASES: ReadonlyMap<string, string> = new Map(Object.entries(PRINCIPAL_KINDS));

/**
 * The class name of a principal kind: `user`, `group`, `x500` and `address` are short for the usual ones, any
 * other text is a class name already. [instance 21.4]
 */
export function principalKind(text: string): string {
  return ALIASES.get(text) ?? text;
}
