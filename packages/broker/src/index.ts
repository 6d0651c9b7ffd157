import { BrokerError } from "@tsapollo/domain";

/** Where text for the operator goes; a Node stream is one. */
export interface TextWriter {
  write(text: string): unknown;
}

/** What an instance needs to know to run. */
export interface InstanceOptions {
  /** The instance folder: the one that holds `etc/apollo.xml`. */
  readonly base: string;
  /** The installation folder: `${apollo.home}`. */
  readonly home: string;
  readonly stdout: TextWriter;
  readonly stderr: TextWriter;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs the broker of an instance until it is told to stop. [instance 17]
 * @returns the exit code of the process
 */
export async function runInstance(options: InstanceOptions): Promise<number> {
  throw new BrokerError("UNSUPPORTED", `the broker at ${options.base} cannot be run yet`);
}
