import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Measured } from "./process-costs.ts";

const START = fileURLToPath(new URL("../../../bin/start-instance.sh", import.meta.url));

/** A broker in a process of its own: a default instance in a temporary folder. */
export class BrokerProcess implements Measured {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
  }

  /** Starts it and waits until it listens. */
  static async start(): Promise<BrokerProcess> {
    const folder = mkdtempSync(join(tmpdir(), "tsapollo-bench-"));
    const env = { ...process.env, BENCH_DIR: folder, BENCH_MQTT_PORT: "0", BENCH_STOMP_PORT: "0" };
    const child = spawn("sh", [START], { env, stdio: ["ignore", "pipe", "inherit"] });
    const port = await new Promise<number>((resolve, reject) => {
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output += String(chunk);
        const found = /Accepting connections at: tcp:\/\/[^:]+:(\d+)/.exec(output);
        if (found !== null) resolve(Number(found[1]));
      });
      child.once("exit", () => reject(new Error(`the broker did not start:\n${output}`)));
    });
    return new BrokerProcess(child, folder, port);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Stops it and removes its folder. */
  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
