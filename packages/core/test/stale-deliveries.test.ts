import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "@tsapollo/domain";
import { queue, startHost, TestConsumer } from "./harness.ts";
import { containing } from "./selecting.ts";

const OUTCOMES: readonly Outcome[] = ["consumed", "retry", "undelivered", "expired", "poisoned"];

for (const withSelectors of [false, true]) {
  for (const outcome of OUTCOMES) {
    const title = `${outcome}${withSelectors ? ", with selectors" : ""}`;
    test(`who had a message before does not end the delivery of whoever has it now: ${title} [messaging 5.8]`, async () => {
      const { client, engine } = await startHost();
      const { host, send } = client();
      const request = withSelectors
        ? { addresses: [queue("q")], filter: containing("m") }
        : { addresses: [queue("q")] };
      const first = new TestConsumer();
      const subscription = host.subscribe(request, first);
      send(queue("q"), "m");
      first.credit = 0;
      const second = new TestConsumer();
      host.subscribe(request, second);
      const [old] = first.deliveries;
      old!.settle("retry"); // the second one has it
      old!.settle(outcome);
      assert.deepEqual([second.bodies, first.bodies], [["m"], ["m"]], "it did not come back again");
      assert.equal(engine.router.queues.get("q")!.length, 1);
      second.credit = 0;
      second.deliveries[0]!.settle("undelivered");
      const third = new TestConsumer();
      host.subscribe(request, third);
      for (const stale of [old!, second.deliveries[0]!]) stale.settle(outcome);
      assert.deepEqual(
        third.deliveries.map(({ redeliveryCount }) => redeliveryCount),
        [1],
      );
      subscription.cancel();
      third.deliveries[0]!.settle("consumed");
      assert.equal(engine.router.queues.get("q")!.length, 0);
      assert.equal(engine.memory.usedBytes, 0);
    });
  }
}

test("what a transaction of a consumer that left settles is not taken from others [messaging 12]", async () => {
  const { client, engine } = await startHost();
  const { host, send } = client();
  send(queue("q"), "m");
  const first = new TestConsumer();
  const subscription = host.subscribe({ addresses: [queue("q")] }, first);
  const transaction = host.begin();
  transaction.settle(first.deliveries[0]!, "consumed");
  subscription.cancel();
  const second = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, second);
  transaction.commit(() => undefined);
  assert.equal(engine.router.queues.get("q")!.length, 1);
  second.deliveries[0]!.settle("consumed");
  assert.equal(engine.router.queues.get("q")!.length, 0);
});
