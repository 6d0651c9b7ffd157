import { statSync } from "node:fs";
import { resolve } from "node:path";
import { BrokerError } from "@tsapollo/domain";
import type { Command, Context } from "../command.ts";
import { installedHome } from "../installation.ts";

/** Runs the broker of this instance until it is stopped. [instance 1.8, 17] */
export const run: Command = {
  name: "run",
  description: "runs the broker instance",
  options: [],
  arguments: [],
  async run({ context }) {
    const { environment, stdout, stderr } = context;
    try {
      // Loaded late: the other commands answer without waiting for a whole broker to load.
      const { runInstance } = await import("@tsapollo/broker");
      return await runInstance({ base: baseOf(context), home: installedHome(), environment, stdout, stderr });
    } catch (error) {
      // No line end: Apollo prints none either. [instance 1.8]
      stderr.write(`Startup failed: ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }
  },
};

function baseOf({ base, workingFolder }: Context): string {
  if (!base) throw new BrokerError("BAD_CONFIGURATION", "The apollo.base system property is not set.");
  const folder = resolve(workingFolder, base);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw new BrokerError(
    "BAD_CONFIGURATION",
    `The apollo.base system property is not set to valid directory path ${base}`,
  );
}
