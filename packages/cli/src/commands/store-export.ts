import { resolve } from "node:path";
import type { Command } from "../command.ts";
import { STORE_OPTIONS, storeOptions } from "../store-options.ts";

/** Writes the store of a stopped broker into an archive. [instance 1.10] */
export const storeExport: Command = {
  name: "store-export",
  description: "exports the contents of a broker message store",
  options: STORE_OPTIONS,
  arguments: [{ name: "file", required: true, doc: "The archive to write, a gzip-compressed tar file" }],
  async run(call) {
    const options = storeOptions(call);
    const { exportHostStore } = await import("@tsapollo/broker");
    await exportHostStore(options, resolve(call.context.workingFolder, call.words[0] as string));
    return 0;
  },
};
