import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig, systemProperties, validationFailures } from "@tsapollo/config";
import { EMPTY_FOLDERS, TEMPLATE_FILES } from "../src/create/template-files.ts";
import { templateFolder } from "../src/installation.ts";
import { emptyFolder, filesBelow, QUICK_KEY, tsapollo } from "./support.ts";

for (const { options, connectors } of [
  { options: ["--without-ssl"], connectors: 2 },
  { options: ["--without-ssl", "--standard-ports"], connectors: 4 },
  { options: [QUICK_KEY, "--encoding", "ISO-8859-1", "--host", "b\u00fccher & <co>"], connectors: 4 },
  { options: [QUICK_KEY, "--standard-ports"], connectors: 8 },
]) {
  test(`instance 22 (2): the configuration loads without a complaint: ${options.join(" ")}`, (t) => {
    const base = join(emptyFolder(t), "my broker");
    assert.equal(tsapollo("/", "create", ...options, base).code, 0);
    const properties = systemProperties({ base, home: undefined, environment: {} });
    const file = join(base, "etc/apollo.xml");
    const { config, messages } = loadConfig({ file, environment: {}, systemProperties: properties });
    assert.deepEqual(validationFailures(messages), []);
    assert.equal(config.connectors.length, connectors);
    const host = options.includes("--host") ? options.at(-1) : "my broker";
    assert.deepEqual(config.virtualHosts[0]?.hostNames, [host, "localhost", "127.0.0.1"]);
  });
}

test("instance 21.1: the systemd unit starts the script of the instance, whatever its path", (t) => {
  const folder = emptyFolder(t);
  assert.equal(tsapollo(folder, "create", "--without-ssl", '50% "$b"').code, 0);
  const unit = readFileSync(join(folder, '50% "$b"/etc/systemd/50----b-.service'), "utf8");
  assert.ok(unit.includes(`\nExecStart=/bin/sh "${folder}/50%% \\"$$b\\"/bin/broker" run\n`), unit);
});

test("every file of the template folder is written, save its page and its placeholders", () => {
  const expected = [
    "README.md",
    ...EMPTY_FOLDERS.map((folder) => `${folder}/.gitkeep`),
    ...TEMPLATE_FILES.map(({ source }) => source),
  ];
  assert.deepEqual(filesBelow(templateFolder()).sort(), expected.sort());
});
