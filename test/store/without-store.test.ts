import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** Of `test/stomp` and `test/mqtt`, what a store could change; `TSAPOLLO_TEST_STORE=memory npm test -- mqtt` runs all. */
const FILES = ["stomp/acknowledging", "stomp/transactions", "stomp/retained", "mqtt/qos", "mqtt/sessions"];

test("the same without a store", async () => {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env; // or it would report to us as our own child
  const files = FILES.map((file) => fileURLToPath(new URL(`../${file}.test.js`, import.meta.url)));
  const child = spawn(process.execPath, ["--test", "--test-concurrency=1", ...files], {
    env: { ...environment, TSAPOLLO_TEST_STORE: "memory" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const code = new Promise((resolve) => child.on("close", resolve));
  const output = await text(child.stdout);
  assert.equal(await code, 0, output);
  assert.match(output, /^# fail 0$/m);
});
