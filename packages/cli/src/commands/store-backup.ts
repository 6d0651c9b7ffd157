import { resolve } from "node:path";
import type { Command } from "../command.ts";
import { STORE_OPTIONS, storeOptions } from "../store-options.ts";

/** Copies a store, also of a broker that runs. */
export const storeBackup: Command = {
  name: "store-backup",
  description: "copies the message store while the broker runs, or while it is stopped",
  options: STORE_OPTIONS,
  arguments: [
    { name: "directory", required: true, doc: "Where the copy goes; empty, or made by this command" },
  ],
  async run(call) {
    const options = storeOptions(call);
    const { askBroker, backupHostStore, controlPath } = await import("@tsapollo/broker");
    const folder = resolve(call.context.workingFolder, call.words[0] as string);
    const { virtualHost, stdout } = options;
    const given = { folder, ...(virtualHost === undefined ? {} : { virtualHost }) };
    const answer = await askBroker(controlPath(options.base), "store-backup", given);
    if (answer === undefined) await backupHostStore(options, folder);
    stdout.write(`Done. The copy is located at: ${folder}\n`);
    return 0;
  },
};
