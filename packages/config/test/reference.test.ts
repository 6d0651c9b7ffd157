import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { configReference } from "../src/index.ts";

test("docs/reference/config.md is what the tables say", () => {
  const file = new URL("../../../../docs/reference/config.md", import.meta.url);
  const update =
    "after npx tsc -b packages/config: node packages/config/dist/src/write-reference.js docs/reference/config.md";
  assert.equal(readFileSync(file, "utf8"), configReference(), update);
});

test("the reference explains every attribute that has an effect", () => {
  const rows = configReference()
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  assert.ok(rows.length > 150, `${rows.length} rows`);
  for (const row of rows) {
    const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    if (cells.at(-3) !== "accepted") assert.notEqual(cells.at(-2), "", row);
  }
});
