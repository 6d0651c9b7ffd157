import { parseArgs } from "node:util";
import { type Call, type Command, SurplusError, UsageError } from "./command.ts";

/** What was typed after the command. */
export type ParsedArguments = Pick<Call, "values" | "flags" | "words"> & {
  /** `--help` stands among the options. */
  readonly help: boolean;
};

/**
 * Reads what follows a command word.
 * @throws UsageError for an unknown option, a missing value or argument; SurplusError for words too many
 */
export function parseArguments(command: Command, typed: readonly string[]): ParsedArguments {
  const values = new Map<string, string>();
  const flags = new Map<string, boolean>();
  const words: string[] = [];
  for (const token of tokensOf(command, typed)) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const option = command.options.find((candidate) => candidate.name === token.name);
    if (token.rawName === "--help" && token.value === undefined) {
      flags.set("help", true);
    } else if (option === undefined || !token.rawName.startsWith("--")) {
      throw new UsageError(`the option ${token.rawName} does not exist`);
    } else if (option.value === undefined) {
      flags.set(option.name, flagOf(option.name, token.value));
    } else if (token.value === undefined || (!token.inlineValue && token.value.startsWith("-"))) {
      throw new UsageError(`the option --${option.name} needs a value: --${option.name} <${option.value}>`);
    } else {
      values.set(option.name, token.value);
    }
  }
  const help = flags.get("help") === true;
  if (!help) checkWords(command, words);
  return { values, flags, words, help };
}

function tokensOf(command: Command, typed: readonly string[]) {
  const options: Record<string, { type: "string" | "boolean" }> = {};
  for (const option of command.options) {
    options[option.name] = { type: option.value === undefined ? "boolean" : "string" };
  }
  // Not strict: our own messages name the command and stay on one line.
  return parseArgs({ args: [...typed], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function flagOf(name: string, value: string | undefined): boolean {
  if (value === undefined || value === "true") return true;
  if (value === "false") return false;
  throw new UsageError(`--${name}=${value} is wrong: write --${name}, --${name}=true or --${name}=false`);
}

function checkWords(command: Command, words: readonly string[]): void {
  if (words.length > command.arguments.length) throw new SurplusError(words.slice(command.arguments.length));
  const missing = command.arguments[words.length];
  if (missing?.required) throw new UsageError(`the argument <${missing.name}> is missing: ${missing.doc}`);
}
