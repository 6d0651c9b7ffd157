import type { Command, CommandOption } from "./command.ts";

const LINE_COLUMNS = 79;
const GLOBAL_OPTION: CommandOption = {
  name: "log",
  value: "log_level",
  doc: "Console logging level: NONE, FATAL, ERROR, WARN, INFO, DEBUG or TRACE; it stands before the command",
};

/** The page that lists all commands. [instance 1.3] */
export function summary(program: string, commands: readonly Command[]): string {
  const sorted = [...commands].sort((a, b) => (a.name < b.name ? -1 : 1));
  const column = Math.max(...sorted.map((command) => command.name.length)) + 3;
  return [
    wrap(["usage:", program, spelled(GLOBAL_OPTION), "<command>", "[<args>]"], 0, 8),
    "",
    `The most commonly used ${program} commands are:`,
    ...sorted.map((command) => `    ${command.name.padEnd(column)}${command.description}`),
    "",
    `See '${program} help <command>' for more information on a specific command.`,
    "",
  ].join("\n");
}

/** The page of one command. [instance 1.3] */
export function manualPage(program: string, command: Command): string {
  const options = [...command.options].sort((a, b) => (a.name < b.name ? -1 : 1));
  const separator = command.arguments.length > 0 ? ["[--]"] : [];
  const synopsis = [
    program,
    spelled(GLOBAL_OPTION),
    command.name,
    ...options.map(spelled),
    ...separator,
    ...command.arguments.map(({ name, required }) => (required ? `<${name}>` : `[<${name}>]`)),
  ];
  const entries: [head: string, doc: string][] = [...options, GLOBAL_OPTION]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((option) => [written(option), option.doc]);
  if (separator.length > 0) {
    entries.push(["--", "Ends the options: what follows is an argument even when it begins with a dash"]);
  }
  for (const argument of command.arguments) entries.push([`<${argument.name}>`, argument.doc]);
  return [
    "NAME",
    `        ${program} ${command.name} - ${command.description}`,
    "",
    "SYNOPSIS",
    wrap(synopsis, 8, 16),
    "",
    "OPTIONS",
    ...entries.map(([head, doc]) => `        ${head}\n${wrap(doc.split(" "), 12, 12)}\n`),
    "",
  ].join("\n");
}

function written(option: CommandOption): string {
  return option.value === undefined ? `--${option.name}` : `--${option.name} <${option.value}>`;
}

function spelled(option: CommandOption): string {
  return `[${written(option)}]`;
}

/** Fills lines with parts that are never broken; blanks before the first line and before the following ones. */
function wrap(parts: readonly string[], first: number, hanging: number): string {
  const lines: string[] = [];
  let line = " ".repeat(first);
  let empty = true;
  for (const part of parts) {
    if (!empty && line.length + 1 + part.length > LINE_COLUMNS) {
      lines.push(line);
      line = " ".repeat(hanging);
      empty = true;
    }
    line += empty ? part : ` ${part}`;
    empty = false;
  }
  lines.push(line);
  return lines.join("\n");
}
