import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settled } from "@tsapollo/testkit";
import fc from "fast-check";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { queue, startHostOn, TestConsumer } from "./harness.ts";
import { PagingRun, type PagingStep } from "./paging-model.ts";
import { SimpleStore } from "./simple-store.ts";

const step: fc.Arbitrary<PagingStep> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant("send" as const),
      count: fc.integer({ min: 1, max: 12 }),
      ttlMs: fc.constantFrom(0, 0, 0, 50, 5_000),
      persistent: fc.constantFrom(true, true, false),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant("join" as const),
      credit: fc.integer({ min: 0, max: 8 }),
      digit: fc.constantFrom(1, 2, 3, 10, 10, 10, 10),
      exclusive: fc.constantFrom(false, false, false, true),
      back: fc.constantFrom(50, 50, 50, 50, 5, 20, 40),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constantFrom(
        "leave" as const,
        "resume" as const,
        "resume" as const,
        "consume" as const,
        "consume" as const,
        "retry" as const,
        "undelivered" as const,
      ),
      pick: fc.nat(50),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant("wait" as const), ms: fc.constantFrom(10, 100, 2_000, 12_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constantFrom("browse" as const, "kill" as const, "stop" as const) }),
  },
);

test("a queue that does not fit into memory is the same queue, also after restarts [messaging 5.11, 10.4]", async () => {
  let loaded = 0;
  const scenario = fc.asyncProperty(
    fc.array(step, { minLength: 5, maxLength: 60, size: "max" }),
    async (steps) => {
      const run = new PagingRun();
      await run.start();
      for (const one of steps) await run.apply(one);
      loaded += run.loaded;
      await run.finish();
    },
  );
  await fc.assert(scenario, { numRuns: Number(process.env["PAGING_RUNS"] ?? 1_000) });
  assert.ok(loaded > 1_000, `pages were read: ${loaded} entries`);
});

test("a consumer is told that it has seen everything only when it has, also what the store had to be asked for", async () => {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, tailBufferBytes: 1, swapRangeSize: 3 };
  const host = { flushDelayMs: -1, queues: [{ filter: undefined, settings }] };
  const { client, store } = await startHostOn(new SimpleStore(), new FakeClock(), host);
  const { send, host: virtualHost } = client();
  for (let at = 0; at < 20; at += 1) send(queue("q"), String(at), { persistent: true });
  const calm = async (): Promise<void> => {
    for (let left = 30; left > 0; left -= 1) await settled();
  };
  await calm();
  const consumer = new TestConsumer();
  consumer.credit = 0;
  const subscription = virtualHost.subscribe({ addresses: [queue("q")] }, consumer);
  consumer.credit = 100;
  let seen = -1;
  subscription.resume(() => {
    seen = consumer.deliveries.length;
  });
  assert.equal(seen, -1, "not yet");
  await calm();
  assert.equal(seen, 20);
  assert.ok(store.loaded > 10);
  subscription.resume(() => {
    seen = 0;
  });
  assert.equal(seen, 0, "at once when nothing is to be read");
});
