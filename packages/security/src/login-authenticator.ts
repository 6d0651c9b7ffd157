import {
  type Authenticator,
  BrokerError,
  type Clock,
  type Credentials,
  type Identity,
  type Logger,
  PRINCIPAL_KINDS,
  type Principal,
} from "@tsapollo/domain";
import { BUILT_IN_MODULES } from "./built-in-modules.ts";
import { type LoginStep, runLogin } from "./login-chain.ts";
import { type LoginConfig, loginDomain } from "./login-config.ts";
import type { Decrypt, LoginModuleFactory, PropertiesParser } from "./login-module.ts";
import { makeSteps } from "./login-steps.ts";
import { PasswordChecker, type PasswordCheckerLimits } from "./password-checker.ts";
import { principalKind } from "./principal-kinds.ts";

/** What an authenticator is made from. */
export interface LoginAuthenticatorParts {
  readonly config: LoginConfig;
  /** Login domain, `<authentication domain="…">`. */
  readonly domain: string;
  /** Directory of login.config; relative files start here. */
  readonly directory: string;
  readonly clock: Clock;
  /** The security log. */
  readonly logger: Logger;
  readonly parseProperties: PropertiesParser;
  readonly decrypt: Decrypt;
  /** `<user_principal_kind>`, class names or aliases. Default: users, then certificates. [instance 7.9] */
  readonly userPrincipalKinds?: readonly string[];
  /** More login modules; they come before the built-in ones of the same name. */
  readonly modules?: readonly LoginModuleFactory[];
  readonly passwordLimits?: PasswordCheckerLimits;
  /** Longest user name and password that is looked at, in characters. Default 65535. */
  readonly credentialCharsMax?: number;
}

const SHOWN_CHARS_MAX = 256;
/** Identities that are remembered. */
const IDENTITIES_MAX = 1_024;

/** Finds out who a client is by asking the modules of a login domain. [instance 13] */
export class LoginAuthenticator implements Authenticator {
  readonly #steps: readonly LoginStep[];
  readonly #logger: Logger;
  readonly #userKinds: ReadonlySet<string>;
  readonly #credentialCharsMax: number;
  readonly #identities = new Map<string, Identity>();

  /** @throws BrokerError BAD_CONFIGURATION when there is no such login domain */
  constructor(parts: LoginAuthenticatorParts) {
    const { directory, clock, logger, parseProperties, decrypt } = parts;
    const passwords = new PasswordChecker(parts.passwordLimits);
    const factories = [...(parts.modules ?? []), ...BUILT_IN_MODULES];
    const context = { directory, clock, logger, parseProperties, decrypt, passwords };
    this.#steps = makeSteps(loginDomain(parts.config, parts.domain), factories, context);
    this.#logger = logger;
    const kinds = parts.userPrincipalKinds ?? [PRINCIPAL_KINDS.user, PRINCIPAL_KINDS.x500];
    this.#userKinds = new Set(kinds.map(principalKind));
    this.#credentialCharsMax = parts.credentialCharsMax ?? 65_535;
  }

  async authenticate(credentials: Credentials): Promise<Identity> {
    const verdict = this.#isTooLong(credentials)
      ? { granted: false as const, reason: `user or password is longer than ${this.#credentialCharsMax}` }
      : await runLogin(this.#steps, credentials);
    if (!verdict.granted) throw this.#refuse(credentials, verdict.reason);
    return this.#identityOf(verdict.principals);
  }

  /** Clients that are the same user share one object. */
  #identityOf(principals: readonly Principal[]): Identity {
    const key = keyOf(principals);
    let known = this.#identities.get(key);
    if (known === undefined) {
      const user = principals.find(({ kind }) => this.#userKinds.has(kind));
      known = { principals, userName: user?.name };
      if (this.#identities.size >= IDENTITIES_MAX) this.#identities.clear(); // simpler than ageing, and rare
      this.#identities.set(key, known);
    }
    return known;
  }

  #isTooLong({ user, password }: Credentials): boolean {
    return (
      (user?.length ?? 0) > this.#credentialCharsMax || (password?.length ?? 0) > this.#credentialCharsMax
    );
  }

  /** The log learns why, the client only that. The log's text is Apollo's, trailing blank and all. */
  #refuse(credentials: Credentials, reason: string): BrokerError {
    const { localAddress: local, remoteAddress: remote } = credentials;
    const detail = printable(reason, 4 * SHOWN_CHARS_MAX);
    this.#logger.info(
      { code: "AUTHENTICATION_FAILED" },
      `authentication failed: local:${local}, remote:${remote}, reason:${detail} `,
    );
    return new BrokerError(
      "AUTHENTICATION_FAILED",
      `Authentication failed. Credentials=${credentialsText(credentials)}`,
    );
  }
}

/** A text that no other principals have. */
function keyOf(principals: readonly Principal[]): string {
  let key = "";
  for (const { kind, name } of principals) key += `${kind.length},${name.length},${kind}${name}`;
  return key;
}

/** `[certdn=<dn>, user=<name>]` without what was not shown, and never the password. [instance 13.1] */
function credentialsText({ certificateNames, user }: Credentials): string {
  const shown: string[] = [];
  const name = certificateNames[0];
  if (name !== undefined) shown.push(`certdn=${printable(name, SHOWN_CHARS_MAX)}`);
  if (user !== undefined) shown.push(`user=${printable(user, SHOWN_CHARS_MAX)}`);
  return `[${shown.join(", ")}]`;
}

/** What a stranger sent must neither break the lines of a log nor fill it. */
function printable(text: string, charsMax: number): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text;
  return cut.replace(/[\p{Cc}\u2028\u2029]/gu, "?");
}
