import assert from "node:assert/strict";
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { emptyFolder, type Outcome, runToEnd } from "../harness/command-line.ts";
import { Instance, makeInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { edits, intoHost, withoutAuthentication } from "../harness/xml.ts";
import { apolloArchive } from "./apollo-archive.ts";

/** As the configuration spells the instance's folder. */
const BASE = "$".concat("{apollo.base}");
const PERSISTENT = { persistent: "true" };

function newInstance(): string {
  return makeInstance({ xml: withoutAuthentication });
}

function broker(base: string, ...words: readonly string[]): Outcome {
  return runToEnd(join(base, "bin", "broker"), words, join(base, ".."));
}

async function running<T>(
  base: string,
  work: (instance: Instance, wire: StompWire) => Promise<T>,
): Promise<T> {
  const instance = await Instance.start(base);
  const wire = await StompWire.connect(instance);
  const result = await work(instance, wire);
  await wire.drop();
  assert.equal(await instance.stop(), 0, instance.everything);
  return result;
}

/** Subscribes without a receipt, which would come behind the first messages. */
function listen(wire: StompWire, id: string, destination: string): void {
  wire.send("SUBSCRIBE", { id, destination });
}

/** Persistent messages in two queues, and in a durable subscription that shares them. */
async function filled(): Promise<string> {
  const base = newInstance();
  await running(base, async (_, wire) => {
    await wire.sync("SUBSCRIBE", { id: "d", destination: "/topic/t", persistent: "true", ack: "client" });
    await wire.sync("UNSUBSCRIBE", { id: "d" });
    for (const body of ["1", "2", "3"]) await wire.syncSend("/queue/a", body, PERSISTENT);
    await wire.syncSend("/queue/b", "kept", { ...PERSISTENT, "my-header": "x\\cy" });
    await wire.syncSend("/queue/b", "not kept");
    await wire.syncSend("/topic/t", "collected", PERSISTENT);
    await wire.syncSend("/topic/r", "retained", { ...PERSISTENT, retain: "set" });
  });
  return base;
}

/** What {@link filled} has left is all there. */
async function expectFilled(base: string): Promise<void> {
  await running(base, async (_, wire) => {
    listen(wire, "a", "/queue/a");
    for (const body of ["1", "2", "3"]) await wire.message(body);
    listen(wire, "b", "/queue/b");
    const kept = await wire.message("kept");
    assert.equal(kept.header("my-header"), "x\\cy");
    wire.send("SUBSCRIBE", { id: "d", destination: "/topic/t", persistent: "true" });
    await wire.message("collected");
    wire.send("SUBSCRIBE", { id: "r", destination: "/topic/r" });
    await wire.message("retained");
  });
}

test("persistent messages survive a restart, and go into another instance by export and import [instance 1.10]", async () => {
  const base = await filled();
  const archive = join(emptyFolder(), "store.tgz");
  const exported = broker(base, "store-export", archive);
  assert.equal(exported.code, 0, exported.stderr);
  assert.equal(
    exported.stdout,
    `Starting store: leveldb store at ${join(base, "data")}\nExporting... (this might take a while)\nDone. Export located at: ${archive}\n`,
  );
  const other = newInstance();
  const imported = broker(other, "store-import", archive);
  assert.equal(imported.code, 0, imported.stderr);
  assert.equal(
    imported.stdout,
    `Starting store: leveldb store at ${join(other, "data")}\nImporting: ${archive}\nDone.\n`,
  );
  await expectFilled(other);
  await expectFilled(base);
});

test("the store of a running broker is refused, and nothing is changed [instance 1.10]", async () => {
  const base = await filled();
  const archive = join(emptyFolder(), "store.tgz");
  assert.equal(broker(base, "store-export", archive).code, 0);
  const instance = await Instance.start(base);
  for (const command of ["store-export", "store-import"]) {
    const { code, stderr } = broker(base, command, archive);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^ERROR: The store in '.*' is in use by another process, a running broker perhaps\. Stop it/,
    );
  }
  assert.equal(await instance.stop(), 0);
  await expectFilled(base);
});

test("store-backup copies a running broker's store while messages come, and a stopped one's", async () => {
  const base = await filled();
  const copies = emptyFolder();
  await running(base, async (instance, wire) => {
    for (let number = 0; number < 200; number++) {
      wire.asyncSend("/queue/more", `${number}`, PERSISTENT);
    }
    const { code, stdout, stderr } = broker(base, "store-backup", join(copies, "live"));
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `Done. The copy is located at: ${join(copies, "live")}\n`);
    const again = broker(base, "store-backup", join(copies, "live"));
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^ERROR: The store cannot be copied to '.*': the directory is not empty\n$/);
    const { code: hostCode, stderr: hostText } = broker(
      base,
      "store-backup",
      "--virtual-host=x",
      "elsewhere",
    );
    assert.equal(hostCode, 1);
    assert.match(hostText, /^ERROR: The broker runs no virtual host 'x'; it runs 'mybroker'\n$/);
    assert.equal(instance.stderr, "");
  });
  assert.equal(broker(base, "store-backup", join(copies, "stopped")).code, 0);
  for (const copy of ["live", "stopped"]) {
    const restored = newInstance();
    rmSync(join(restored, "data"), { recursive: true });
    cpSync(join(copies, copy), join(restored, "data"), { recursive: true });
    await expectFilled(restored);
  }
});

test("an archive of Apollo's: queues, durable subscriptions and STOMP frames are there [instance 19]", async () => {
  const frame = "SEND\nmessage-id:m1\ndestination:/queue/from.apollo\npersistent:true\ncolor:red\n\nhello";
  const archive = join(emptyFolder(), "apollo.tgz");
  writeFileSync(
    archive,
    apolloArchive([
      [
        "msg",
        [
          [1, 7],
          [2, "stomp"],
          [3, frame.length],
          [4, frame],
          [5, 0],
          [6, 1],
        ],
      ],
      [
        "msg",
        [
          [1, 8],
          [2, "raw"],
          [4, "a datagram"],
        ],
      ],
      [
        "msg",
        [
          [1, 9],
          [2, "openwire"],
          [4, Buffer.of(0, 1, 2)],
        ],
      ],
      [
        "qen",
        [
          [1, 1],
          [2, 3],
          [3, 7],
          [4, frame.length],
          [6, 0],
          [7, 0],
        ],
      ],
      [
        "qen",
        [
          [1, 2],
          [2, 1],
          [3, 7],
          [4, frame.length],
        ],
      ],
      [
        "qen",
        [
          [1, 1],
          [2, 4],
          [3, 8],
        ],
      ],
      [
        "qen",
        [
          [1, 1],
          [2, 5],
          [3, 9],
        ],
      ],
      [
        "que",
        [
          [1, 1],
          [2, "ptp"],
          [3, '{"@class":"queue_destination","name":"from.apollo","path":[]}'],
        ],
      ],
      [
        "que",
        [
          [1, 2],
          [2, "ds"],
          [
            3,
            '{"@class":"dsub_destination","name":"sub","path":[],"topics":[{"@class":"topic_destination","name":"t","path":[]}]}',
          ],
        ],
      ],
      [
        "map",
        [
          [1, "long-counter:session_counter"],
          [2, Buffer.of(9)],
        ],
      ],
    ]),
  );
  const base = newInstance();
  const { code, stderr } = broker(base, "store-import", archive);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^2 queues with 3 entries$/m);
  assert.match(stderr, /^1 messages were left out: this broker does not know 'openwire'$/m);
  await running(base, async (_, wire) => {
    listen(wire, "a", "/queue/from.apollo");
    const message = await wire.message("hello");
    assert.equal(message.header("color"), "red");
    assert.equal(message.header("message-id"), "m1");
    await wire.message("a datagram");
    listen(wire, "d", "/dsub/sub");
    await wire.message("hello");
    wire.asyncSend("/topic/t", "and more");
    await wire.message("and more");
  });
});

test("commands about stores say what is wrong in one line [instance 1.10]", () => {
  const base = newInstance();
  const nowhere = makeInstance({ xml: (xml) => xml.replace(/<leveldb_store[^>]*\/>/, "<null_store/>") });
  const cases: readonly [string, readonly string[], RegExp][] = [
    [base, ["store-export"], /^broker: the argument <file> is missing/],
    [base, ["store-import", "missing.tgz"], /^ERROR: The archive '.*missing\.tgz' cannot be read: ENOENT/],
    [
      base,
      ["store-export", "--virtual-host=x", "a"],
      /^ERROR: '.*' has no virtual host 'x'; it has 'mybroker'\n$/,
    ],
    [
      base,
      ["store-export", "--conf=none.xml", "a"],
      /^ERROR: Configuration file '.*none\.xml' does not exist\.\n$/,
    ],
    [
      nowhere,
      ["store-export", "a"],
      /^ERROR: The virtual host 'mybroker' does not have a store configured\.\n$/,
    ],
  ];
  for (const [instance, words, expected] of cases) {
    const { code, stderr } = broker(instance, ...words);
    assert.equal(code, 1, words.join(" "));
    assert.match(stderr, expected);
  }
});

test("a directory of Apollo's own store is refused with the way to bring it over [instance 21.3]", async () => {
  const base = newInstance();
  mkdirSync(join(base, "data"), { recursive: true });
  writeFileSync(join(base, "data", "store-version.txt"), "leveldb_store:3");
  const instance = Instance.launch(base);
  assert.equal(await instance.exit(), 1);
  assert.match(
    instance.stderr,
    /^Startup failed: '.*data' holds a store of Apache Apollo .*store-export.*store-import/,
  );
});

test("two virtual hosts with one directory are refused", async () => {
  const second = `<virtual_host id="two"><host_name>two</host_name><leveldb_store directory="${BASE}/data"/></virtual_host>`;
  const base = makeInstance({ xml: (xml) => xml.replace("</virtual_host>", `</virtual_host>\n${second}`) });
  const instance = Instance.launch(base);
  assert.equal(await instance.exit(), 1);
  assert.match(instance.stderr, /^Startup failed: The virtual hosts 'mybroker' and 'two' both have '.*data'/);
});

test("the control socket is the owner's alone, and what it does not understand gets an answer", async () => {
  const base = newInstance();
  await running(base, async () => {
    const path = join(base, "tmp", "control.sock");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const cases: readonly [string, RegExp][] = [
      ["no json\n", /"PROTOCOL_VIOLATION"/],
      ["null\n", /"UNSUPPORTED"/],
      ['{"command":"dance"}\n', /"UNSUPPORTED".*has no command 'dance'; it has store-backup/],
      ['{"command":"store-backup"}\n', /"PROTOCOL_VIOLATION".*needs 'folder'/],
      ["x".repeat(70_000), /"PROTOCOL_VIOLATION"/],
    ];
    for (const [line, expected] of cases) {
      const socket = connect(path);
      socket.on("error", () => undefined);
      socket.write(line);
      assert.match(await text(socket), expected);
    }
  });
});

test("a broker that was killed starts again, commands included", async () => {
  const base = await filled();
  const first = await Instance.start(base);
  await first.kill();
  await running(base, async () => {
    const { code, stderr } = broker(base, "store-backup", join(emptyFolder(), "copy"));
    assert.equal(code, 0, stderr);
  });
  await expectFilled(base);
});

test("messages of a second host stay in its own store", async () => {
  const second = `<leveldb_store directory="${BASE}/data-2"/>`;
  const xml = edits(withoutAuthentication, intoHost('<queue id="q"/>'), (text_) =>
    text_.replace(
      "</virtual_host>",
      `</virtual_host>\n<virtual_host id="two"><host_name>two</host_name>${second}</virtual_host>`,
    ),
  );
  const base = makeInstance({ xml });
  await running(base, async (instance) => {
    const wire = await StompWire.connect(instance, { headers: { host: "two" } });
    await wire.syncSend("/queue/only.two", "x", PERSISTENT);
    await wire.drop();
  });
  const { code, stderr } = broker(
    base,
    "store-export",
    "--virtual-host",
    "two",
    join(emptyFolder(), "two.tgz"),
  );
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^1 queues with 1 entries$/m);
});
