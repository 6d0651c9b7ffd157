import type { Command } from "../command.ts";
import { encryptionPassword } from "../encryption-password.ts";

/** Prints the clear text of `ENC(...)` or of the bare base64 inside. [instance 1.9] */
export const decrypt: Command = {
  name: "decrypt",
  description: "decrypts a value",
  options: [],
  arguments: [{ name: "value", required: true, doc: "The text to decrypt, with or without ENC( and )" }],
  async run({ context, words }) {
    const { decryptValue } = await import("@tsapollo/config");
    context.stdout.write(`${decryptValue(words[0] as string, encryptionPassword(context))}\n`);
    return 0;
  },
};
