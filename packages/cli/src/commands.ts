import type { Command, Context } from "./command.ts";
import { create } from "./commands/create.ts";
import { decrypt } from "./commands/decrypt.ts";
import { encrypt } from "./commands/encrypt.ts";
import { help } from "./commands/help.ts";
import { run } from "./commands/run.ts";
import { version } from "./commands/version.ts";

const INSTALLATION_COMMANDS: readonly Command[] = [create, help, version];
const INSTANCE_COMMANDS: readonly Command[] = [decrypt, encrypt, help, run, version];

/** One program, two sets of commands: an instance's script names its folder. [instance 1.1] */
export function commandsOf(context: Context): readonly Command[] {
  return context.base === undefined ? INSTALLATION_COMMANDS : INSTANCE_COMMANDS;
}
