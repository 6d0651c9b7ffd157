import assert from "node:assert/strict";
import { test } from "node:test";
import { LoadAverage } from "../../src/sys/load-average.ts";

/** What Mosquitto's formula makes of updates: `interval + exponent * (current - interval)`. */
const CASES: readonly {
  readonly what: string;
  readonly updates: readonly (readonly [total: number, elapsedS: number])[];
  readonly texts: readonly string[];
}[] = [
  {
    what: "nothing ever happens",
    updates: [
      [0, 0],
      [0, 10],
    ],
    texts: ["0.00", "0.00", "0.00"],
  },
  {
    what: "what was before the first update does not count",
    updates: [
      [500, 0],
      [500, 10],
    ],
    texts: ["0.00", "0.00", "0.00"],
  },
  {
    what: "10 within 10 s are 60 a minute",
    updates: [
      [0, 0],
      [10, 10],
    ],
    texts: ["9.21", "1.97", "0.66"],
  },
  {
    what: "the same again",
    updates: [
      [0, 0],
      [10, 10],
      [20, 10],
    ],
    texts: ["17.01", "3.87", "1.32"],
  },
  {
    what: "and then nothing",
    updates: [
      [0, 0],
      [10, 10],
      [10, 10],
    ],
    texts: ["7.80", "1.90", "0.66"],
  },
  {
    what: "Mosquitto 2.0.11, 4 s after one socket",
    updates: [
      [0, 0],
      [1, 4],
    ],
    texts: ["0.97", "0.20", "0.07"],
  },
  {
    what: "no time passed: nothing changes",
    updates: [
      [0, 0],
      [10, 10],
      [99, 0],
    ],
    texts: ["9.21", "1.97", "0.66"],
  },
];

for (const { what, updates, texts } of CASES) {
  test(`load averages: ${what}`, () => {
    const load = new LoadAverage();
    for (const [total, elapsedS] of updates) load.update(total, elapsedS);
    assert.deepEqual(
      load.perMinute.map((one) => one.toFixed(2)),
      texts,
    );
  });
}

test("load averages: a steady rate is what all of them come to, whatever the interval", () => {
  for (const elapsedS of [1, 10, 60]) {
    const load = new LoadAverage();
    for (let s = 0; s < 15 * 60 * 12; s += elapsedS) load.update(s * 7, elapsedS);
    for (const one of load.perMinute) assert.ok(Math.abs(one - 420) < 0.5, `${one} every ${elapsedS} s`);
  }
});
