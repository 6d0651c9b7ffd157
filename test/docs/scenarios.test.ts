import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const table = readFileSync(join(ROOT, "docs", "reference", "scenarios.md"), "utf8");

/** `ST-044`, `ST-042/043`, `ST-044..046`: every number that a text names. */
function scenariosIn(text: string): Set<string> {
  const found = new Set<string>();
  for (const match of text.matchAll(/\b([A-Z]{2})-(\d{3}[a-c]?)((?:\/\d{3})*)(?:\.\.(\d{3}))?/g)) {
    const [, series, first, more, last] = match;
    found.add(`${series}-${first}`);
    for (const number of more!.split("/").slice(1)) found.add(`${series}-${number}`);
    for (
      let number = Number.parseInt(first!, 10);
      last !== undefined && number <= Number(last);
      number += 1
    ) {
      found.add(`${series}-${String(number).padStart(3, "0")}`);
    }
  }
  return found;
}

const rows = [...table.matchAll(/^\| ([A-Z]{2}-\d{3}\S*) \| (.+) \|$/gm)].map(([, ids, cell]) => ({
  ids: scenariosIn(ids!),
  files: [...cell!.matchAll(/`((?:test|packages)\/[^`]*\.test\.ts)`/g)].map(([, file]) => file!),
  cell: cell!,
}));

test("docs/reference/scenarios.md names every scenario once", () => {
  const seen = new Set<string>();
  for (const { ids } of rows) {
    for (const id of ids) {
      assert.ok(!seen.has(id), `${id} has two rows`);
      seen.add(id);
    }
  }
  assert.equal(seen.size, 369, "as many as the catalogue has");
});

test("every test that docs/reference/scenarios.md names carries the scenario's number", () => {
  const known = new Map<string, Set<string>>();
  for (const { ids, files, cell } of rows) {
    assert.ok(files.length > 0 || /\.$/.test(cell), `neither a test nor a sentence: ${cell}`);
    for (const file of files) {
      const cited = known.get(file) ?? scenariosIn(readFileSync(join(ROOT, file), "utf8"));
      known.set(file, cited);
      for (const id of ids) assert.ok(cited.has(id), `${file} does not name ${id}`);
    }
  }
});
