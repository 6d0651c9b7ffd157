import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadConfig } from "../src/index.ts";
import { errorText, load, shown } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "tsapollo-config-"));
after(() => rmSync(folder, { recursive: true }));

const MINIMAL = `<broker>
  <virtual_host id="h"><host_name>h</host_name><null_store/></virtual_host>
  <connector id="tcp" bind="tcp://0.0.0.0:0"/>
</broker>`;

test("BR-003: a file that is missing, or no file, is an error; a minimal one loads", () => {
  const sources = { environment: {}, systemProperties: {} };
  assert.match(
    errorText(() => loadConfig({ file: join(folder, "missing.xml"), ...sources })),
    /does not exist/,
  );
  assert.match(
    errorText(() => loadConfig({ file: folder, ...sources })),
    /cannot be read/,
  );
  const file = join(folder, "minimal.xml");
  writeFileSync(file, MINIMAL);
  const { config, messages } = loadConfig({ file, ...sources });
  assert.deepEqual(messages, []);
  assert.deepEqual([config.virtualHosts.length, config.connectors.length], [1, 1]);
});

for (const [id, value] of [
  ["BR-005", "false"],
  ["BR-006", "true"],
] as const) {
  test(`${id}: receive_/send_buffer_auto_tune="${value}" loads, and the operator is told that it has no meaning`, () => {
    const attributes = `receive_buffer_auto_tune="${value}" send_buffer_auto_tune="${value}"`;
    const lines = shown(load(MINIMAL.replace('id="tcp"', `id="tcp" ${attributes}`)));
    assert.deepEqual(
      lines.map((line) =>
        line
          .replace(/ at \(.*?\)/, "")
          .split(" ")
          .slice(0, 2)
          .join(" "),
      ),
      ["info: receive_buffer_auto_tune", "info: send_buffer_auto_tune"],
    );
  });
}

test("BR-032: a sample of everything is what it says; an unknown element at the top is a message", () => {
  const { config, messages } = load(`<broker>
    <virtual_host id="vh-local">
      <host_name>localhost</host_name><host_name>example.com</host_name><null_store/>
      <queue id="queue1"/><topic id="topic1"/><dsub id="durable_subscription1"/>
    </virtual_host>
    <connector id="port-61616" bind="tcp://0.0.0.0:61616"/>
    <unknown/>
  </broker>`);
  const [host] = config.virtualHosts;
  assert.deepEqual([host!.id, host!.hostNames], ["vh-local", ["localhost", "example.com"]]);
  const ids = [host!.queues, host!.topics, host!.dsubs].map((all) => all.map(({ address }) => address?.id));
  assert.deepEqual(ids, [["queue1"], ["topic1"], ["durable_subscription1"]]);
  assert.equal(config.connectors.length, 1);
  assert.match(messages.map(({ text }) => text).join(), /<unknown>/);
});

for (const [element, kind] of [
  ['<leveldb_store directory="data"/>', "leveldb"],
  ['<bdb_store directory="data"/>', "bdb"],
] as const) {
  test(`BR-033: ${element} is a store of its kind`, () => {
    const { config } = load(MINIMAL.replace("<null_store/>", element).replace('id="h"', 'id="vh-local"'));
    const [host] = config.virtualHosts;
    assert.deepEqual([host!.id, host!.store?.kind], ["vh-local", kind]);
  });
}
