import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  type AccessRule,
  type AuthenticationConfig,
  type BrokerConfig,
  decryptValue,
  ENCRYPTION_PASSWORD_VARIABLE,
  parseProperties,
  type VirtualHostConfig,
} from "@tsapollo/config";
import { BrokerError, type Clock, type Logger } from "@tsapollo/domain";
import {
  compileRules,
  LoginAuthenticator,
  type LoginConfig,
  parseLoginConfig,
  RuleAuthorizer,
  type RuleLevel,
} from "@tsapollo/security";
import type { Security } from "./reception.ts";

/** What making authenticators and authorizers needs. */
export interface SecurityParts {
  /** Path of login.config. */
  readonly loginConfigFile: string;
  readonly systemProperties: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The security log. */
  readonly security: Logger;
  /** Where warnings about rules go. */
  readonly console: Logger;
}

/** Makes the authenticator and authorizer of each level, as the configuration says. [instance 13, 14] */
export class SecuritySetup {
  readonly #parts: SecurityParts;
  #loginConfig: LoginConfig | undefined = undefined;

  constructor(parts: SecurityParts) {
    this.#parts = parts;
  }

  /** The broker's own level: who may use which connector. */
  forBroker(config: BrokerConfig): Security {
    return this.#level(config.authentication, () =>
      this.#compile(config.accessRules, "broker", config.authentication),
    );
  }

  /** A virtual host: its rules first, then the broker's. */
  forHost(host: VirtualHostConfig, config: BrokerConfig): Security {
    const { authentication } = host;
    return this.#level(authentication, () => [
      ...this.#compile(host.accessRules, "virtual-host", authentication),
      ...this.#compile(config.accessRules, "broker", authentication, true),
    ]);
  }

  #level(
    authentication: AuthenticationConfig,
    rules: () => ConstructorParameters<typeof RuleAuthorizer>[0],
  ): Security {
    if (!authentication.enabled) return { authenticator: undefined, authorizer: undefined };
    return { authenticator: this.#authenticator(authentication), authorizer: new RuleAuthorizer(rules()) };
  }

  #compile(
    rules: readonly AccessRule[],
    level: RuleLevel,
    { aclPrincipalKinds }: AuthenticationConfig,
    quiet = false,
  ) {
    const found = compileRules(rules, level, { principalKinds: aclPrincipalKinds });
    if (!quiet) for (const warning of found.warnings) this.#parts.console.warn({}, warning);
    return found.rules;
  }

  #authenticator({ domain, userPrincipalKinds }: AuthenticationConfig): LoginAuthenticator {
    const { loginConfigFile, clock, security, environment } = this.#parts;
    this.#loginConfig ??= this.#readLoginConfig();
    return new LoginAuthenticator({
      config: this.#loginConfig,
      domain,
      directory: dirname(loginConfigFile),
      clock,
      logger: security,
      parseProperties,
      decrypt: (value) => decryptValue(value, environment[ENCRYPTION_PASSWORD_VARIABLE]),
      userPrincipalKinds,
    });
  }

  #readLoginConfig(): LoginConfig {
    const { loginConfigFile, systemProperties } = this.#parts;
    if (!existsSync(loginConfigFile)) {
      const text = `The login configuration '${loginConfigFile}' does not exist, but <authentication> asks for it`;
      throw new BrokerError("BAD_CONFIGURATION", text);
    }
    return parseLoginConfig(readFileSync(loginConfigFile, "utf8"), new Map(Object.entries(systemProperties)));
  }
}
