import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { StoreToolOptions } from "@tsapollo/broker";
import { BrokerError } from "@tsapollo/domain";
import type { Call, CommandOption } from "./command.ts";
import { installedHome } from "./installation.ts";
import { instanceBase } from "./instance-base.ts";

/** Options of every command about a store. [instance 1.10] */
export const STORE_OPTIONS: readonly CommandOption[] = [
  { name: "conf", value: "file", doc: "The broker's configuration; default: etc/apollo.xml of the instance" },
  { name: "virtual-host", value: "id", doc: "The virtual host whose store is meant; default: the first one" },
];

/**
 * What a command about a store was told.
 * @throws BrokerError BAD_CONFIGURATION when there is no configuration
 */
export function storeOptions({ context, values }: Call): StoreToolOptions {
  const base = instanceBase(context);
  const given = values.get("conf");
  const conf = given === undefined ? join(base, "etc", "apollo.xml") : resolve(context.workingFolder, given);
  if (!existsSync(conf)) {
    throw new BrokerError("BAD_CONFIGURATION", `Configuration file '${conf}' does not exist.`);
  }
  const virtualHost = values.get("virtual-host");
  const { environment, stdout, stderr } = context;
  return {
    base,
    home: installedHome(),
    environment,
    conf,
    stdout,
    stderr,
    ...(virtualHost === undefined ? {} : { virtualHost }),
  };
}
