import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { Instance, makeInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { eventually } from "../harness/waiting.ts";

describe("stopping", { concurrency: 2 }, () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`17, 21.5 ${signal}: a clean stop with clients, exit code 0`, async () => {
      const broker = await Instance.start(makeInstance());
      const login = { login: "admin", passcode: "password" };
      const clients = [
        await StompWire.connect(broker, login),
        await StompWire.connect(broker, { ...login, way: "tls" }),
        await StompWire.connect(broker, { ...login, way: "ws" }),
        await MqttWire.connect(broker, { user: "admin", password: "password" }),
        await StompWire.open(broker),
      ];
      broker.signal(signal);
      assert.equal(await broker.exit(), 0, broker.everything);
      for (const client of clients) await client.ended();
      assert.ok(!existsSync(broker.path("data", "apollo.pid")));
      assert.match(broker.stdout, new RegExp(`Stopping, on ${signal}`));
      assert.equal(broker.stderr, "");
    });
  }

  it("21.5 a second signal ends it at once", async () => {
    const broker = await Instance.start(makeInstance());
    const login = { login: "admin", passcode: "password" };
    // a client that does not take what is on its way to it: a clean stop waits for it
    const lazy = await StompWire.connect(broker, login);
    await lazy.subscribe("0", "/queue/heavy");
    lazy.stream.pause();
    const busy = await StompWire.connect(broker, login);
    for (let i = 0; i < 32; i++) await busy.syncSend("/queue/heavy", "x".repeat(1_000_000));
    broker.signal("SIGTERM");
    await eventually("the first signal", () => broker.stdout.includes("Stopping, on SIGTERM"));
    broker.signal("SIGINT");
    assert.equal(await broker.exit(), 130);
    await lazy.drop();
    await busy.drop();
  });

  it("17 kill -9 leaves an instance that starts again", async () => {
    const base = makeInstance();
    const broker = await Instance.start(base);
    await broker.kill();
    assert.ok(existsSync(broker.path("data", "apollo.pid")));
    const again = await Instance.start(base);
    assert.equal(await again.stop(), 0);
    assert.ok(!existsSync(again.path("data", "apollo.pid")));
  });

  it("17 a signal during the start stops it too", async () => {
    const broker = Instance.launch(makeInstance());
    await eventually("the first line", () => broker.stdout.includes("Loading configuration file"));
    broker.signal("SIGTERM");
    const code = await broker.exit();
    assert.ok(code === 0 || code === 143 || code === "SIGTERM", String(code));
  });
});
