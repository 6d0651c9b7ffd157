import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PacketIds } from "../src/packet-ids.ts";

const id = fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constantFrom(1, 7, 8, 127, 128, 65_535));

describe("PacketIds", () => {
  it("behaves like a Set, whatever is added, removed and shrunk", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("add", "delete", "shrink"), id)), (steps) => {
        const ids = new PacketIds();
        const model = new Set<number>();
        for (const [step, one] of steps) {
          if (step === "shrink") ids.shrink();
          else if (step === "delete") assert.equal(ids.delete(one), model.delete(one));
          else assert.equal(ids.add(one), !model.has(one) && model.add(one) === model);
          assert.deepEqual([ids.size, ids.has(one)], [model.size, model.has(one)]);
        }
        for (const one of model) assert.ok(ids.has(one));
      }),
    );
  });

  it("holds every id there is", () => {
    const ids = new PacketIds();
    for (let one = 1; one <= 65_535; one += 1) ids.add(one);
    assert.equal(ids.size, 65_535);
    for (let one = 1; one <= 65_535; one += 1) ids.delete(one);
    assert.deepEqual([ids.size, ids.has(65_535)], [0, false]);
  });
});
