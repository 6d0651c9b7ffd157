import { PRINCIPAL_KINDS } from "@tsapollo/domain";
import { type Memberships, readMemberships } from "../accounts.ts";
import type { LoginModuleFactory, Subject } from "../login-module.ts";
import { requiredOption, watchOption } from "../module-options.ts";
import { principalKind } from "../principal-kinds.ts";

/** Groups, from a properties file, of the principals that modules before it added. [instance 13.4] */
export const FILE_GROUPS: LoginModuleFactory = {
  names: [
    "org.apache.activemq.apollo.broker.security.FileGroupLoginModule",
    "FileGroupLoginModule",
    "groups",
  ],
  options: ["file", "match", "separator"],
  create(context) {
    const match = principalKind(context.options.get("match") ?? PRINCIPAL_KINDS.user);
    const separator = context.options.get("separator") ?? "|";
    // Who loses its groups also slips through the rules that deny them something.
    const file = watchOption(
      context,
      requiredOption(context, "file"),
      "properties file",
      (text) => readMemberships(text, separator, context),
      true,
    );
    return {
      async login() {
        const groups = await file.read();
        if (groups.state !== "ready") return { outcome: "ignored" };
        return { outcome: "ignored", contribute: (subject) => addGroups(subject, match, groups.value) };
      },
    };
  },
};

function addGroups(subject: Subject, match: string, groupsOf: Memberships): void {
  const members = subject.principals.filter(({ kind }) => kind === match);
  for (const { name } of members) {
    for (const group of groupsOf.get(name) ?? []) subject.add(PRINCIPAL_KINDS.group, group);
  }
}
