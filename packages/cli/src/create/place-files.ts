import { existsSync, mkdirSync, renameSync, rmdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { BrokerError } from "@tsapollo/domain";
import { folderMode } from "./template-files.ts";

/** A finished instance, waiting to be moved to where it belongs. */
export interface Staged {
  /** Where the finished files lie; on the file system of the target. */
  readonly finished: string;
  /** Where files go that are replaced, until all has worked. */
  readonly replaced: string;
  /** Paths inside the instance, with slashes; parents come before their children. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/**
 * Moves finished files into a folder that exists. All or nothing: when one cannot be moved, those before it go back.
 * @throws what the file system throws, BrokerError ALREADY_EXISTS when a file stands where a folder belongs
 */
export function placeFiles({ finished, replaced, folders, files }: Staged, target: string): void {
  const undo: (() => void)[] = [];
  try {
    for (const folder of folders) {
      const path = join(target, folder);
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) continue;
      if (existsSync(path))
        throw new BrokerError("ALREADY_EXISTS", `'${path}' is in the way: it should be a folder`);
      mkdirSync(path, { mode: folderMode(folder) });
      undo.push(() => rmdirSync(path));
    }
    for (const file of files) {
      const path = join(target, file);
      if (existsSync(path)) {
        const old = join(replaced, file);
        mkdirSync(dirname(old), { recursive: true });
        renameSync(path, old);
        undo.push(() => renameSync(old, path));
      }
      renameSync(join(finished, file), path);
      undo.push(() => renameSync(path, join(finished, file)));
    }
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}
