import assert from "node:assert/strict";
import { test } from "node:test";
import { TestOutput } from "@tsapollo/testkit";
import fc from "fast-check";
import { DeliveryStateReader } from "../src/codec/delivery-state.ts";
import { FieldReader } from "../src/codec/field-reader.ts";
import { ABSENT, Descriptor, DispositionFrame, FlowFrame, TransferFrame } from "../src/codec/frames.ts";
import { DECODED, ValueChecker } from "../src/codec/values.ts";
import { ACCEPTED_STATE, putTransfer, writeDisposition, writeFlow } from "../src/codec/write-frames.ts";
import { AmqpError } from "../src/conditions.ts";
import { type Composite, frame, frames, message } from "./wire.ts";

const UINT = fc.oneof(fc.constantFrom(0, 1, 255, 256, 0xffff_ffff), fc.nat(0x7fff_ffff));
const STATE = fc.constantFrom(
  undefined,
  message["accepted"]!({}).described(),
  message["released"]!({}).described(),
  message["rejected"]!({ error: { condition: "amqp:x", description: "y" } }).described(),
  message["modified"]!({ delivery_failed: true, undeliverable_here: false }).described(),
);

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Where the fields of a performative begin in a frame of rhea's. */
function fieldsOf(bytes: Buffer): number {
  const descriptor = new Descriptor();
  descriptor.read(bytes, 8, bytes.length);
  return descriptor.next;
}

const opt = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(some, { nil: undefined });

test("a transfer that rhea writes reads the same here [AMQP 2.7.5]", () => {
  const fields = fc.record({
    handle: UINT,
    delivery_id: opt(UINT),
    delivery_tag: opt(fc.uint8Array({ maxLength: 32 })),
    message_format: opt(UINT),
    settled: opt(fc.boolean()),
    more: opt(fc.boolean()),
    rcv_settle_mode: opt(fc.constantFrom(0, 1)),
    resume: opt(fc.boolean()),
    aborted: opt(fc.boolean()),
  });
  fc.assert(
    fc.property(fields, STATE, fc.uint8Array({ minLength: 1, maxLength: 50 }), (all, state, payload) => {
      const tag = all.delivery_tag === undefined ? undefined : Buffer.from(all.delivery_tag);
      const transfer = frames.transfer(given({ ...all, delivery_tag: tag }));
      if (state !== undefined) transfer.value[7] = state;
      const bytes = frame(transfer, Buffer.from(payload));
      const read = new TransferFrame();
      read.read(new FieldReader(), bytes, fieldsOf(bytes), bytes.length);
      const flag = (value: boolean | undefined, absent: number): number =>
        value === undefined ? absent : Number(value);
      assert.equal(read.handle, all.handle);
      assert.equal(read.deliveryId, all.delivery_id ?? ABSENT);
      assert.deepEqual([...bytes.subarray(read.tagStart, read.tagEnd)], [...(tag ?? [])]);
      assert.equal(read.messageFormat, all.message_format ?? 0);
      assert.equal(read.settled, flag(all.settled, ABSENT));
      assert.equal(read.more, flag(all.more, 0));
      assert.equal(read.rcvSettleMode, all.rcv_settle_mode ?? ABSENT);
      assert.equal(read.resume, flag(all.resume, 0));
      assert.equal(read.aborted, flag(all.aborted, 0));
      assert.equal(read.stateStart === read.stateEnd, state === undefined);
      assert.deepEqual([...bytes.subarray(read.payloadStart)], [...payload]);
    }),
  );
});

test("a flow that rhea writes reads the same here [AMQP 2.7.4]", () => {
  const fields = fc.record({
    next_incoming_id: opt(UINT),
    incoming_window: UINT,
    next_outgoing_id: UINT,
    outgoing_window: UINT,
    handle: opt(UINT),
    delivery_count: opt(UINT),
    link_credit: opt(UINT),
    available: opt(UINT),
    drain: opt(fc.boolean()),
    echo: opt(fc.boolean()),
  });
  fc.assert(
    fc.property(fields, (all) => {
      const bytes = frame(frames.flow(given(all)));
      const read = new FlowFrame();
      read.read(new FieldReader(), bytes, fieldsOf(bytes), bytes.length);
      assert.deepEqual(
        { ...read },
        {
          nextIncomingId: all.next_incoming_id ?? ABSENT,
          incomingWindow: all.incoming_window,
          nextOutgoingId: all.next_outgoing_id,
          outgoingWindow: all.outgoing_window,
          handle: all.handle ?? ABSENT,
          deliveryCount: all.delivery_count ?? ABSENT,
          linkCredit: all.link_credit ?? ABSENT,
          available: all.available ?? ABSENT,
          drain: Number(all.drain ?? 0),
          echo: Number(all.echo ?? 0),
        },
      );
    }),
  );
});

test("a disposition that rhea writes reads the same here [AMQP 2.7.6]", () => {
  const fields = fc.record({ role: fc.boolean(), first: UINT, last: opt(UINT), settled: opt(fc.boolean()) });
  fc.assert(
    fc.property(fields, STATE, (all, state) => {
      const bytes = frame(frames.disposition(given({ ...all, state })));
      const read = new DispositionFrame();
      read.read(new FieldReader(), bytes, fieldsOf(bytes), bytes.length);
      assert.deepEqual(
        [read.role, read.first, read.last, read.settled, read.stateStart !== read.stateEnd],
        [Number(all.role), all.first, all.last ?? all.first, Number(all.settled ?? 0), state !== undefined],
      );
      new DeliveryStateReader(new Descriptor(), new FieldReader()).read(
        bytes,
        read.stateStart,
        read.stateEnd,
      );
    }),
  );
});

test("what is written here reads the same in rhea", () => {
  fc.assert(
    fc.property(
      UINT,
      UINT,
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.nat(65_535),
      (a, b, first, second, more, channel) => {
        const output = new TestOutput();
        const payload = Buffer.from("payload");
        const block = output.reserve(200);
        const head = { channel, handle: a, deliveryId: b, settled: first, continued: second, more };
        const end = putTransfer(block, 0, head, payload.length);
        block.set(payload, end);
        const read = frames.read_frame(Buffer.from(block.subarray(0, end + payload.length)));
        assert.equal(read.channel, channel);
        assert.equal(read.performative!["handle"], a);
        assert.equal(read.performative!["delivery_id"], second ? null : b);
        assert.equal(read.performative!["more"], more);
        assert.equal(read.payload!.toString(), "payload");
        writeDisposition(output, channel, first, a, b, second, more ? ACCEPTED_STATE : undefined);
        const told = frames.read_frame(output.take()).performative!;
        assert.deepEqual([told["role"], told["first"], told["last"], told["settled"]], [first, a, b, second]);
        const flow = { channel, nextIncomingId: a, incomingWindow: b, nextOutgoingId: b, outgoingWindow: a };
        writeFlow(output, flow, more ? 7 : -1, a, b, first);
        const flowed: Composite = frames.read_frame(output.take()).performative!;
        assert.deepEqual([flowed["next_incoming_id"], flowed["incoming_window"]], [a, b]);
        assert.equal(flowed["link_credit"], more ? b : undefined);
      },
    ),
  );
});

test("whatever bytes there are: read, or refused by a decode-error, and never past the end", () => {
  const start = fc.constantFrom(
    [0xc0],
    [0xd0, 0, 0, 0],
    [0x00, 0x53],
    [0xe0],
    [0xf0, 0, 0],
    [0xc1],
    [0x00, 0x00, 0xa3],
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 60 }), (head, tail) => {
      const bytes = Uint8Array.from([...head, ...tail]);
      for (const read of [
        () => new ValueChecker(DECODED).check(bytes, 0, bytes.length),
        () => new TransferFrame().read(new FieldReader(), bytes, 0, bytes.length),
        () => new FlowFrame().read(new FieldReader(), bytes, 0, bytes.length),
        () => new DispositionFrame().read(new FieldReader(), bytes, 0, bytes.length),
        () => new DeliveryStateReader(new Descriptor(), new FieldReader()).read(bytes, 0, bytes.length),
      ]) {
        try {
          read();
        } catch (error) {
          assert.ok(error instanceof AmqpError, String(error));
          assert.equal(error.condition, "amqp:decode-error");
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

for (const { name, hex } of [
  { name: "four thousand million nulls in an array", hex: "f000000005ffffffff40" },
  { name: "a list that says it has more than it can", hex: "d000000004ffffffff" },
  { name: "forty lists in each other", hex: `${"c03f01".repeat(40)}40` },
  { name: "descriptors without an end", hex: "00".repeat(200) },
  { name: "a map with a key without a value", hex: "c1030141" },
  { name: "a list longer than its elements", hex: "c003014141" },
]) {
  test(`1.6 refused: ${name}`, () => {
    const bytes = Buffer.from(hex, "hex");
    assert.throws(() => new ValueChecker(DECODED).check(bytes, 0, bytes.length), {
      condition: "amqp:decode-error",
    });
  });
}
