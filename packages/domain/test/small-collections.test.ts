import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SmallMap, SmallSet } from "../src/index.ts";

const KEYS = fc.integer({ min: 0, max: 3 });
const STEPS = fc.array(
  fc.oneof(
    fc.record({ what: fc.constantFrom("put" as const, "delete" as const), key: KEYS, value: fc.nat() }),
    fc.constant({ what: "clear" as const, key: 0, value: 0 }),
  ),
);

test("a small map is a map: the same answers, entries and order after any steps", () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const small = new SmallMap<number, number>();
      const model = new Map<number, number>();
      for (const { what, key, value } of steps) {
        if (what === "put") small.set(key, value);
        if (what === "put") model.set(key, value);
        if (what === "delete") assert.equal(small.delete(key), model.delete(key));
        if (what === "clear") small.clear();
        if (what === "clear") model.clear();
        assert.equal(small.size, model.size);
        assert.equal(small.has(key), model.has(key));
        assert.equal(small.get(key), model.get(key));
        assert.deepEqual([...small], [...model]);
        assert.deepEqual([...small.keys()], [...model.keys()]);
        assert.deepEqual([...small.values()], [...model.values()]);
      }
    }),
  );
});

test("a small set is a set: the same answers, elements and order after any steps", () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const small = new SmallSet<number>();
      const model = new Set<number>();
      for (const { what, key } of steps) {
        if (what === "put") small.add(key);
        if (what === "put") model.add(key);
        if (what === "delete") assert.equal(small.delete(key), model.delete(key));
        if (what === "clear") small.clear();
        if (what === "clear") model.clear();
        assert.equal(small.size, model.size);
        assert.equal(small.has(key), model.has(key));
        assert.deepEqual([...small], [...model]);
      }
    }),
  );
});

test("what is walked may be removed", () => {
  const map = new SmallMap<string, number>();
  const set = new SmallSet<string>();
  for (const [at, key] of ["a", "b", "c"].entries()) {
    map.set(key, at);
    set.add(key);
    for (const [one] of map) map.delete(one);
    for (const one of set) set.delete(one);
    assert.deepEqual([map.size, set.size], [0, 0]);
  }
});
