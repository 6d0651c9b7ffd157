// npm test: builds, then runs every test of every package and of test/. `npm test -- mqtt` runs the files whose
// path contains the word.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";

const words = process.argv.slice(2);
run("npx", ["tsc", "-b"]);

const roots = [
  ...readdirSync("packages").map((name) => join("packages", name, "dist", "test")),
  join("test", "dist"),
];
const files = roots
  .flatMap((root) => testFiles(root))
  .filter((file) => words.every((word) => file.includes(word)))
  .sort();
// test/crash takes about a second for each kill that it is asked for
const { TSAPOLLO_KILLS: kills = "240" } = process.env;
const timeoutMs = Math.max(300_000, Number(kills) * 2_000);
if (files.length === 0) {
  process.stderr.write(`No test file's path contains: ${words.join(" ")}\n`);
  process.exit(1);
}
run(process.execPath, [
  "--test",
  "--test-reporter=spec",
  "--test-concurrency=2",
  `--test-timeout=${timeoutMs}`,
  ...files,
]);

function testFiles(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true });
  } catch {
    return [];
  }
  return entries.filter((entry) => entry.endsWith(".test.js")).map((entry) => join(folder, entry));
}
