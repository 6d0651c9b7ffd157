export type { AccessRule } from "./access-rule.ts";
export { usesDefaultPassword } from "./accounts.ts";
export {
  type CompiledRule,
  compileRules,
  type RuleDefaults,
  type RuleLevel,
  type RuleSet,
} from "./compile-rules.ts";
export { LoginAuthenticator, type LoginAuthenticatorParts } from "./login-authenticator.ts";
export {
  type ControlFlag,
  type LoginConfig,
  type LoginModuleEntry,
  loginDomain,
  parseLoginConfig,
} from "./login-config.ts";
export {
  type Decrypt,
  FAILURE_CAUSES,
  type FailureCause,
  failure,
  type LoginFailure,
  type LoginModule,
  type LoginModuleContext,
  type LoginModuleFactory,
  type LoginResult,
  type PropertiesParser,
  Subject,
} from "./login-module.ts";
export {
  hashPassword,
  PasswordChecker,
  type PasswordCheckerLimits,
  type StoredPassword,
} from "./password-checker.ts";
export { RuleAuthorizer } from "./rule-authorizer.ts";
