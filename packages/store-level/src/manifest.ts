import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readLog } from "./log-reader.ts";
import { Varints } from "./varints.ts";

/*
 * LevelDB's manifest is a log of changes: fields of a number and a content.
 *   1 name of the comparator   2 first log   3 next file   4 last sequence   5 where compaction goes on: level, key
 *   6 removed file: level, number   7 new file: level, number, size, first and last key   9 log before
 */

/** Which files of a directory LevelDB goes by; others are left over. */
export interface LiveFiles {
  readonly tables: ReadonlySet<number>;
  readonly firstLog: number;
}

const NOTHING: LiveFiles = { tables: new Set(), firstLog: 0 };

/** Reads the manifest of a closed database. What is wrong with it LevelDB itself will say. */
export function liveFiles(directory: string): LiveFiles {
  try {
    const name = readFileSync(join(directory, "CURRENT"), "utf8").trim();
    const edits = new Edits();
    for (const { head } of readLog(join(directory, name), Number.MAX_SAFE_INTEGER).records) edits.apply(head);
    return edits;
  } catch {
    return NOTHING;
  }
}

class Edits implements LiveFiles {
  readonly tables: Set<number> = new Set();
  firstLog = 0;

  apply(bytes: Buffer): void {
    const reader = new Varints(bytes);
    while (!reader.atEnd) {
      const field = reader.next();
      if (field === 1) reader.skipBytes();
      else if (field === 2) this.firstLog = reader.next();
      else if (field === 5) {
        reader.next();
        reader.skipBytes();
      } else if (field === 6) {
        reader.next();
        this.tables.delete(reader.next());
      } else if (field === 7) this.#newFile(reader);
      else reader.next();
    }
  }

  #newFile(reader: Varints): void {
    reader.next();
    this.tables.add(reader.next());
    reader.next();
    reader.skipBytes();
    reader.skipBytes();
  }
}
