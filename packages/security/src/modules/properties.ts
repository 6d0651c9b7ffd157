import { PRINCIPAL_KINDS } from "@tsapollo/domain";
import { checkAccount, readAccounts, readMemberships } from "../accounts.ts";
import { failure, type LoginModuleFactory } from "../login-module.ts";
import { requiredOption, watchOption } from "../module-options.ts";

const USERS_OPTION = "org.apache.activemq.jaas.properties.user";
const GROUPS_OPTION = "org.apache.activemq.jaas.properties.group";

/** A users file and a groups file in one module; members are separated by commas. [instance 13.8, 21.4] */
export const PROPERTIES: LoginModuleFactory = {
  names: ["org.apache.activemq.jaas.PropertiesLoginModule", "PropertiesLoginModule", "properties"],
  options: [USERS_OPTION, GROUPS_OPTION],
  create(context) {
    const usersFile = watchOption(context, requiredOption(context, USERS_OPTION), "properties file", (text) =>
      readAccounts(text, context),
    );
    const groupsFile = watchOption(
      context,
      requiredOption(context, GROUPS_OPTION),
      "properties file",
      (text) => readMemberships(text, ",", context),
      true,
    );
    return {
      async login(credentials) {
        const { user } = credentials;
        const accounts = await usersFile.read();
        const groups = await groupsFile.read();
        if (accounts.state !== "ready") {
          return failure(
            "module-unavailable",
            `Unable to load user properties file: ${accounts.error.message}`,
          );
        }
        if (groups.state !== "ready") {
          return failure(
            "module-unavailable",
            `Unable to load group properties file: ${groups.error.message}`,
          );
        }
        if (user === undefined) return failure("no-user", "User id not provided");
        if (!(await checkAccount(accounts.value, user, credentials, context.passwords))) {
          return failure("wrong-password", `Invalid user id or password for user: ${user}`);
        }
        return {
          outcome: "success",
          contribute: (subject) => {
            subject.add(PRINCIPAL_KINDS.user, user);
            for (const group of groups.value.get(user) ?? []) subject.add(PRINCIPAL_KINDS.group, group);
          },
        };
      },
    };
  },
};
