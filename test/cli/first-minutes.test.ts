import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Instance, makeInstance } from "../harness/instance.ts";
import { MOSQUITTO, needing, Program } from "../harness/programs.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { eventually } from "../harness/waiting.ts";

const DEFAULT_PASSWORD = /still has the default password/g;

describe("the first minutes of a user", () => {
  it(
    "create, run, publish with mosquitto_pub, receive over STOMP, and back",
    needing(MOSQUITTO),
    async () => {
      const broker = await Instance.start(makeInstance());
      const account = ["-h", "localhost", "-p", broker.port("tcp"), "-u", "admin", "-P", "password"];
      const stomp = await StompWire.connect(broker, { login: "admin", passcode: "password" });
      await stomp.subscribe("0", "/topic/kitchen.temperature");
      const pub = new Program("mosquitto_pub", [...account, "-t", "kitchen/temperature", "-m", "21"]);
      assert.equal(await pub.exit(), 0, pub.errors);
      await stomp.message("21");
      const sub = new Program("stdbuf", [
        "-oL",
        "mosquitto_sub",
        "-d",
        ...account,
        "-t",
        "kitchen/light",
        "-F",
        "MESSAGE %p",
        "-C",
        1,
      ]);
      await sub.lineWith("Subscribed");
      await stomp.syncSend("/topic/kitchen.light", "on");
      assert.equal(await sub.lineWith("MESSAGE"), "MESSAGE on");
      await stomp.disconnect();
      assert.equal(await broker.stop(), 0);
    },
  );

  it("17 the start-up lines, and the pid file while it runs", async () => {
    const broker = await Instance.start(makeInstance());
    const pidFile = broker.path("data", "apollo.pid");
    assert.equal(readFileSync(pidFile, "utf8").trim(), String(broker.pid));
    assert.equal(await broker.stop(), 0);
    assert.ok(!existsSync(pidFile));
    assert.equal(broker.stderr, "");
    const lines = broker.stdout.split("\n");
    const inOrder = [
      /tsapollo \(\d+\.\d+\.\d+.*\)$/,
      new RegExp(`^Loading configuration file '${broker.path("etc", "apollo.xml")}'\\.$`),
      /^INFO {2}\| OS {5}: Linux/,
      /^INFO {2}\| Node {3}: v\d+/,
      /^INFO {2}\| Apollo : \d+\.\d+\.\d+ \(at: .+\)$/,
      /^INFO {2}\| Starting store: /,
      /^INFO {2}\| Accepting connections at: tcp:\/\/\S+:\d+$/,
      /^INFO {2}\| Accepting connections at: tls:\/\/\S+:\d+$/,
      /^INFO {2}\| Accepting connections at: ws:\/\/\S+:\d+\/$/,
      /^INFO {2}\| Accepting connections at: wss:\/\/\S+:\d+\/$/,
    ];
    let at = 0;
    for (const pattern of inOrder) {
      const found = lines.findIndex((line, index) => index >= at && pattern.test(line));
      assert.notEqual(found, -1, `no line ${pattern} behind line ${at} of:\n${broker.stdout}`);
      at = found + 1;
    }
    assert.equal(lines.filter((line) => line.includes("Stopped connector at: ")).length, 4);
    assert.ok(!broker.stdout.includes("\u001b["), "colours although it is no terminal");
  });

  it("13 the default password is warned of once per start, until it is changed", async () => {
    const base = makeInstance();
    const first = await Instance.start(base);
    assert.equal(await first.stop(), 0);
    assert.equal([...first.stdout.matchAll(DEFAULT_PASSWORD)].length, 1);
    assert.match(first.stdout, /^WARN {2}\| .*default password/m);
    writeFileSync(first.path("etc", "users.properties"), "admin=better\n");
    const second = await Instance.start(base);
    assert.equal([...second.stdout.matchAll(DEFAULT_PASSWORD)].length, 0);
    await (await StompWire.connect(second, { login: "admin", passcode: "better" })).disconnect();
    assert.equal(await second.stop(), 0);
  });

  it("13.9 users and groups are read again while the broker runs", async () => {
    const broker = await Instance.start(makeInstance());
    writeFileSync(broker.path("etc", "users.properties"), "admin=password\njoe=secret\n");
    const text = await eventually("a login of joe that only lacks a group", async () => {
      const wire = await StompWire.open(broker);
      const answer = await wire.hello({ login: "joe", passcode: "secret" });
      await wire.drop();
      const message = answer.header("message") ?? "";
      return message.startsWith("Not authorized") && message;
    });
    assert.match(text, /^Not authorized to connect to virtual host 'mybroker'\./);
    writeFileSync(broker.path("etc", "groups.properties"), "admins=admin\nusers=joe\n");
    await eventually("a login of joe", async () => {
      const wire = await StompWire.open(broker);
      const answer = await wire.hello({ login: "joe", passcode: "secret" });
      await wire.drop();
      return answer.command === "CONNECTED";
    });
    assert.equal(await broker.stop(), 0);
  });
});
