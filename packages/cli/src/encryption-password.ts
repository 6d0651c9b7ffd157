import { BrokerError } from "@tsapollo/domain";
import type { Context } from "./command.ts";

const VARIABLE = "APOLLO_ENCRYPTION_PASSWORD";

/**
 * The password that encrypts values of property files. [instance 6]
 * @throws BrokerError BAD_CONFIGURATION when the environment does not have it
 */
export function encryptionPassword({ environment }: Context): string {
  const password = environment[VARIABLE];
  if (password) return password;
  throw new BrokerError(
    "BAD_CONFIGURATION",
    `the environment variable ${VARIABLE} is not set: it is the password of encrypted values`,
  );
}
