import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Measured } from "./process-costs.ts";

const RELAY = fileURLToPath(new URL("./relay.js", import.meta.url));

/** Starts the bare relay in a process of its own. */
export async function startRelay(): Promise<Measured> {
  const child = spawn(process.execPath, [RELAY], { stdio: ["ignore", "pipe", "inherit"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(Number(/port (\d+)/.exec(String(chunk))?.[1])));
    child.once("exit", () => reject(new Error("the relay did not start")));
  });
  return {
    port,
    pid: child.pid!,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
    },
  };
}
