import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { emptyFolder } from "./command-line.ts";

/** Whether this user may mount, in a namespace of the test's own. */
export function canMount(): boolean {
  if (process.platform !== "linux") return false;
  const words = ["-rm", "sh", "-c", `mount -t tmpfs -o size=1m tmpfs '${emptyFolder()}'`];
  const { status } = spawnSync("unshare", words);
  return status === 0 && spawnSync("nsenter", ["--version"]).status === 0;
}

/** A disk with little room below the `data` folder of an instance, seen by those who are started inside only. */
export class SmallDisk {
  /** Runs `bin/broker` inside. */
  readonly program: string;
  readonly #folder: string;
  readonly #holder: ReturnType<typeof spawn>;

  private constructor(base: string, holder: ReturnType<typeof spawn>) {
    this.#holder = holder;
    // as the holder of the namespace sees it
    this.#folder = `/proc/${holder.pid}/root${join(base, "data")}`;
    this.program = join(base, "bin", "broker-inside");
    const enter = `exec nsenter -t ${holder.pid} -U -m --preserve-credentials '${base}/bin/broker' "$@"`;
    writeFileSync(this.program, `#!/bin/sh\n${enter}\n`);
    chmodSync(this.program, 0o755);
  }

  static async make(base: string, sizeMiB: number): Promise<SmallDisk> {
    mkdirSync(join(base, "data"), { recursive: true });
    const script = `mount -t tmpfs -o size=${sizeMiB}m tmpfs "$0" && echo mounted && exec sleep 1000`;
    const holder = spawn("unshare", ["-rm", "sh", "-c", script, join(base, "data")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout!, "data");
    return new SmallDisk(base, holder);
  }

  /** Takes room away. */
  fill(mebibytes: number): void {
    writeFileSync(join(this.#folder, "ballast"), Buffer.alloc(mebibytes * 1024 * 1024, "x"));
  }

  /** Gives it back. */
  free(): void {
    rmSync(join(this.#folder, "ballast"));
  }

  /** The disk and everything on it goes. */
  destroy(): void {
    this.#holder.kill("SIGKILL");
  }
}
