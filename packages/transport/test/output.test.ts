import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SocketOutput } from "../src/output.ts";
import { Turn } from "../src/turn.ts";
import type { Wire } from "../src/wire.ts";

/** Keeps what was sent; `blocked` means that the kernel takes nothing. */
class TestWire implements Wire {
  readonly sent: Uint8Array[] = [];
  blocked = false;
  unsent = 0;
  flushes = 0;
  send(bytes: Uint8Array, owned: boolean): boolean {
    // A blocked wire keeps the very bytes, as a socket does.
    this.sent.push(this.blocked || owned ? bytes : Buffer.from(bytes));
    if (this.blocked) this.unsent += bytes.length;
    return !this.blocked && !owned;
  }
  flush(): void {
    this.flushes += 1;
  }
  pause(): void {}
  resume(): void {}
  readSome(): boolean {
    return true;
  }
  probe(): void {}
  end(): void {}
  destroy(): void {}
}

function make(limits = { writeBufferSize: 1_000, maxUnsentBytes: 5_000 }): {
  turn: Turn;
  wire: TestWire;
  output: SocketOutput;
  overflows: number[];
  rooms: { count: number };
} {
  const turn = new Turn();
  const wire = new TestWire();
  const overflows: number[] = [];
  const rooms = { count: 0 };
  const output = new SocketOutput(wire, turn, limits, {
    overflowed: (bytes) => overflows.push(bytes),
    roomAgain: () => {
      rooms.count += 1;
    },
    shutDown: (cause) => assert.fail(String(cause)),
  });
  return { turn, wire, output, overflows, rooms };
}

describe("output", () => {
  const pieces = fc.array(
    fc.record({
      size: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 70_000 })),
      how: fc.constantFrom("owned", "copied", "reserved", "flush"),
      blocked: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  test("whatever is written how, it leaves in order and unchanged", () => {
    fc.assert(
      fc.property(pieces, (steps) => {
        const { turn, wire, output } = make({ writeBufferSize: 1e9, maxUnsentBytes: 1e9 });
        const expected: Buffer[] = [];
        steps.forEach(({ size, how, blocked }, i) => {
          wire.blocked = blocked;
          const bytes = Buffer.alloc(size + 6, i + 1);
          expected.push(
            how === "flush"
              ? Buffer.alloc(0)
              : bytes.subarray(3, 3 + Math.min(size, how === "reserved" ? 16_384 : size)),
          );
          if (how === "flush") turn.flush();
          else if (how === "reserved") {
            const n = Math.min(size, 16_384);
            const block = output.reserve(n);
            block.fill(i + 1, output.used, output.used + n);
            output.used += n;
          } else {
            output.write(bytes, 3, 3 + size, how === "owned");
            if (how === "copied") expected[i] = Buffer.from(expected[i]!);
            if (how === "copied") bytes.fill(0xee);
          }
        });
        turn.flush();
        assert.ok(Buffer.concat(wire.sent).equals(Buffer.concat(expected)));
      }),
    );
  });

  test("small pieces leave together; large owned ones by reference behind them", () => {
    const { turn, wire, output } = make();
    const large = Buffer.alloc(20_000);
    output.write(Buffer.from("ab"), 0, 2, false);
    output.write(Buffer.from("cd"), 0, 2, true);
    output.write(large, 0, large.length, true);
    output.write(Buffer.from("ef"), 0, 2, false);
    turn.flush();
    assert.deepEqual(
      wire.sent.map((one) => one.length),
      [4, 20_000, 2],
    );
    assert.equal(wire.sent[1], large);
    assert.equal(wire.flushes, 1);
    assert.equal(output.sentBytes, 20_006);
  });

  test("a block goes back to the pool unless the wire still holds it", () => {
    const { turn, wire, output } = make();
    output.write(Buffer.alloc(10), 0, 10, false);
    assert.equal(turn.pool.idleCount, 0);
    turn.flush();
    assert.equal(turn.pool.idleCount, 1);
    wire.blocked = true;
    output.write(Buffer.alloc(10), 0, 10, false);
    turn.flush();
    assert.equal(turn.pool.idleCount, 0);
  });

  test("full above the high-water mark, given up above the hard limit", () => {
    const { turn, wire, output, overflows } = make();
    wire.blocked = true;
    const write = (size: number): void => {
      output.write(Buffer.alloc(size), 0, size, false);
      turn.flush();
    };
    write(1_000);
    assert.equal(output.full, false);
    write(1);
    assert.equal(output.full, true);
    assert.equal(output.drained(), true);
    assert.equal(output.drained(), false);
    write(3_999);
    assert.deepEqual(overflows, []);
    write(1);
    assert.deepEqual(overflows, [5_001]);
    write(1);
    assert.equal(wire.unsent, 5_001, "nothing is added any more");
  });

  test("full within a turn only: there is room again when the turn has ended", () => {
    const { turn, wire, output, rooms } = make({ writeBufferSize: 1_000, maxUnsentBytes: 1e6 });
    const piece = Buffer.alloc(20_000);
    wire.send = () => {
      wire.unsent += 20_000;
      return false;
    };
    wire.flush = () => {
      wire.unsent = 0;
    };
    output.write(piece, 0, piece.length, true);
    turn.flush();
    assert.equal(output.full, true);
    assert.equal(rooms.count, 1);
  });

  test("reserve is bounded", () => {
    const { output } = make();
    assert.ok(output.reserve(16_384).length >= 16_384);
    assert.throws(() => output.reserve(65_537), RangeError);
  });
});

describe("turn", () => {
  const setUp = (): { turn: Turn; flushed: string[]; output: { flush(): void }; pass(ms: number): void } => {
    let now = 0;
    const flushed: string[] = [];
    const turn = new Turn({ now: () => now, gapMs: 1 });
    const output = { flush: () => void flushed.push("out") };
    const pass = (ms: number): void => {
      now += ms;
    };
    return { turn, flushed, output, pass };
  };

  test("reads far apart: flushed when the read ends", () => {
    const { turn, flushed, output, pass } = setUp();
    pass(100);
    turn.enter();
    turn.mark(output);
    assert.deepEqual(flushed, []);
    turn.leave(false);
    assert.deepEqual(flushed, ["out"]);
  });

  test("reads back to back, or more to come: flushed once, when all were read", async () => {
    for (const more of [true, false]) {
      const { turn, flushed, output, pass } = setUp();
      pass(100);
      turn.enter();
      turn.leave(more);
      pass(more ? 100 : 0.5);
      for (let i = 0; i < 3; i++) {
        turn.enter();
        if (i === 0) turn.mark(output);
        turn.leave(more);
      }
      assert.deepEqual(flushed, []);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(flushed, ["out"]);
    }
  });

  test("outside a read: when the promises that are due have run", async () => {
    const { turn, flushed, output } = setUp();
    const other = { flush: () => void flushed.push("other") };
    turn.mark(output);
    void Promise.resolve()
      .then(() => undefined)
      .then(() => turn.mark(other))
      .then(() => assert.deepEqual(flushed, []));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(flushed, ["out", "other"]);
  });

  test("output that a flush makes leaves with it", () => {
    const { turn, flushed, output } = setUp();
    turn.mark({ flush: () => turn.mark(output) });
    turn.flush();
    assert.deepEqual(flushed, ["out"]);
  });
});
