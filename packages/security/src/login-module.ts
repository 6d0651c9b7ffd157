import type { Clock, Credentials, Logger, Principal } from "@tsapollo/domain";
import type { PasswordChecker } from "./password-checker.ts";

/**
 * Why a module said no, from the least to the most telling. When several modules fail, the log names the most
 * telling one: a wrong password explains more than a missing certificate. [instance 20 #9]
 */
export const FAILURE_CAUSES = [
  "no-certificate",
  "no-user",
  "certificate-unknown",
  "wrong-password",
  "address-refused",
  "module-unavailable",
] as const;

/** One of {@link FAILURE_CAUSES}. */
export type FailureCause = (typeof FAILURE_CAUSES)[number];

/** A module's refusal; the reason goes to the security log, never to the client. */
export interface LoginFailure {
  readonly outcome: "failure";
  readonly cause: FailureCause;
  readonly reason: string;
}

/**
 * What a module says. `ignored`: it has no opinion, but may contribute. Contributions happen only when the whole
 * login succeeds, in the order of the modules, so a module sees what those before it added.
 */
export type LoginResult =
  | { readonly outcome: "success" | "ignored"; readonly contribute?: (subject: Subject) => void }
  | LoginFailure;

/** One step of a login. Shared by all logins, so it keeps no state of any. */
export interface LoginModule {
  login(credentials: Credentials): Promise<LoginResult>;
}

/** What a module is made from. */
export interface LoginModuleContext {
  readonly options: ReadonlyMap<string, string>;
  /** Directory of login.config; relative files start here. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly passwords: PasswordChecker;
  readonly parseProperties: PropertiesParser;
  readonly decrypt: Decrypt;
}

/** Reads the text of a Java properties file. */
export type PropertiesParser = (text: string) => ReadonlyMap<string, string>;

/** Decrypts the Base64 text between `ENC(` and `)`; throws when the password is missing or wrong. [instance 6] */
export type Decrypt = (value: string) => string;

/** Makes modules of one sort. */
export interface LoginModuleFactory {
  /** The class names, full, bare and short, that name it in login.config. */
  readonly names: readonly string[];
  /** Options it knows. */
  readonly options: readonly string[];
  /** @throws BrokerError BAD_CONFIGURATION when an option is missing or wrong */
  create(context: LoginModuleContext): LoginModule;
}

/** Collects who a client is, while a login comes to its end. Each principal stands in it once. */
export class Subject {
  readonly #principals: Principal[] = [];

  get principals(): readonly Principal[] {
    return this.#principals;
  }

  add(kind: string, name: string): void {
    if (this.#principals.some((one) => one.kind === kind && one.name === name)) return;
    this.#principals.push({ kind, name });
  }
}

/** A module's refusal. */
export function failure(cause: FailureCause, reason: string): LoginFailure {
  return { outcome: "failure", cause, reason };
}
