import type { Credentials, Principal } from "@tsapollo/domain";
import type { ControlFlag } from "./login-config.ts";
import { FAILURE_CAUSES, failure, type LoginFailure, type LoginModule, Subject } from "./login-module.ts";

/** A module and how much its word counts. */
export interface LoginStep {
  /** Class name, for logs. */
  readonly title: string;
  readonly flag: ControlFlag;
  readonly module: LoginModule;
}

/** How a login ended. */
export type LoginVerdict =
  | { readonly granted: true; readonly principals: readonly Principal[] }
  | { readonly granted: false; readonly reason: string };

/**
 * Asks the modules in order and weighs their words. [instance 13.2]
 *
 * | flag | failure | success |
 * |---|---|---|
 * | required | the rest still runs, the login fails | go on |
 * | requisite | the login fails at once | go on |
 * | sufficient | remembered | done, unless a required module failed before |
 * | optional | remembered | go on |
 *
 * At least one module must succeed. Modules that a sufficient one made superfluous contribute nothing.
 */
export async function runLogin(steps: readonly LoginStep[], credentials: Credentials): Promise<LoginVerdict> {
  const contributions: ((subject: Subject) => void)[] = [];
  const fatal: LoginFailure[] = [];
  const remembered: LoginFailure[] = [];
  let succeeded = false;
  for (const { title, flag, module } of steps) {
    const result = await ask(title, module, credentials);
    if (result.outcome === "failure") {
      if (flag === "required" || flag === "requisite") fatal.push(result);
      else remembered.push(result);
      if (flag === "requisite") break;
      continue;
    }
    if (result.contribute !== undefined) contributions.push(result.contribute);
    if (result.outcome === "success") {
      succeeded = true;
      if (flag === "sufficient" && fatal.length === 0) break;
    }
  }
  if (fatal.length > 0) return { granted: false, reason: mostTelling(fatal) };
  if (!succeeded) return { granted: false, reason: mostTelling(remembered) };
  const subject = new Subject();
  for (const contribute of contributions) contribute(subject);
  return { granted: true, principals: subject.principals };
}

/** A module that breaks refuses: its trouble must neither let anybody in nor end the process. */
async function ask(title: string, module: LoginModule, credentials: Credentials) {
  try {
    return await module.login(credentials);
  } catch (error) {
    return failure(
      "module-unavailable",
      `${title}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function mostTelling(failures: readonly LoginFailure[]): string {
  let best: LoginFailure | undefined;
  for (const one of failures) {
    if (best === undefined || FAILURE_CAUSES.indexOf(one.cause) > FAILURE_CAUSES.indexOf(best.cause))
      best = one;
  }
  return best?.reason ?? "Login Failure: all modules ignored";
}
