import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

/** The entry file of the built command line. */
export const ENTRY: string = fileURLToPath(new URL("../../bin/tsapollo.js", import.meta.url));
/** The short key keeps tests quick. */
export const QUICK_KEY = "--key-size=2048";

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty folder that goes when the test ends; canonical, as texts show it. */
export function emptyFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tsapollo-cli-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Environment of a user who never heard of us, and what the test adds. */
export function environmentWith(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const ours = /^(TS)?APOLLO_|^NODE/;
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name));
  return { ...Object.fromEntries(kept), ...added };
}

/** Runs a program to its end. */
export function runProgram(
  program: string,
  words: readonly string[],
  cwd: string,
  added?: Readonly<Record<string, string>>,
): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd,
    env: environmentWith(added),
    encoding: "utf8",
    timeout: 60_000,
  });
  if (error !== undefined) throw error;
  return { code: status, stdout, stderr };
}

/** Runs `tsapollo` with these words. */
export function tsapollo(cwd: string, ...words: readonly string[]): Outcome {
  return runProgram(process.execPath, [ENTRY, ...words], cwd);
}

/** Creates an instance without TLS, which is quick. */
export function createPlain(cwd: string, name: string): string {
  const { code, stderr } = tsapollo(cwd, "create", "--without-ssl", name);
  if (code !== 0) throw new Error(stderr);
  return join(cwd, name);
}

/** Paths of all files below a folder, sorted; empty folders end with a slash. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (!entry.isDirectory()) return [entry.name];
      const inner = filesBelow(join(folder, entry.name));
      return inner.length === 0 ? [`${entry.name}/`] : inner.map((path) => `${entry.name}/${path}`);
    })
    .sort();
}

/** Writes an executable shell script. */
export function writeScript(path: string, body: string): string {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}
