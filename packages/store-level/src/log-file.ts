import { closeSync, fsyncSync, ftruncateSync, openSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { storeFailed } from "./failures.ts";
import { type LogContent, readLog } from "./log-reader.ts";
import { liveFiles } from "./manifest.ts";

/** Paths of a closed database's logs, oldest first. */
export function logFiles(directory: string): string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return []; // nothing there yet
  }
  const logs = names.filter((name) => /^\d+\.log$/.test(name));
  return logs
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => join(directory, name));
}

/**
 * LevelDB passes over damaged records without a word. A torn end is what a crash leaves, and harmless: it was never
 * confirmed. A damaged record before good ones is not: what it held would be missing in the middle.
 * @throws BrokerError STORE_FAILED for damage other than a torn end
 */
export function checkLogs(directory: string): void {
  const { firstLog } = liveFiles(directory);
  // what is in older ones is in sorted files, too
  const paths = logFiles(directory).filter((path) => Number.parseInt(basename(path), 10) >= firstLog);
  paths.forEach((path, index) => {
    let content: LogContent;
    try {
      content = readLog(path, 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return; // another process has the store open
      throw error;
    }
    const later = paths.length > index + 1 && content.badAt !== undefined && content.records.length > 0;
    if (!content.goodAfterBad && !later) return;
    throw storeFailed(
      `The store in '${directory}' is damaged: ${path} is unreadable at byte ${content.badAt}, and what was written later is not. Restore a backup, or move the directory away to begin with an empty store`,
    );
  });
}

/** Takes records off the ends of a closed database's logs, from the first one on that is to go, and torn ends. */
export function truncateLogs(directory: string, headBytes: number, goes: (head: Buffer) => boolean): void {
  for (const path of logFiles(directory)) {
    const { records, badAt } = readLog(path, headBytes);
    const end = records.find(({ head }) => goes(head))?.at ?? badAt;
    if (end === undefined) continue;
    const file = openSync(path, "r+");
    try {
      ftruncateSync(file, end);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
