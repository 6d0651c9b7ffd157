import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The command line as it is installed. */
export const TSAPOLLO: string = fileURLToPath(
  new URL("../../../packages/cli/bin/tsapollo.js", import.meta.url),
);

/** What a program that ended has left. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of a user who never heard of us, and what the test adds. */
export function userEnvironment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const ours = /^(TS)?APOLLO_|^NODE/;
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name));
  return { ...Object.fromEntries(kept), ...added };
}

/** An empty folder; it goes when the process ends. */
export function emptyFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tsapollo-e2e-")));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a program to its end. */
export function runToEnd(program: string, words: readonly string[], cwd: string): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd,
    env: userEnvironment(),
    encoding: "utf8",
    timeout: 60_000,
  });
  if (error !== undefined) throw error;
  return { code: status, stdout, stderr };
}

/** Runs `tsapollo` with these words. */
export function tsapollo(cwd: string, ...words: readonly string[]): Outcome {
  return runToEnd(process.execPath, [TSAPOLLO, ...words], cwd);
}
