import type { Command } from "../command.ts";
import { encryptionPassword } from "../encryption-password.ts";

/** Prints a value as `ENC(...)`, the form that property files take. [instance 1.9] */
export const encrypt: Command = {
  name: "encrypt",
  description: "encrypts a value",
  options: [],
  arguments: [{ name: "value", required: true, doc: "The text to encrypt" }],
  async run({ context, words }) {
    const { encryptValue } = await import("@tsapollo/config");
    context.stdout.write(`${encryptValue(words[0] as string, encryptionPassword(context))}\n`);
    return 0;
  },
};
