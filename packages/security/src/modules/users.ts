import { PRINCIPAL_KINDS } from "@tsapollo/domain";
import { checkAccount, readAccounts } from "../accounts.ts";
import { failure, type LoginModuleFactory } from "../login-module.ts";
import { requiredOption, watchOption } from "../module-options.ts";

/** User names and passwords from a properties file. [instance 13.3] */
export const FILE_USERS: LoginModuleFactory = {
  names: ["org.apache.activemq.apollo.broker.security.FileUserLoginModule", "FileUserLoginModule", "users"],
  options: ["file"],
  create(context) {
    const file = watchOption(context, requiredOption(context, "file"), "properties file", (text) =>
      readAccounts(text, context),
    );
    return {
      async login(credentials) {
        const { user } = credentials;
        const accounts = await file.read();
        if (accounts.state !== "ready") return { outcome: "ignored" };
        if (user === undefined) return failure("no-user", "User id not provided");
        if (!(await checkAccount(accounts.value, user, credentials, context.passwords))) {
          return failure("wrong-password", `Invalid user id or password for user: ${user}`);
        }
        return { outcome: "success", contribute: (subject) => subject.add(PRINCIPAL_KINDS.user, user) };
      },
    };
  },
};
