import { BrokerError, PRINCIPAL_KINDS } from "@tsapollo/domain";
import { parseDocument } from "yaml";
import { failure, type LoginModuleFactory, type LoginResult } from "../login-module.ts";
import { watchOption } from "../module-options.ts";

/** User names by distinguished name; undefined for a certificate that is let in without one. */
type CertificateUsers = ReadonlyMap<string, string | undefined>;

/** The client's verified TLS certificates, all of them or those that a file names. [instance 13.5] */
export const CERTIFICATE: LoginModuleFactory = {
  names: [
    "org.apache.activemq.apollo.broker.security.CertificateLoginModule",
    "CertificateLoginModule",
    "certificate",
  ],
  options: ["dn_file"],
  create(context) {
    const path = context.options.get("dn_file");
    const file =
      path === undefined ? undefined : watchOption(context, path, "certificate names file", readUsers);
    return {
      async login({ certificateNames }) {
        if (certificateNames.length === 0) return failure("no-certificate", "No associated certificates");
        if (file === undefined) return accept(certificateNames, new Map());
        const users = await file.read();
        if (users.state !== "ready") {
          return failure("module-unavailable", "Invalid login module configuration");
        }
        const known = certificateNames.filter((name) => users.value.has(name));
        if (known.length > 0) return accept(known, users.value);
        return failure("certificate-unknown", `Unknown distinguished names: [${certificateNames.join(";")}]`);
      },
    };
  },
};

function accept(names: readonly string[], users: CertificateUsers): LoginResult {
  return {
    outcome: "success",
    contribute: (subject) => {
      for (const name of names) {
        subject.add(PRINCIPAL_KINDS.x500, name);
        const user = users.get(name);
        if (user !== undefined) subject.add(PRINCIPAL_KINDS.user, user);
      }
    },
  };
}

/** @throws when the text is not a YAML map of names to user names */
function readUsers(text: string): CertificateUsers {
  const document = parseDocument(text);
  const problem = document.errors[0];
  if (problem !== undefined) throw problem;
  const content: unknown = document.toJS({ mapAsMap: true });
  const users = new Map<string, string | undefined>();
  if (content === null || content === undefined) return users; // an empty file lets nobody in
  if (!(content instanceof Map)) throw notAMap("it must be a map of distinguished names to user names");
  for (const [name, user] of content as Map<unknown, unknown>) {
    if (typeof user === "object" && user !== null) throw notAMap(`the user name of '${name}' is not a text`);
    users.set(String(name), user === null || user === undefined ? undefined : String(user));
  }
  return users;
}

function notAMap(text: string): BrokerError {
  return new BrokerError("BAD_CONFIGURATION", text);
}
