/** Where text for the operator goes; a Node stream is one. */
export interface TextWriter {
  write(text: string): unknown;
}

/** The world as a command sees it. */
export interface Context {
  /** The name to show in texts: `tsapollo`, or the name of the instance's script. */
  readonly program: string;
  /** The instance folder that the instance's script names; undefined without an instance. */
  readonly base: string | undefined;
  /** Absolute path that relative paths start from. */
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly stdout: TextWriter;
  readonly stderr: TextWriter;
}

/** An option of a command, written `--name` or `--name <value>`. */
export interface CommandOption {
  readonly name: string;
  /** What stands in the angle brackets; absent for a flag. */
  readonly value?: string;
  readonly doc: string;
}

/** A word that follows the command. */
export interface CommandArgument {
  readonly name: string;
  readonly required: boolean;
  readonly doc: string;
}

/** What somebody typed after the command, checked against its options and arguments. */
export interface Call {
  readonly context: Context;
  /** The commands of this program, for `help`. */
  readonly commands: readonly Command[];
  /** Values by option name; the last one wins. */
  readonly values: ReadonlyMap<string, string>;
  /** Flags by option name; `--flag=false` switches one off. */
  readonly flags: ReadonlyMap<string, boolean>;
  readonly words: readonly string[];
}

/** One command of the command line; lives in the file of its name. */
export interface Command {
  readonly name: string;
  /** One line, as the summary shows it. [instance 1.3] */
  readonly description: string;
  readonly options: readonly CommandOption[];
  readonly arguments: readonly CommandArgument[];
  /**
   * @returns the exit code
   * @throws UsageError when the arguments make no sense, BrokerError when the work fails
   */
  run(call: Call): Promise<number> | number;
}

/** What somebody typed cannot be understood; the text is one line that says what would be right. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** More words than the command takes; answered with the summary. [instance 1.4] */
export class SurplusError extends Error {
  override readonly name: string = "SurplusError";
  constructor(words: readonly string[]) {
    super(`Found unexpected parameters: [${words.join(", ")}]`);
  }
}
