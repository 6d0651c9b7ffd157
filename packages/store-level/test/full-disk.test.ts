import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { emptyFolder } from "./support.ts";

const CHILD = fileURLToPath(new URL("./full-disk-child.js", import.meta.url));
const LIMIT_KIB = 4 * 1024;

function run(program: string, words: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8", timeout: 120_000 });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /^failures: [1-9]\d*$/m, "the disk was full");
}

/** Whether this user may mount, in a namespace of the test's own. */
function canMount(): boolean {
  const folder = emptyFolder();
  const words = ["-rm", "sh", "-c", `mount -t tmpfs -o size=1m tmpfs '${folder}'`];
  return process.platform === "linux" && spawnSync("unshare", words).status === 0;
}

if (process.platform !== "win32") {
  test("files that cannot grow: the store fails, goes on with new ones, and loses nothing", () => {
    const directory = join(emptyFolder(), "data");
    const limited = `ulimit -f ${LIMIT_KIB * 2} && exec "$0" "$1" "$2" none`; // of 512 bytes
    run("sh", ["-c", limited, process.execPath, CHILD, directory]);
  });
}

if (canMount()) {
  test("a disk that is full: the store fails, recovers when there is room, and loses nothing", () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, "disk"));
    const mounted = `mount -t tmpfs -o size=48m tmpfs "$0" && exec "$1" "$2" "$0/data" ballast`;
    run("unshare", ["-rm", "sh", "-c", mounted, join(folder, "disk"), process.execPath, CHILD]);
  });
}
