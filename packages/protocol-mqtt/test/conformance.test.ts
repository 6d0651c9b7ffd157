import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");
const FOLDERS = ["packages/protocol-mqtt/test", "test/mqtt", "test/clients"];
const table = readFileSync(join(ROOT, "docs", "reference", "mqtt-conformance.md"), "utf8");

const sources = new Map<string, string>();
for (const folder of FOLDERS) {
  for (const name of readdirSync(join(ROOT, folder))) {
    if (name.endsWith(".test.ts")) {
      sources.set(`${folder}/${name}`, readFileSync(join(ROOT, folder, name), "utf8"));
    }
  }
}

const rows = [...table.matchAll(/^\| (MQTT5?-[\d.]+-\d+) \| (.+) \| (.+) \|$/gm)].map(
  ([, id, asks, cell]) => ({
    id: id!,
    asks: asks!,
    cell: cell!,
  }),
);

test("docs/reference/mqtt-conformance.md has every statement once", () => {
  const ids = rows.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const counts = [...table.matchAll(/\((\d+) statements\)/g)].map(([, count]) => Number(count));
  const of5 = ids.filter((id) => id.startsWith("MQTT5-")).length;
  assert.deepEqual(counts, [ids.length - of5, of5]);
});

test("every test that docs/reference/mqtt-conformance.md names is there", () => {
  for (const { id, cell } of rows) {
    if (/^None: \S.+\.$/.test(cell)) continue;
    const cited = /^(`+)(.+)\1 in `(\S+)`$/.exec(cell);
    assert.ok(cited, `${id} names neither a test nor a reason: ${cell}`);
    const [, , name, file] = cited;
    assert.ok(sources.get(file!)?.includes(name!), `${id}: no test '${name}' in ${file}`);
  }
});

test("every statement that a test claims is in docs/reference/mqtt-conformance.md", () => {
  const known = new Set(rows.map(({ id }) => id));
  for (const [file, text] of sources) {
    for (const [, id] of text.matchAll(/\[(MQTT5?-[\d.]+-\d+)\]/g)) {
      assert.ok(known.has(id!), `${file} claims ${id}, which the table does not have`);
    }
  }
});
