import type { Command } from "../command.ts";
import { installedVersion } from "../installation.ts";

/** Prints just the version. [instance 1.6] */
export const version: Command = {
  name: "version",
  description: "Displays the broker version",
  options: [],
  arguments: [],
  run({ context }) {
    context.stdout.write(`${installedVersion()}\n`);
    return 0;
  },
};
