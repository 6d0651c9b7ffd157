import { PRINCIPAL_KINDS } from "@tsapollo/domain";
import { type LoadContext, MISSING_ELEMENT, textsOf } from "../load-context.ts";
import type { AuthenticationConfig } from "../security-config.ts";
import { AUTHENTICATION } from "../tables/security.ts";
import type { XmlElement } from "../xml/element.ts";

/** `<authentication>`; a level without the element has none. [instance 7.9, 13.1] */
export function buildAuthentication(
  element: XmlElement | undefined,
  context: LoadContext,
): AuthenticationConfig {
  const from = element ?? MISSING_ELEMENT;
  const { enabled, domain } = context.read(from, AUTHENTICATION);
  const users = textsOf(from, "user_principal_kind").map(principalKind);
  const acls = textsOf(from, "acl_principal_kind").map(principalKind);
  return {
    enabled: enabled && element !== undefined,
    domain,
    userPrincipalKinds: users.length > 0 ? users : [PRINCIPAL_KINDS.user, PRINCIPAL_KINDS.x500],
    aclPrincipalKinds: acls.length > 0 ? acls : [PRINCIPAL_KINDS.group],
  };
}

/** The class name that a short name stands for; any other name stands for itself. [instance 21.4] */
export function principalKind(name: string): string {
  return Object.hasOwn(PRINCIPAL_KINDS, name) ? PRINCIPAL_KINDS[name as keyof typeof PRINCIPAL_KINDS] : name;
}
