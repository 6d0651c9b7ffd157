import { resolve } from "node:path";
import { BrokerError } from "@tsapollo/domain";
import type { LoginModuleContext } from "./login-module.ts";
import { WatchedFile } from "./watched-file.ts";

/**
 * An option that a module cannot do without.
 * @throws BrokerError BAD_CONFIGURATION when it is missing
 */
export function requiredOption(context: LoginModuleContext, name: string): string {
  const value = context.options.get(name);
  if (value === undefined) {
    throw new BrokerError("BAD_CONFIGURATION", `the option '${name}' is missing, it names a file`);
  }
  return value;
}

/**
 * A file that an option names, relative to the directory of login.config. [instance 13.2]
 * @param keepsLast whether its last content counts while it cannot be read
 */
export function watchOption<T>(
  context: LoginModuleContext,
  path: string,
  title: string,
  parse: (text: string) => T,
  keepsLast = false,
): WatchedFile<T> {
  const { clock, logger, directory } = context;
  return new WatchedFile({ path: resolve(directory, path), title, parse, clock, logger, keepsLast });
}
