import type { Logger } from "@tsapollo/domain";
import type { LoginStep } from "./login-chain.ts";
import type { LoginModuleEntry } from "./login-config.ts";
import {
  failure,
  type LoginModule,
  type LoginModuleContext,
  type LoginModuleFactory,
} from "./login-module.ts";

/** Options of every JAAS module that mean nothing here. */
const HARMLESS_OPTIONS: readonly string[] = ["debug", "reload"];

/**
 * Makes the modules of a login domain. One that cannot be made (unknown class, missing option) refuses everybody
 * when it is required or requisite; otherwise it is left out. Both are said once, here. [instance 21.4]
 */
export function makeSteps(
  entries: readonly LoginModuleEntry[],
  factories: readonly LoginModuleFactory[],
  context: Omit<LoginModuleContext, "options">,
): readonly LoginStep[] {
  const steps: LoginStep[] = [];
  for (const entry of entries) {
    const { className, flag, options, line } = entry;
    try {
      const factory = factories.find(({ names }) => names.includes(className));
      if (factory === undefined) throw new Error(unknownText(factories));
      steps.push({ title: className, flag, module: factory.create({ ...context, options }) });
      warnOfOptions(entry, factory, context.logger);
    } catch (error) {
      const reason = `login module '${className}' (login configuration, line ${line}) is not available: ${
        error instanceof Error ? error.message : String(error)
      }`;
      if (flag === "optional" || flag === "sufficient") {
        context.logger.warn({ line, flag }, `${reason}; it is ${flag} and is left out`);
      } else {
        context.logger.error({ line, flag }, `${reason}; it is ${flag}, so nobody can log in`);
        steps.push({ title: className, flag, module: unavailable(reason) });
      }
    }
  }
  return steps;
}

function unavailable(reason: string): LoginModule {
  return { login: async () => failure("module-unavailable", reason) };
}

function unknownText(factories: readonly LoginModuleFactory[]): string {
  const known = factories.map(({ names }) => names[0]).join(", ");
  return `there is no such class; known are ${known}`;
}

function warnOfOptions(entry: LoginModuleEntry, factory: LoginModuleFactory, logger: Logger): void {
  for (const option of entry.options.keys()) {
    if (factory.options.includes(option) || HARMLESS_OPTIONS.includes(option)) continue;
    logger.warn(
      { line: entry.line },
      `login module '${entry.className}' has no option '${option}'; it has: ${factory.options.join(", ")}`,
    );
  }
}
