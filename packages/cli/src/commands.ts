import type { Command, Context } from "./command.ts";
import { create } from "./commands/create.ts";
import { decrypt } from "./commands/decrypt.ts";
import { diskBenchmark } from "./commands/disk-benchmark.ts";
import { encrypt } from "./commands/encrypt.ts";
import { help } from "./commands/help.ts";
import { run } from "./commands/run.ts";
import { storeBackup } from "./commands/store-backup.ts";
import { storeExport } from "./commands/store-export.ts";
import { storeImport } from "./commands/store-import.ts";
import { version } from "./commands/version.ts";

const INSTALLATION_COMMANDS: readonly Command[] = [create, diskBenchmark, help, version];
const INSTANCE_COMMANDS: readonly Command[] = [
  decrypt,
  diskBenchmark,
  encrypt,
  help,
  run,
  storeBackup,
  storeExport,
  storeImport,
  version,
];

/** One program, two sets of commands: an instance's script names its folder. [instance 1.1] */
export function commandsOf(context: Context): readonly Command[] {
  return context.base === undefined ? INSTALLATION_COMMANDS : INSTANCE_COMMANDS;
}
