import { resolve } from "node:path";
import type { Command } from "../command.ts";
import { STORE_OPTIONS, storeOptions } from "../store-options.ts";

/** Fills the store of a stopped broker from an archive, Apollo's or our own. [instance 1.10] */
export const storeImport: Command = {
  name: "store-import",
  description: "imports a previously exported message store",
  options: STORE_OPTIONS,
  arguments: [
    { name: "file", required: true, doc: "The archive to read; what the store has is replaced by it" },
  ],
  async run(call) {
    const options = storeOptions(call);
    const { importHostStore } = await import("@tsapollo/broker");
    await importHostStore(options, resolve(call.context.workingFolder, call.words[0] as string));
    return 0;
  },
};
