import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Consumer } from "@tsapollo/domain";
import { settled } from "@tsapollo/testkit";
import { Harness } from "./harness.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Subscribes, refuses a delivery for want of room, unsubscribes. */
function comeAndGo(stomp: Harness): WeakRef<Consumer> {
  stomp.send("SUBSCRIBE", "id:s", "destination:/queue/a");
  const { consumer } = stomp.lastSubscription;
  assert.equal(consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.send("UNSUBSCRIBE", "id:s");
  stomp.host.subscriptions.length = 0;
  stomp.host.published.length = 0;
  return new WeakRef(consumer);
}

test("11: of subscriptions that came and went while the client did not read nothing stays", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.connection.output.full = true;
  const gone: WeakRef<Consumer>[] = [];
  for (let count = 0; count < 100; count += 1) gone.push(comeAndGo(stomp));
  await settled();
  collectGarbage();
  const kept = gone.filter((consumer) => consumer.deref() !== undefined).length;
  assert.ok(kept < 10, `${kept} of 100 are kept`);
  stomp.send("SUBSCRIBE", "id:s", "destination:/queue/a");
  assert.equal(stomp.lastSubscription.consumer.offer(stomp.delivery("/queue/a")), false);
  stomp.connection.output.full = false;
  stomp.handler.drained();
  assert.equal(stomp.lastSubscription.resumed, 1, "who stayed goes on");
});

for (const [command, lines] of [
  ["SEND", ["destination:/queue/a"]],
  ["BEGIN", ["transaction:x"]],
  ["SUBSCRIBE", ["id:s", "destination:/queue/a"]],
] as const) {
  test(`11: ${command} with receipts: a client that does not read them is not read from`, async () => {
    const stomp = new Harness({ receiptsMax: 3 });
    await stomp.connect();
    stomp.connection.output.full = true;
    const undo = { SEND: undefined, BEGIN: "ABORT", SUBSCRIBE: "UNSUBSCRIBE" }[command];
    for (let count = 0; count < 20; count += 1) {
      stomp.send(command, ...lines, "receipt:r");
      if (undo !== undefined) stomp.send(undo, ...lines, "receipt:r");
    }
    assert.equal(stomp.connection.paused, true);
    assert.equal(stomp.replies().length, 3);
    stomp.connection.output.full = false;
    stomp.handler.drained();
    await settled();
    assert.equal(stomp.connection.paused, false);
    assert.equal(stomp.connection.leftBytes, 0);
  });
}
