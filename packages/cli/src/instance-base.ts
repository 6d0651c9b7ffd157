import { statSync } from "node:fs";
import { resolve } from "node:path";
import { BrokerError } from "@tsapollo/domain";
import type { Context } from "./command.ts";

/**
 * The folder of the instance whose script was called. [instance 1.8]
 * @throws BrokerError BAD_CONFIGURATION when it is unknown or no folder
 */
export function instanceBase({ base, workingFolder }: Context): string {
  if (!base) throw new BrokerError("BAD_CONFIGURATION", "The apollo.base system property is not set.");
  const folder = resolve(workingFolder, base);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw new BrokerError(
    "BAD_CONFIGURATION",
    `The apollo.base system property is not set to valid directory path ${base}`,
  );
}
