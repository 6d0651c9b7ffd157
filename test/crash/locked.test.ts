import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Instance, makeInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { eventually } from "../harness/waiting.ts";
import { edits, onlyTcp, storeAttributes, withoutAuthentication } from "../harness/xml.ts";

const WAITING = "Another process has the store open; waiting until it lets go";

/** A broker, and a second one that is launched on the same directory. */
async function withTwo(
  attributes: string,
  work: (first: Instance, launchSecond: () => Instance) => Promise<void>,
): Promise<void> {
  const base = makeInstance({ xml: edits(withoutAuthentication, onlyTcp, storeAttributes(attributes)) });
  const first = await Instance.start(base);
  try {
    await work(first, () => Instance.launch(base));
  } finally {
    await first.kill();
  }
}

function waits(second: Instance): Promise<unknown> {
  return eventually("the line that it waits", () => second.stdout.includes(WAITING));
}

describe("a second broker on one store [instance 9.2]", { concurrency: 2 }, () => {
  it("fail_if_locked: it ends with one line; the first one goes on", () =>
    withTwo('fail_if_locked="true"', async (first, launchSecond) => {
      const second = launchSecond();
      assert.equal(await second.exit(), 1);
      assert.match(
        second.stderr,
        /^Startup failed: The store in '.*data' is in use by another process, a running broker perhaps\. Stop it, or use another directory$/,
      );
      const wire = await StompWire.connect(first);
      await wire.syncSend("/queue/a", "1", { persistent: "true" });
      await wire.drop();
      assert.equal(readFileSync(first.path("data", "apollo.pid"), "utf8"), `${first.pid}\n`);
    }));

  it("it waits, says so, and goes on with what the first one left, stopped or killed", () =>
    withTwo("", async (first, launchSecond) => {
      const wire = await StompWire.connect(first);
      await wire.syncSend("/queue/a", "1", { persistent: "true" });
      const second = launchSecond();
      await waits(second);
      await first.kill();
      await eventually("its start", () => second.stdout.includes("Accepting connections at: tcp"));
      const third = launchSecond();
      await waits(third);
      assert.equal(await second.stop(), 0);
      await eventually("its start", () => third.stdout.includes("Accepting connections at: tcp"));
      await third.kill();
    }));

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`${signal} ends it while it waits`, () =>
      withTwo("", async (_, launchSecond) => {
        const second = launchSecond();
        await waits(second);
        second.signal(signal);
        assert.equal(await second.exit(), 0);
        assert.equal(second.stderr, "");
        assert.match(second.stdout, new RegExp(`Stopping, on ${signal}`));
      }));
  }
});
