import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Instance, makeInstance } from "../harness/instance.ts";
import { MOSQUITTO, needing, Program } from "../harness/programs.ts";

const PAGE = readFileSync(
  join(import.meta.dirname, "..", "..", "..", "docs", "reference", "sys-topics.md"),
  "utf8",
);

test("the command of sys-topics.md shows the figures", needing(MOSQUITTO), async () => {
  const instance = await Instance.start(makeInstance());
  const [command] = [...PAGE.matchAll(/^```sh\n([\s\S]*?)```$/gm)].map(([, block]) => block!.trim());
  const shell = new Program("sh", ["-c", command!.replace("61613", String(instance.port("tcp")))]);
  for (let at = 0; at < 3; at += 1) assert.match(await shell.line(), /^\$SYS\/broker\/clients\/\w+ \d+$/);
  assert.equal(await shell.exit(), 0, shell.errors);
  assert.equal(await instance.stop(), 0, instance.everything);
});

test(
  "the table of sys-topics.md has the topics that there are, and no others",
  needing(MOSQUITTO),
  async () => {
    const described = [...PAGE.matchAll(/^\| (`.*?) \|/gm)]
      .flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
      .flatMap((name) =>
        name.endsWith("/+") ? ["1min", "5min", "15min"].map((last) => name.slice(0, -1) + last) : [name],
      );
    const instance = await Instance.start(makeInstance());
    const account = ["-u", "admin", "-P", "password"];
    const words = [
      "-p",
      instance.port("tcp"),
      ...account,
      "-t",
      "$SYS/#",
      "-F",
      "%t",
      "-C",
      described.length,
    ];
    const sub = new Program("mosquitto_sub", words);
    const published: string[] = [];
    while (published.length < described.length) {
      published.push((await sub.line()).slice("$SYS/broker/".length));
    }
    assert.deepEqual(published.sort(), described.sort());
    assert.equal(await sub.exit(), 0, sub.errors);
    assert.equal(await instance.stop(), 0, instance.everything);
  },
);
