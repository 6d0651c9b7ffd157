import { main } from "./main.ts";

/** Runs the command line of this process and ends the process with its exit code. */
export async function runProcess(): Promise<void> {
  const { env, stdout, stderr } = process;
  const { TSAPOLLO_BASE, APOLLO_BASE, TSAPOLLO_PROGRAM } = env;
  // A reader that went away (`tsapollo help | head`) is no reason for a stack trace.
  stdout.on("error", () => undefined);
  stderr.on("error", () => undefined);
  const base = TSAPOLLO_BASE ?? APOLLO_BASE;
  const code = await main(process.argv.slice(2), {
    program: base === undefined ? "tsapollo" : TSAPOLLO_PROGRAM || "broker",
    base,
    workingFolder: process.cwd(),
    environment: env,
    platform: process.platform,
    stdout,
    stderr,
  });
  // What was written must be out before the process ends; nothing else may keep it alive.
  await new Promise<void>((done) => stdout.write("", () => done()));
  process.exit(code);
}
