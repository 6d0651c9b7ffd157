import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's top folder, seen from the built test. */
export const ROOT: string = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/** One file of the tree. */
export interface SourceFile {
  /** Path from the top, with slashes. */
  readonly path: string;
  readonly text: string;
}

const SKIPPED = new Set(["node_modules", "dist", ".git", ".turbo", "mybroker"]);

/** Every file below a folder whose name ends so, builds and dependencies left out. */
export function sourceFiles(folder: string, ending: string): SourceFile[] {
  const found: SourceFile[] = [];
  const walk = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (SKIPPED.has(entry.name)) continue;
      const path = join(at, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith(ending)) {
        found.push({ path: relative(ROOT, path).replaceAll("\\", "/"), text: readFileSync(path, "utf8") });
      }
    }
  };
  walk(join(ROOT, folder));
  return found;
}

/** Text without comments, so that words in explanations do not count. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`\\])\/\/.*$/gm, "$1");
}
