import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { runToEnd } from "../harness/command-line.ts";
import { Instance, makeInstance } from "../harness/instance.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** The command blocks of a page, in order. */
function blocks(page: string): string[] {
  const text = readFileSync(join(ROOT, "docs", "reference", page), "utf8");
  const found = [...text.matchAll(/^```sh\n([\s\S]*?)```$/gm)].map(([, block]) => block!.trim());
  assert.ok(found.length > 0, `${page} has no commands`);
  return found;
}

function run(base: string, block: string): void {
  const { code, stdout, stderr } = runToEnd("sh", ["-c", block], dirname(base));
  assert.equal(code, 0, `${block}\n${stdout}${stderr}`);
}

test("the commands of archive.md work on a stopped broker, as they stand", () => {
  const base = makeInstance();
  for (const block of blocks("archive.md")) run(base, block);
  assert.ok(existsSync(join(dirname(base), "mybroker.tgz")));
});

test("the commands of store.md work while the broker runs, as they stand", async () => {
  const base = makeInstance();
  const instance = await Instance.start(base);
  for (const block of blocks("store.md")) run(base, block);
  assert.ok(existsSync(join(dirname(base), "backup-of-monday", "CURRENT")));
  assert.equal(await instance.stop(), 0, instance.everything);
});
