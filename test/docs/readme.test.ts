import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { emptyFolder } from "../harness/command-line.ts";
import { Instance, makeInstance } from "../harness/instance.ts";
import { MOSQUITTO, needing, Program } from "../harness/programs.ts";
import { within } from "../harness/waiting.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const NETCAT: readonly [string, readonly string[], string] = ["nc", ["-h"], "Debian's netcat-openbsd"];

/** The command blocks of the README, in order. */
const blocks = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/^```sh\n([\s\S]*?)```$/gm)].map(
  ([, text]) => text!.trim(),
);

function block(word: string): string {
  const found = blocks.filter((text) => text.includes(word));
  assert.equal(found.length, 1, `one block of the README has ${word}`);
  return found[0]!;
}

const scripts = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).scripts as Record<
  string,
  string
>;
const executed = new Set<string>();

/** The block as it stands, but for the port: the test's broker has another one than the newcomer's. */
function withPort(text: string, port: number): string {
  executed.add(text);
  return text.replaceAll("61613", String(port));
}

test("the first command makes and runs an instance", async () => {
  const text = block("npm start");
  executed.add(text);
  assert.equal(text, "npm install && npm start");
  assert.equal(scripts["start"], "node scripts/start.mjs");
  const base = makeInstance();
  // the same script, on an instance with free ports; installing was done, or this test would not run
  const child = spawn(process.execPath, [join(ROOT, "scripts", "start.mjs"), base], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  const listening = new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (output.includes("Accepting connections at: wss:")) resolve();
    });
  });
  const gone = new Promise((resolve) => child.once("close", resolve));
  await within(listening, "the start of the broker", 60_000);
  child.kill("SIGINT");
  assert.equal(await within(gone, "the end of the broker", 30_000), 0);
});

test("the second command is what this test was started by", () => {
  const text = block("npm test");
  executed.add(text);
  assert.equal(text, "npm install && npm test");
  assert.equal(scripts["test"], "node scripts/test.mjs");
  assert.match(readFileSync(join(ROOT, ".ci", "run"), "utf8"), /^npm test$/m);
});

test(
  "a message goes from MQTT and from STOMP to an MQTT subscriber, and from MQTT to STOMP",
  needing(MOSQUITTO, NETCAT),
  async () => {
    const instance = await Instance.start(makeInstance());
    after(() => instance.stop());
    const port = instance.port("tcp");
    const subscriber = new Program("sh", ["-c", `exec ${withPort(block("mosquitto_sub"), port)}`]);
    const stomp = new Program("sh", ["-c", withPort(block("sleep 20"), port)]);
    await within(received(stomp, /^CONNECTED/), "the login over STOMP", 10_000);
    const publishOverMqtt = withPort(block("mosquitto_pub"), port);
    // until the subscriptions are there messages pass them by: a newcomer would try again too
    const first = within(
      received(subscriber, /^greetings\/mqtt hello from MQTT$/),
      "the message over MQTT",
      20_000,
    );
    const second = within(received(stomp, /^hello from MQTT/), "the message over STOMP", 20_000);
    const again = setInterval(() => void spawnSync("sh", ["-c", publishOverMqtt]), 500);
    await Promise.all([first, second]);
    clearInterval(again);
    spawnSync("sh", ["-c", withPort(block("hello from STOMP"), port)]);
    await within(
      received(subscriber, /^greetings\/stomp hello from STOMP$/),
      "the message from STOMP",
      20_000,
    );
    subscriber.kill();
    stomp.kill();
  },
);

async function received(program: Program, pattern: RegExp): Promise<void> {
  while (!pattern.test(await program.line()));
}

test("an instance of one's own", async () => {
  const text = block("tsapollo create");
  executed.add(text);
  const folder = emptyFolder();
  const [create, run] = text.split("\n");
  const base = join(folder, "mybroker");
  const words = create!
    .replace("/var/lib/mybroker", base)
    .replace("npx tsapollo create", "npx tsapollo create --key-size=2048");
  const { status, stderr } = spawnSync("sh", ["-c", words], { cwd: ROOT, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.ok(existsSync(join(base, "etc", "keystore")));
  assert.equal(run, "/var/lib/mybroker/bin/broker run");
  const { status: code, stdout } = spawnSync(join(base, "bin", "broker"), ["version"], { encoding: "utf8" });
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+/);
});

test("every block of the README was executed above", () => {
  assert.deepEqual(
    blocks.filter((text) => !executed.has(text)),
    [],
  );
});
