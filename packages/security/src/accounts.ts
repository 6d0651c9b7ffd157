import type { Credentials, Logger } from "@tsapollo/domain";
import { hostOf } from "./ip-address.ts";
import type { Decrypt, PropertiesParser } from "./login-module.ts";
import { type PasswordChecker, readStoredPassword, type StoredPassword } from "./password-checker.ts";

/** The accounts of a users file. [instance 3.2, 13.3] */
export interface Accounts {
  readonly passwords: ReadonlyMap<string, StoredPassword>;
  /** Some one-way password, compared for unknown users so that they take as long as known ones. */
  readonly decoy: StoredPassword | undefined;
}

/** What reading users and groups needs. */
export interface AccountFileParts {
  readonly parseProperties: PropertiesParser;
  readonly decrypt: Decrypt;
  readonly logger: Logger;
}

/**
 * Reads `user=password` lines; values are plain, `ENC(…)` or `scrypt(…)`. A `scrypt(…)` value that is not well
 * formed locks its account, with a warning.
 * @throws whatever `decrypt` throws: the whole file then counts as unreadable [instance 6]
 */
export function readAccounts(text: string, parts: AccountFileParts): Accounts {
  const passwords = new Map<string, StoredPassword>();
  let decoy: StoredPassword | undefined;
  for (const [user, value] of parts.parseProperties(text)) {
    const clear = decrypted(value, parts.decrypt);
    const stored: StoredPassword =
      clear === undefined ? readStoredPassword(value) : { form: "plain", text: clear };
    if (stored.form === "scrypt") decoy = stored;
    if (stored.form === "malformed") {
      parts.logger.warn({ user }, "user has a malformed scrypt(…) password and cannot log in");
    }
    passwords.set(user, stored);
  }
  return { passwords, decoy };
}

/** Whether the password is the user's. A missing password counts as empty. [instance 13.3] */
export async function checkAccount(
  accounts: Accounts,
  user: string,
  { password = "", remoteAddress }: Credentials,
  checker: PasswordChecker,
): Promise<boolean> {
  const asker = { user, address: hostOf(remoteAddress) };
  const stored = accounts.passwords.get(user);
  if (stored !== undefined) return checker.matches(stored, password, asker);
  if (accounts.decoy !== undefined) await checker.matches(accounts.decoy, password, asker);
  return false;
}

/** Groups by member name. No nesting, no wildcards. [instance 13.4] */
export type Memberships = ReadonlyMap<string, readonly string[]>;

/**
 * Reads `group=member|member` lines; members are trimmed, values may be `ENC(…)`.
 * @throws whatever `decrypt` throws
 */
export function readMemberships(text: string, separator: string, parts: AccountFileParts): Memberships {
  const groupsOf = new Map<string, string[]>();
  for (const [group, value] of parts.parseProperties(text)) {
    const clear = decrypted(value, parts.decrypt) ?? value;
    const members = separator === "" ? [clear] : clear.split(separator);
    for (const member of members) {
      const name = member.trim();
      if (name === "") continue;
      const groups = groupsOf.get(name);
      if (groups === undefined) groupsOf.set(name, [group]);
      else groups.push(group);
    }
  }
  return groupsOf;
}

/** The clear text of an `ENC(…)` value; undefined for any other value. [instance 6] */
function decrypted(value: string, decrypt: Decrypt): string | undefined {
  const text = value.trim();
  if (!text.startsWith("ENC(") || !text.endsWith(")")) return undefined;
  return decrypt(text.slice(4, -1));
}

/**
 * Whether a users file still has the account that `create` writes, `admin=password` in plain text; the broker
 * warns of it when it starts. [instance 20 #13]
 */
export function usesDefaultPassword(usersFileText: string, parseProperties: PropertiesParser): boolean {
  return parseProperties(usersFileText).get("admin") === "password";
}
