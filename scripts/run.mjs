import { spawnSync } from "node:child_process";

/** Runs a command in the foreground; a failure ends this process with the same exit code. */
export function run(command, parameters, options = {}) {
  const environment = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
  const { status, error } = spawnSync(command, parameters, {
    stdio: "inherit",
    env: environment,
    ...options,
  });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
