import { ClassicLevel } from "classic-level";
import { emptyFolder } from "./support.ts";

/** How the next writes of every LevelDB database of this process end. */
export type Fault = "none" | "before" | "after";

interface Writer {
  _write(options: unknown): Promise<void>;
}

/**
 * Takes hold of LevelDB's writes. `before`: nothing is written; `after`: everything is written, and then the disk
 * reports an error, as after a failed sync. Only writes that wait for the disk fail unless `all` is set.
 */
export class WriteFaults {
  fault: Fault = "none";
  all = false;
  failures = 0;

  static async install(): Promise<WriteFaults> {
    const faults = new WriteFaults();
    const database = new ClassicLevel(emptyFolder());
    await database.open();
    const batch = database.batch();
    const prototype = Object.getPrototypeOf(batch) as Writer;
    await batch.close();
    await database.close();
    const write = prototype._write;
    prototype._write = async function (this: Writer, options: { sync?: boolean }): Promise<void> {
      const applies = faults.fault !== "none" && (faults.all || options.sync === true);
      if (applies && faults.fault === "before") faults.fail();
      await write.call(this, options);
      if (applies) faults.fail();
    };
    return faults;
  }

  fail(): never {
    this.failures += 1;
    throw Object.assign(new Error("IO error: /data/000005.log: No space left on device"), {
      code: "LEVEL_IO_ERROR",
    });
  }
}
