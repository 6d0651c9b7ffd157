import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CodecLookup } from "@tsapollo/domain";
import { PLAIN_CODEC } from "@tsapollo/testkit";
import { LevelStore, type LevelStoreParts } from "../src/index.ts";

/** The encodings of these tests. */
export const CODECS: CodecLookup = (id) => (id === PLAIN_CODEC.id ? PLAIN_CODEC : undefined);

const folders: string[] = [];
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes with the process. */
export function emptyFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tsapollo-store-")));
  folders.push(folder);
  return folder;
}

/** An open store in a directory. */
export async function openStore(directory: string, parts?: Partial<LevelStoreParts>): Promise<LevelStore> {
  const store = new LevelStore({ directory, codecs: CODECS, failIfLocked: true, ...parts });
  await store.open();
  return store;
}
