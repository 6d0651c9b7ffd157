import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Instance, makeInstance } from "../harness/instance.ts";
import { StompChat } from "../harness/stomp-chat.ts";
import { edits, onlyTcp, withoutAuthentication } from "../harness/xml.ts";

const MESSAGES = 30;

function newest(data: string, ending: string): string {
  const names = readdirSync(data).filter((name) => name.endsWith(ending));
  return join(data, names.sort().at(-1)!);
}

/** A changed byte in the middle. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = bytes[middle]! ^ 0xff;
  writeFileSync(path, bytes);
}

/** What is in every file of a store, but for LevelDB's own diary and the lock. */
function contents(data: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(data)) {
    const path = join(data, name);
    if (/^(LOG|LOCK|swap|apollo\.pid)/.test(name) || !statSync(path).isFile()) continue;
    found[name] = createHash("sha256").update(readFileSync(path)).digest("hex");
  }
  return found;
}

/** How a store is damaged, and what the start says; it may be stopped, or killed so that everything is in the log. */
const cases: readonly (readonly [
  name: string,
  end: "kill" | "stop",
  harm: (data: string) => void,
  says: RegExp,
])[] = [
  [
    "a changed byte in the log",
    "kill",
    (data) => flip(newest(data, ".log")),
    /is damaged: .*\.log is unreadable at byte/,
  ],
  ["a changed byte in a sorted file", "stop", (data) => flip(newest(data, ".ldb")), /\.ldb/],
  ["a sorted file that is gone", "stop", (data) => rmSync(newest(data, ".ldb")), /.*/],
  ["CURRENT is gone", "stop", (data) => rmSync(join(data, "CURRENT")), /the file CURRENT is missing/],
  ["an empty manifest", "stop", (data) => truncateSync(newest(data, manifest(data)), 0), /.*/],
];

function manifest(data: string): string {
  return readdirSync(data)
    .filter((name) => name.startsWith("MANIFEST"))
    .sort()
    .at(-1)!;
}

async function filled(end: "kill" | "stop"): Promise<string> {
  const base = makeInstance({ durable: true, xml: edits(withoutAuthentication, onlyTcp) });
  for (const part of [0, 1]) {
    const broker = await Instance.start(base);
    const chat = await StompChat.connect(broker);
    // one unit of work after the other: damage in the last one looks like a write that was cut off
    for (let at = 0; at < MESSAGES; at += 1) await chat.send("/queue/a", `${part}.${at} ${"x".repeat(500)}`);
    if (end === "kill") await broker.kill();
    else assert.equal(await broker.stop(), 0);
  }
  return base;
}

describe("a damaged store is reported, and left as it is [architecture 6]", { concurrency: 2 }, () => {
  for (const [name, end, harm, says] of cases) {
    it(name, async () => {
      const base = await filled(end);
      const data = join(base, "data");
      harm(data);
      const before = contents(data);
      const broker = Instance.launch(base);
      assert.equal(await broker.exit().finally(() => broker.signal("SIGKILL")), 1);
      assert.match(broker.stderr, /^Startup failed: [^\n]*(move (the directory|it) away)[^\n]*$/);
      assert.match(broker.stderr, says);
      assert.deepEqual(contents(data), before, "not a byte is changed");
      renameSync(data, `${data}-damaged`); // what it says
      const next = await Instance.start(base);
      assert.equal(await next.stop(), 0);
    });
  }
});
