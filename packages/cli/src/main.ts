import { parseArguments } from "./arguments.ts";
import { type Command, type Context, SurplusError, UsageError } from "./command.ts";
import { help } from "./commands/help.ts";
import { commandsOf } from "./commands.ts";
import { summary } from "./usage.ts";

const LOG_LEVELS: readonly string[] = ["NONE", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

interface Line {
  readonly logLevel: string;
  readonly word: string | undefined;
  readonly rest: readonly string[];
}

/**
 * Runs one command line. Failures become one line on `stderr`, never a stack trace unless `--log DEBUG` asks for it.
 * @param typed what stands after the program's name
 * @returns the exit code
 */
export async function main(typed: readonly string[], context: Context): Promise<number> {
  const commands = commandsOf(context);
  let topic = "help";
  let logLevel = "WARN";
  try {
    const line = splitLine(typed);
    logLevel = line.logLevel;
    const command = commandFor(line, commands);
    if (command !== help) topic = `help ${command.name}`;
    const parsed = parseArguments(command, argumentsFor(line, command));
    const call = { ...parsed, context, commands };
    // `create --help` is `help create`.
    return await (parsed.help ? help.run({ ...call, words: [command.name] }) : command.run(call));
  } catch (error) {
    return report(error, context, commands, topic, logLevel);
  }
}

/** Takes the global option off the front. [instance 1.2] */
function splitLine(typed: readonly string[]): Line {
  let logLevel = "WARN";
  let at = 0;
  for (; at < typed.length; at++) {
    const word = typed[at] as string;
    if (word !== "--log" && !word.startsWith("--log=")) break;
    const value = word === "--log" ? typed[++at] : word.slice("--log=".length);
    const level = value?.toUpperCase() ?? "";
    if (!LOG_LEVELS.includes(level)) {
      const found = value === undefined ? "the option --log needs a value" : `--log ${value} is wrong`;
      throw new UsageError(`${found}: the levels are ${LOG_LEVELS.join(", ")}`);
    }
    logLevel = level;
  }
  return { logLevel, word: typed[at], rest: typed.slice(at + 1) };
}

/** An unknown word is an unexpected argument of `help`, the command one gets without a word. [instance 1.4] */
function commandFor(line: Line, commands: readonly Command[]): Command {
  if (line.word === undefined || line.word === "--help") return help;
  const name = line.word === "--version" ? "version" : line.word;
  const found = commands.find((command) => command.name === name);
  if (found === undefined) throw new SurplusError([line.word, ...line.rest]);
  return found;
}

function argumentsFor(line: Line, command: Command): readonly string[] {
  // `tsapollo help --help`: the words are commands, so this is the page of `help` itself.
  return command === help && line.rest[0] === "--help" ? ["help", ...line.rest.slice(1)] : line.rest;
}

function report(
  error: unknown,
  { program, stdout, stderr }: Context,
  commands: readonly Command[],
  topic: string,
  logLevel: string,
): number {
  if (error instanceof SurplusError) {
    stderr.write(`${error.message}\n`);
    stdout.write(`\n${summary(program, commands)}`);
  } else if (error instanceof UsageError) {
    stderr.write(`${program}: ${error.message}\nSee '${program} ${topic}' for more information.\n`);
  } else {
    stderr.write(`ERROR: ${error instanceof Error ? error.message : String(error)}\n`);
    const asked = logLevel === "DEBUG" || logLevel === "TRACE";
    if (asked && error instanceof Error) stderr.write(`${error.stack}\n`);
  }
  return 1;
}
