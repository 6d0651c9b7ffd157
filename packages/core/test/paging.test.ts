import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PagingRun, type PagingStep } from "./paging-model.ts";

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
