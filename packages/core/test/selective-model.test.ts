import { test } from "node:test";
import type { Outcome } from "@tsapollo/domain";
import fc from "fast-check";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { startHost } from "./harness.ts";
import { type Reflex, type RunSettings, SelectiveRun, type Wishes } from "./selective-model.ts";

type Step =
  | { what: "send"; color: string; group: string | undefined; ttlMs: number; priority: number }
  | { what: "join"; wishes: Wishes; credit: number; reflexes: Reflex[] }
  | { what: "resume"; pick: number; credit: number; reflexes: Reflex[] }
  | { what: "settle"; pick: number; which: number; outcome: Outcome }
  | { what: "transact"; pick: number; acks: number; colors: string[]; commits: boolean }
  | { what: "leave"; pick: number }
  | { what: "browse"; color: string | undefined }
  | { what: "wait"; ms: number };

const color = fc.constantFrom("r", "g");
const reflexes = fc.array(
  fc.constantFrom<Reflex>(
    "take",
    "take",
    "consume",
    "refuse",
    "leave",
    "leave and refuse",
    "retry others",
    "retry others and refuse",
    "join",
    "send",
  ),
  { maxLength: 4 },
);
const pick = fc.nat(20);

const NOTHING = { filters: false, exclusive: false, from: false, groups: false, priorities: false };

/** Steps of one run; what a run has in store (filters, groups, …) is drawn once, so that each occurs alone too. */
function steps(has: typeof NOTHING) {
  const group = has.groups ? fc.constantFrom(undefined, "a", "b", "c", "d") : fc.constant(undefined);
  const wishes = fc.record({
    color: has.filters ? fc.constantFrom(undefined, "r", "g") : fc.constant(undefined),
    exclusive: has.exclusive ? fc.constantFrom(false, false, true) : fc.constant(false),
    fromSequence: has.from ? fc.constantFrom(0, 0, -1, 3, 8) : fc.constant(0),
  });
  const credit = fc.integer({ min: 0, max: 4 });
  const outcome = fc.constantFrom<Outcome>(
    "consumed",
    "consumed",
    "retry",
    "undelivered",
    "poisoned",
    "poisoned",
    "expired",
  );
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        what: fc.constant("send" as const),
        color,
        group,
        ttlMs: fc.constantFrom(0, 0, 0, 0, 50, 5_000),
        priority: has.priorities ? fc.constantFrom(4, 4, 4, 0, 5, 9) : fc.constant(4),
      }),
    },
    { weight: 3, arbitrary: fc.record({ what: fc.constant("join" as const), wishes, credit, reflexes }) },
    {
      weight: 4,
      arbitrary: fc.record({
        what: fc.constant("resume" as const),
        pick,
        credit: fc.integer({ min: 1, max: 3 }),
        reflexes,
      }),
    },
    { weight: 8, arbitrary: fc.record({ what: fc.constant("settle" as const), pick, which: pick, outcome }) },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant("transact" as const),
        pick,
        acks: fc.nat(3),
        colors: fc.array(color, { maxLength: 3 }),
        commits: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ what: fc.constant("leave" as const), pick }) },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant("browse" as const),
        color: fc.constantFrom(undefined, "r", "g"),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ what: fc.constant("wait" as const), ms: fc.constantFrom(10, 100, 2_000) }),
    },
  );
  return fc.array(step as fc.Arbitrary<Step>, { minLength: 1, maxLength: 80, size: "max" });
}

function apply(run: SelectiveRun, step: Step): void {
  if (step.what === "send") return run.send(step.color, step.group, step.ttlMs, step.priority);
  if (step.what === "join") return run.join(step.wishes, step.credit, step.reflexes);
  if (step.what === "browse") return run.browse(step.color);
  if (step.what === "wait") return run.wait(step.ms);
  const here = run.consumers.filter(({ gone }) => !gone);
  const consumer = here[step.pick % Math.max(1, here.length)];
  if (consumer === undefined) return;
  if (step.what === "leave") return run.leave(consumer);
  if (step.what === "resume") return run.resume(consumer, step.credit, step.reflexes);
  if (step.what === "transact") return run.transact(consumer, step.acks, step.colors, step.commits);
  const held = [...consumer.held.keys()];
  const entry = held[step.which % Math.max(1, held.length)];
  if (entry !== undefined) run.settle(consumer, entry, step.outcome);
}

for (const { name, has, runs } of [
  { name: "nothing", has: NOTHING, runs: 500 },
  { name: "selectors", has: { ...NOTHING, filters: true }, runs: 1_000 },
  { name: "exclusive consumers", has: { ...NOTHING, exclusive: true }, runs: 500 },
  { name: "first sequences", has: { ...NOTHING, from: true }, runs: 500 },
  { name: "message groups", has: { ...NOTHING, groups: true }, runs: 1_000 },
  { name: "groups and selectors", has: { ...NOTHING, groups: true, filters: true }, runs: 1_000 },
  {
    name: "everything",
    has: { ...NOTHING, filters: true, exclusive: true, from: true, groups: true },
    runs: 1_500,
  },
  { name: "priorities", has: { ...NOTHING, priorities: true }, runs: 500 },
  { name: "priorities and selectors", has: { ...NOTHING, priorities: true, filters: true }, runs: 1_000 },
  {
    name: "priorities and everything",
    has: { filters: true, exclusive: true, from: true, groups: true, priorities: true },
    runs: 1_500,
  },
]) {
  for (const withReflexes of [false, true]) {
    const title = `consumers set apart by ${name}${withReflexes ? ", that act within offers" : ""}`;
    test(`random steps never diverge from a list: ${title} [messaging 5.3–5.10]`, async () => {
      const settings: fc.Arbitrary<RunSettings & { roundRobin: boolean }> = fc.record({
        nakLimit: fc.constantFrom(0, 1, 2, 3),
        gracefulHandoff: fc.boolean(),
        dlqExpired: fc.boolean(),
        roundRobin: fc.boolean(),
        reflexes: fc.constant(withReflexes),
      });
      const scenario = fc.asyncProperty(settings, steps(has), async (chosen, all) => {
        const { nakLimit, gracefulHandoff, dlqExpired, roundRobin } = chosen;
        const changed = {
          nakLimit,
          gracefulHandoff,
          dlqExpired,
          roundRobin,
          dlq: "dlq.*",
          autoDeleteAfterMs: 0,
          priority: has.priorities,
        };
        const q = { ...DEFAULT_QUEUE_SETTINGS, ...changed };
        const host = await startHost({ queues: [{ filter: ["q"], settings: q }] });
        const run = new SelectiveRun(host, chosen);
        for (const step of all) {
          apply(run, step);
          run.checkIdle();
        }
        run.finish();
      });
      await fc.assert(scenario, { numRuns: runs });
    });
  }
}
