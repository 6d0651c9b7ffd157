import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProtocolHandler } from "@tsapollo/domain";
import fc from "fast-check";
import { Input } from "../src/input.ts";

/** Frames of one length byte and a body; says what it wants when `tells`. Remembers what it saw. */
class Reader implements ProtocolHandler {
  bytesWanted = 0;
  readonly frames: string[] = [];
  readonly kept: Uint8Array[] = [];
  seenBytes = 0;
  readonly #tells: boolean;
  readonly #headBytes: number;
  constructor(tells: boolean, headBytes = 1) {
    this.#tells = tells;
    this.#headBytes = headBytes;
  }
  receive(bytes: Uint8Array, start: number, end: number, borrowed: boolean): number {
    this.seenBytes += end - start;
    this.bytesWanted = 0;
    let at = start;
    while (end - at >= this.#headBytes) {
      let size = this.#headBytes;
      for (let i = 0, length = 0; i < this.#headBytes; i++) {
        length = length * 256 + bytes[at + i]!;
        size = this.#headBytes + length;
      }
      if (end - at < size) {
        if (this.#tells) this.bytesWanted = size;
        return at;
      }
      const body = bytes.subarray(at + this.#headBytes, at + size);
      this.frames.push(Buffer.from(body).toString("latin1"));
      if (!borrowed) this.kept.push(body);
      at += size;
    }
    return at;
  }
  drained(): void {}
  closed(): void {}
}

function bytesOf(bodies: readonly string[], headBytes = 1): Buffer {
  return Buffer.concat(
    bodies.map((body) => {
      const head = Buffer.alloc(headBytes);
      head.writeUIntBE(body.length, 0, headBytes);
      return Buffer.concat([head, Buffer.from(body, "latin1")]);
    }),
  );
}

describe("input", () => {
  const bodies = fc.array(fc.stringMatching(/^[a-d]{0,40}$/), { maxLength: 30 });
  const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 });
  test("how the stream is cut, paused or handed on never changes what is read", () => {
    fc.assert(
      fc.property(bodies, cuts, fc.boolean(), fc.array(fc.boolean()), (expected, sizes, tells, pauses) => {
        const reader = new Reader(tells);
        const input = new Input(reader, 100_000);
        const stream = bytesOf(expected);
        // One buffer for all reads, as the sockets have it.
        const shared = Buffer.alloc(64);
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = Math.min(sizes[i % sizes.length]!, stream.length - at);
          shared.fill(0xee);
          stream.copy(shared, 3, at, at + size);
          input.held = pauses[i % pauses.length] ?? false;
          input.redeliver();
          input.take(shared, 3, 3 + size);
          at += size;
        }
        input.held = false;
        input.redeliver();
        assert.deepEqual(reader.frames, expected);
        assert.equal(input.keptBytes, 0);
      }),
    );
  });

  test("a large wanted frame ends in a buffer of exactly its size, and may be kept", () => {
    const reader = new Reader(true, 4);
    const input = new Input(reader, 10_000_000);
    const stream = bytesOf(["x".repeat(1_000_000), "y"], 4);
    const shared = Buffer.alloc(65_536);
    for (let at = 0; at < stream.length; at += 65_536) {
      const size = stream.copy(shared, 0, at, at + 65_536);
      input.take(shared, 0, size);
    }
    assert.deepEqual(
      reader.frames.map((one) => one.length),
      [1_000_000, 1],
    );
    assert.equal(reader.kept[0]!.buffer.byteLength, 1_000_004);
    assert.ok(reader.kept[0]!.every((byte) => byte === 0x78));
    assert.ok(reader.seenBytes < 1_200_000, "the handler is not asked before the frame is there");
  });

  for (const { what, pauseAt } of [
    { what: "in the middle of a read", pauseAt: [3] },
    { what: "again and again", pauseAt: [3, 4, 100, 2_000] },
    { what: "before a read", pauseAt: [0] },
  ])
    test(`small frames that waited for a handler which paused ${what} do not keep their block`, () => {
      const reader = new Reader(true, 2);
      const input = new Input(reader, 10_000_000);
      const whole = reader.receive.bind(reader);
      const pauses = [...pauseAt];
      reader.receive = (bytes, start, end, borrowed) => {
        const left = (pauses[0] ?? Number.POSITIVE_INFINITY) - reader.frames.length;
        const stop = Math.min(end, start + left * 12);
        const next = whole(bytes, start, stop, borrowed);
        if (next < end && stop < end) input.held = pauses.shift() !== undefined;
        return next;
      };
      const stream = bytesOf(
        Array.from({ length: 5_000 }, () => "0123456789"),
        2,
      );
      if (pauses[0] === 0) input.held = pauses.shift() === 0;
      input.take(stream, 0, stream.length);
      for (; input.held; input.redeliver()) input.held = false;
      assert.equal(reader.frames.length, 5_000);
      assert.deepEqual(reader.kept, []);
    });

  test("a claimed length makes no room before the bytes are there", () => {
    const reader = new Reader(true, 4);
    const input = new Input(reader, 101 * 1024 * 1024);
    input.take(Buffer.from([0x05, 0, 0, 0, 1, 2, 3]), 0, 7);
    assert.equal(reader.bytesWanted, 0x05000004);
    assert.equal(input.keptBytes, 7);
    assert.ok(input.roomBytes <= 64);
  });

  test("only the cut frame is copied, not the read behind it", () => {
    const reader = new Reader(false, 2);
    const input = new Input(reader, 1_000_000);
    const stream = bytesOf(
      Array.from({ length: 6_000 }, () => "0123456789"),
      2,
    );
    for (let at = 0; at < stream.length; at += 30_001)
      input.take(stream, at, Math.min(stream.length, at + 30_001));
    assert.equal(reader.frames.length, 6_000);
    assert.ok(reader.seenBytes < stream.length * 1.2, `${reader.seenBytes} of ${stream.length}`);
  });

  test("too much unfinished input is refused", () => {
    const input = new Input(new Reader(false, 4), 1_000);
    assert.throws(() => input.take(Buffer.alloc(1_001, 0xff), 0, 1_001), { code: "FRAME_TOO_LARGE" });
  });

  test("a handler that answers nonsense is found out", () => {
    const reader = new Reader(false);
    reader.receive = () => -1;
    assert.throws(() => new Input(reader, 10).take(Buffer.alloc(4), 0, 4), { name: "InvariantError" });
  });

  test("a handler that is replaced hands its bytes to the next", () => {
    const second = new Reader(true);
    const input = new Input(second, 1_000);
    const first = new Reader(true);
    first.receive = (_bytes, start, end) => {
      if (end - start >= 4) input.handler = second;
      return start;
    };
    input.handler = first;
    const stream = bytesOf(["abc", "de"]);
    for (let at = 0; at < stream.length; at++) input.take(stream, at, at + 1);
    assert.deepEqual(second.frames, ["abc", "de"]);
  });
});
