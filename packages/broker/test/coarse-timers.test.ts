import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BUCKET_MS, CoarseTimers } from "../src/coarse-timers.ts";

test("each timer is called back once, not before its time, at most two buckets behind it, unless it was cancelled", () => {
  const wanted = fc.record({ delayMs: fc.nat(10_000), cancelled: fc.boolean() });
  fc.assert(
    fc.property(fc.array(wanted), fc.integer({ min: 1, max: 50 }), (all, stepMs) => {
      const timers = new CoarseTimers(5);
      const firedMs: number[][] = all.map(() => []);
      let nowMs = 5;
      const set = all.map(({ delayMs }, at) => timers.at(5 + delayMs, () => firedMs[at]!.push(nowMs)));
      for (const [at, { cancelled }] of all.entries()) if (cancelled) set[at]!.cancel();
      assert.equal(timers.size, all.filter(({ cancelled }) => !cancelled).length);
      for (; nowMs < 11_000; nowMs += stepMs) timers.fire(nowMs);
      assert.equal(timers.size, 0);
      for (const [at, { delayMs, cancelled }] of all.entries()) {
        assert.equal(firedMs[at]!.length, cancelled ? 0 : 1);
        for (const ms of firedMs[at]!) {
          assert.ok(ms >= 5 + delayMs && ms <= 5 + delayMs + 2 * BUCKET_MS + stepMs, `${ms} for ${delayMs}`);
        }
      }
    }),
  );
});

test("what is set by a callback is called back later, even if it is due already", () => {
  const timers = new CoarseTimers(0);
  const seen: string[] = [];
  timers.at(100, () => {
    seen.push("first");
    timers.at(0, () => seen.push("second"));
  });
  timers.fire(1_000);
  assert.deepEqual(seen, ["first", "second"]);
  timers.at(0, () => seen.push("third"));
  timers.fire(1_000);
  assert.deepEqual(seen, ["first", "second"], "its bucket is not due yet");
  timers.fire(1_000 + 2 * BUCKET_MS);
  assert.deepEqual(seen, ["first", "second", "third"]);
});

test("a callback may cancel others that are due with it", () => {
  const timers = new CoarseTimers(0);
  const seen: string[] = [];
  const [one, other] = ["one", "other"].map((name) => timers.at(100, () => cancelBoth(name)));
  function cancelBoth(name: string): void {
    seen.push(name);
    one!.cancel();
    other!.cancel();
  }
  timers.fire(1_000);
  timers.fire(2_000);
  assert.deepEqual(seen, ["one"]);
});

test("a callback that throws does not keep the others from being called", () => {
  const timers = new CoarseTimers(0);
  const seen: string[] = [];
  timers.at(100, () => {
    throw new Error("broken");
  });
  timers.at(100, () => seen.push("other"));
  assert.throws(() => timers.fire(1_000), /broken/);
  timers.fire(1_000);
  assert.deepEqual(seen, ["other"]);
});
