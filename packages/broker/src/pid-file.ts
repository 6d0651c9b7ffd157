import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { BrokerError } from "@tsapollo/domain";

/** Writes the process id where service scripts and watchdogs look for it. [instance 19b, 21.5] */
export class PidFile {
  readonly #path: string;

  /** @throws BrokerError STORE_FAILED when the folder cannot be written */
  constructor(path: string) {
    this.#path = path;
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

  /** Removes the file if it is still ours. */
  remove(): void {
    try {
      if (readFileSync(this.#path, "utf8").trim() === String(process.pid)) rmSync(this.#path);
    } catch {
      // gone already: that is what was wanted
    }
  }
}
