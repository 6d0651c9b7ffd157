import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { emptyFolder, tsapollo } from "../harness/command-line.ts";
import { Instance, makeInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";

const CONNECTOR = /<connector id="(\w+)" bind="(\w+):\/\/0\.0\.0\.0:(\d+)"/g;

async function works(broker: Instance): Promise<void> {
  for (const way of ["tcp", "tls"] as const) {
    const wire = await StompWire.connect(broker, { login: "admin", passcode: "password", way });
    await wire.disconnect();
  }
  assert.equal(await broker.stop(), 0, broker.everything);
}

describe("where an instance lies", { concurrency: 2 }, () => {
  it("moved to a path with blanks and quotes", async () => {
    const base = makeInstance();
    const moved = join(emptyFolder(), "my 'old' broker & co");
    cpSync(base, moved, { recursive: true });
    await works(await Instance.start(moved));
  });

  it("renamed after it was created", async () => {
    const base = makeInstance();
    renameSync(base, `${base}-renamed`);
    await works(await Instance.start(`${base}-renamed`));
  });

  it("started through links, relative and absolute", async () => {
    const base = makeInstance();
    const folder = emptyFolder();
    mkdirSync(join(folder, "bin"));
    symlinkSync(join(base, "bin", "broker"), join(folder, "bin", "first"));
    symlinkSync("first", join(folder, "bin", "second"));
    await works(await Instance.start(base, { program: join(folder, "bin", "second"), cwd: folder }));
  });

  it("started from another folder, and by its other name", async () => {
    const base = makeInstance();
    await works(
      await Instance.start(base, { program: join(base, "bin", "apollo-broker"), cwd: emptyFolder() }),
    );
  });

  const variants = [
    { words: [], expected: ["tcp 61613", "tls 61614", "ws 61623", "wss 61624"] },
    {
      words: ["--standard-ports"],
      expected: [
        "tcp 61613",
        "tls 61614",
        "ws 61623",
        "wss 61624",
        "tcp 1883",
        "tcp 5672",
        "tls 8883",
        "tls 5671",
      ],
    },
    {
      words: ["--standard-ports", "--without-ssl"],
      expected: ["tcp 61613", "ws 61623", "tcp 1883", "tcp 5672"],
    },
  ];
  for (const { words, expected } of variants) {
    it(`create ${words.join(" ")}: the connectors in apollo.xml`, () => {
      const folder = emptyFolder();
      const { code, stderr } = tsapollo(folder, "create", "--key-size=2048", ...words, "mybroker");
      assert.equal(code, 0, stderr);
      const xml = readFileSync(join(folder, "mybroker", "etc", "apollo.xml"), "utf8").replaceAll(
        /<!--[\s\S]*?-->/g,
        "",
      );
      assert.deepEqual(
        [...xml.matchAll(CONNECTOR)].map(([, , scheme, port]) => `${scheme} ${port}`),
        expected,
      );
    });
  }

  it("22.1 no arguments: the usage on stdout, exit code 0; an unknown word: exit code 1", () => {
    const folder = emptyFolder();
    const { code, stdout } = tsapollo(folder);
    assert.equal(code, 0);
    assert.match(stdout, /^usage: tsapollo \[--log <log_level>\] <command> \[<args>\]\n/);
    assert.match(stdout, /\n {4}create +creates a new broker instance\n/);
    assert.equal(tsapollo(folder, "frobnicate").code, 1);
  });
});
