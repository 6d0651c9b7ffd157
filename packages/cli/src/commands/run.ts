import type { Command } from "../command.ts";
import { installedHome } from "../installation.ts";
import { instanceBase } from "../instance-base.ts";

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
      return await runInstance({
        base: instanceBase(context),
        home: installedHome(),
        environment,
        stdout,
        stderr,
      });
    } catch (error) {
      // No line end: Apollo prints none either. [instance 1.8]
      stderr.write(`Startup failed: ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }
  },
};
