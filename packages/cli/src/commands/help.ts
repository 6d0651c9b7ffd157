import type { Command } from "../command.ts";
import { manualPage, summary } from "../usage.ts";

/** `help`, `help <command>`, and what one gets without a command. [instance 1.3] */
export const help: Command = {
  name: "help",
  description: "Display help information",
  options: [],
  arguments: [
    { name: "command", required: false, doc: "The command to explain; all are listed without one" },
  ],
  run({ context: { program, stdout }, commands, words }) {
    const [name] = words;
    if (name === undefined || name === program) {
      stdout.write(summary(program, commands));
      return 0;
    }
    const command = commands.find((candidate) => candidate.name === name);
    stdout.write(command === undefined ? `Unknown command ${name}\n` : manualPage(program, command));
    return command === undefined ? 1 : 0;
  },
};
