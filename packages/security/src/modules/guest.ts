import { PRINCIPAL_KINDS } from "@tsapollo/domain";
import type { LoginModuleFactory, Subject } from "../login-module.ts";

/**
 * Lets in who shows neither user name nor password; an empty one counts as shown. Its principals are for those who
 * are nobody yet, so it belongs at the end of a domain. [instance 13.7]
 */
export const GUEST: LoginModuleFactory = {
  names: ["org.apache.activemq.apollo.broker.security.GuestLoginModule", "GuestLoginModule", "guest"],
  options: ["user", "group"],
  create({ options }) {
    const user = options.get("user");
    const group = options.get("group");
    return {
      async login(credentials) {
        if (credentials.user !== undefined || credentials.password !== undefined) {
          return { outcome: "ignored" };
        }
        return {
          outcome: "success",
          contribute: (subject) => {
            if (!isNobody(subject)) return;
            if (user !== undefined) subject.add(PRINCIPAL_KINDS.user, user);
            if (group !== undefined) subject.add(PRINCIPAL_KINDS.group, group);
          },
        };
      },
    };
  },
};

function isNobody({ principals }: Subject): boolean {
  return (
    principals.length === 0 || (principals.length === 1 && principals[0]!.kind === PRINCIPAL_KINDS.address)
  );
}
