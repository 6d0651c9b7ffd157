import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { storeFailed } from "./failures.ts";

const APOLLO_VERSION_FILE = "store-version.txt";
const LEVEL_FILE = /^(\d+\.(ldb|sst|log)|MANIFEST-\d+)$/;

/**
 * Looks at a directory before LevelDB gets it, which would delete what it does not know and begin anew where its
 * own files are incomplete.
 * @throws BrokerError STORE_FAILED when it holds a store of Apollo's or parts of a damaged one
 */
export function checkDirectory(directory: string): void {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return;
    throw storeFailed(
      `The store's directory '${directory}' cannot be read: ${(cause as Error).message}`,
      cause,
    );
  }
  if (names.includes(APOLLO_VERSION_FILE)) {
    const version = readFileSync(join(directory, APOLLO_VERSION_FILE), "utf8").trim();
    if (version.startsWith("leveldb_store:")) throw fromApollo(directory, version);
  }
  if (names.some((name) => /^[0-9a-f]{8}\.jdb$/i.test(name))) throw fromApollo(directory, "bdb_store");
  if (!names.includes("CURRENT") && names.some((name) => LEVEL_FILE.test(name))) {
    throw storeFailed(
      `The store in '${directory}' is incomplete: the file CURRENT is missing. Put all files of a backup into the directory, or move it away to begin with an empty store`,
    );
  }
}

function fromApollo(directory: string, version: string): Error {
  return storeFailed(
    `'${directory}' holds a store of Apache Apollo (${version}), which cannot be opened. Export it with Apollo ('apollo-broker store-export <file>'), move the directory away, and import the file here ('broker store-import <file>')`,
  );
}
