import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { BrokerError } from "@tsapollo/domain";

/** Writes the process id where service scripts and watchdogs look for it. [instance 19b, 21.5] */
export class PidFile {
  readonly #path: string;
  /** Whose id was there before: another broker of this instance may run, for whose store this one waits. */
  readonly #before: string | undefined;

  /** @throws BrokerError STORE_FAILED when the folder cannot be written */
  constructor(path: string) {
    this.#path = path;
    this.#before = contentOf(path);
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${process.pid}\n`);
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new BrokerError(
        "STORE_FAILED",
        `The data directory '${dirname(path)}' cannot be written: ${reason}`,
        { cause },
      );
    }
  }

  /** Removes the file if it is still ours; who was there before and still runs gets it back. */
  remove(): void {
    if (contentOf(this.#path)?.trim() !== String(process.pid)) return;
    try {
      if (this.#before !== undefined && isRunning(Number(this.#before))) {
        writeFileSync(this.#path, this.#before);
      } else rmSync(this.#path);
    } catch {
      // gone already: that is what was wanted
    }
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
