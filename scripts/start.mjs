// npm start [-- <instance folder>]: builds, creates the instance when it is missing, runs its broker in the foreground.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === "win32";
const instance = resolve(process.argv[2] ?? join(root, "mybroker"));
const cli = join(root, "packages", "cli", "bin", "tsapollo.js");

mustRun([join(root, "node_modules", "typescript", "bin", "tsc"), "-b"], root);
if (!existsSync(join(instance, "etc", "apollo.xml"))) mustRun([cli, "create", instance], process.cwd());
runBroker();

/** Runs a JavaScript program of this repository; this process ends when it fails. */
function mustRun(words, cwd) {
  const { status, error } = spawnSync(process.execPath, words, { cwd, stdio: "inherit" });
  if (status === 0) return;
  if (error !== undefined) console.error(error.message);
  process.exit(status ?? 1);
}

function runBroker() {
  const script = join(instance, "bin", windows ? "broker.cmd" : "broker");
  const env = { NODE: process.execPath, ...process.env };
  const broker = windows
    ? spawn(`"${script}" run`, { stdio: "inherit", shell: true, env })
    : spawn(script, ["run"], { stdio: "inherit", env });
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the broker by itself, and npm repeats signals; a second one would cut its stop short.
      if (stopping || (signal === "SIGINT" && process.stdin.isTTY)) return;
      stopping = true;
      // To the broker SIGHUP means "read your configuration again"; here it says that the terminal is gone.
      broker.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
    });
  }
  broker.on("error", (error) => {
    console.error(`${script} cannot be started: ${error.message}`);
    process.exit(1);
  });
  broker.on("exit", (code, signal) => {
    process.exit(code ?? 128 + constants.signals[signal]);
  });
}
