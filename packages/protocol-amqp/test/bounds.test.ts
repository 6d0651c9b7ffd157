import assert from "node:assert/strict";
import { test } from "node:test";
import { Address } from "@tsapollo/domain";
import { sampleMessage, TestDelivery } from "@tsapollo/testkit";
import fc from "fast-check";
import { DECODED, PASSED_ON, ValueChecker } from "../src/codec/values.ts";
import { AmqpMessageCodec } from "../src/message-codec.ts";
import type { OutgoingLink } from "../src/outgoing-link.ts";
import { UnsettledDeliveries } from "../src/unsettled.ts";
import { Client, type Composite, frames, message, types } from "./wire.ts";

const QUEUE = new Address("queue", ["a"]);
const NULLS = Buffer.from("f0000000050001000040", "hex"); // an array of 65,536 nulls in ten bytes

function conditions(client: Client): string[] {
  return client.heard().flatMap(({ name, fields }) => {
    const condition = (fields["error"] as { condition?: string } | null | undefined)?.condition;
    return condition === undefined ? [] : [`${name} ${condition}`];
  });
}

/** A list or map of values that are encoded already. */
function compound(code: 0xd0 | 0xd1, count: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head[0] = code;
  head.writeUInt32BE(content.length + 4, 1);
  head.writeUInt32BE(count, 5);
  return Buffer.concat([head, content]);
}

const section = (code: number, value: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0, 0x53, code]), value]);

test("1.6.23 arrays of nothing: some bytes cannot claim millions of elements", () => {
  const many = compound(0xd0, 1_000, Buffer.concat(Array.from({ length: 1_000 }, () => NULLS)));
  for (const limits of [DECODED, PASSED_ON]) {
    const checker = new ValueChecker(limits);
    assert.throws(() => checker.check(many, 0, many.length), { condition: "amqp:decode-error" });
  }
});

test("1.6.24 arrays of lists pass in messages, and are refused in performatives", () => {
  const array = Buffer.from("e00802c0020141020142", "hex");
  const checker = new ValueChecker(PASSED_ON);
  assert.equal(checker.check(array, 0, array.length), array.length);
  assert.throws(() => new ValueChecker(DECODED).check(array, 0, array.length), {
    condition: "amqp:decode-error",
  });
});

for (const [name, bytes] of [
  ["application properties that are cut", section(0x74, Buffer.from("c10502a1016b", "hex"))],
  ["annotations with a type that is none", section(0x72, Buffer.from("c10502a1016b4f", "hex"))],
  ["properties with a list that lies", section(0x73, Buffer.from("c00509a1026d31", "hex"))],
  ["a value whose list lies", section(0x77, Buffer.from("c0040541a10141", "hex").subarray(0, 6))],
  [
    "a thousand arrays of nothing",
    section(0x77, compound(0xd0, 1_000, Buffer.concat(Array(1_000).fill(NULLS)))),
  ],
  ["sequences of arrays of nothing", Buffer.concat(Array(20).fill(section(0x76, compound(0xd0, 1, NULLS))))],
  ["three hundred lists in each other", section(0x77, nested(300))],
] as const) {
  test(`3.2 a message that others could not read is rejected: ${name}`, async () => {
    const client = await Client.open();
    client.attachSender(0, { address: "queue://a" });
    client.heard();
    client.say(frames.transfer({ handle: 0, delivery_id: 0, delivery_tag: Buffer.from("t") }), bytes);
    const [told] = client.heard();
    assert.equal((told!.fields["state"] as { descriptor: { value: number } }).descriptor.value, 0x25);
    assert.equal(client.reception.host.published.length, 0);
  });
}

function nested(depth: number): Buffer {
  let value: Buffer = Buffer.from([0x45]);
  for (let at = 0; at < depth; at += 1) value = compound(0xd0, 1, value);
  return value;
}

test("20 what is too much for JSON crosses as it is encoded", async () => {
  const client = await Client.open();
  client.attachSender(0, { address: "queue://a" });
  const bodies = [
    nested(100),
    compound(0xd0, 300_000, Buffer.alloc(300_000, 0x41)),
    compound(0xd0, 1, NULLS),
  ];
  bodies.forEach((body, id) => {
    const transfer = frames.transfer({ handle: 0, delivery_id: id, delivery_tag: Buffer.from([id]) });
    client.say(transfer, section(0x77, body));
  });
  const codec = new AmqpMessageCodec();
  const crossed = client.reception.host.published.map(({ message: one }) => codec.toNeutral(one).body);
  assert.deepEqual(Buffer.from(crossed[0]!), section(0x77, bodies[0]!));
  assert.deepEqual(Buffer.from(crossed[1]!), section(0x77, bodies[1]!));
  assert.equal(JSON.parse(Buffer.from(crossed[2]!).toString())[0].length, 65_536);
});

test("3.2.3 times that are none, or no time ever, are bounded", async () => {
  const client = await Client.open();
  client.attachSender(0, { address: "queue://a" });
  const values = [
    types["wrap_double"]!(Number.POSITIVE_INFINITY),
    types["wrap_double"]!(0.5),
    "soon",
    types["wrap_ulong"]!(2 ** 60),
  ];
  for (const [id, value] of values.entries()) {
    for (const name of ["x-opt-delivery-delay", "x-opt-delivery-time"]) {
      const body = message.encode({ body: "x", message_annotations: { [name]: value } });
      client.say(
        frames.transfer({ handle: 0, delivery_id: id, delivery_tag: Buffer.from("t"), settled: true }),
        body,
      );
    }
  }
  const times = client.reception.host.published.map(({ message: one }) => one.notBeforeMs);
  assert.equal(times.length, values.length * 2);
  for (const time of times) assert.ok(Number.isSafeInteger(time) && time <= 8.64e15, String(time));
});

for (const [name, say, expected] of [
  [
    "2.3 an attach that is larger than anything it could say",
    (c) => c.attachSender(0, { address: "queue://a" }, { properties: { a: "x".repeat(300_000) } }),
    "close amqp:connection:framing-error",
  ],
  [
    "2.7.3 a link's endless name",
    (c) => c.attachSender(0, { address: "queue://a" }, { name: "n".repeat(5_000) }),
    "close amqp:decode-error",
  ],
  [
    "2.4 a composite of thousands",
    (c) => c.attachSender(0, { address: "queue://a,".repeat(5_000) }),
    "detach amqp:not-found",
  ],
  [
    "2.7.6 annotations of an outcome that nobody could read",
    (c) => {
      c.connection.feed(brokenModified());
    },
    "close amqp:decode-error",
  ],
] as readonly (readonly [string, (client: Client) => void, string])[]) {
  test(`refused: ${name}`, async () => {
    const client = await Client.open();
    say(client);
    assert.deepEqual(conditions(client), [expected]);
  });
}

/** A disposition with `modified`, whose map has a key and no value. */
function brokenModified(): Buffer {
  const state = Buffer.from("005327c009034142c10401a1016b", "hex");
  const fields = Buffer.concat([Buffer.from([0x41, 0x43, 0x43, 0x41]), state]);
  const body = Buffer.concat([Buffer.from([0, 0x53, 0x15, 0xc0, fields.length + 1, 5]), fields]);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head[4] = 2;
  return Buffer.concat([head, body]);
}

test("2.4.5 who wants a sign of life every millisecond is told that it cannot be", async () => {
  const client = await Client.open({}, { idle_time_out: 3 });
  assert.equal(client.connection.state === "open", false);
});

test("2.6.12 the deliveries of a range are found as by looking at each, across the end of the ids", () => {
  const steps = fc.array(
    fc.record({ kind: fc.constantFrom("add", "delete", "hold", "find"), at: fc.nat(60), width: fc.nat(80) }),
    { maxLength: 120 },
  );
  const starts = fc.constantFrom(0, 0x0fff_fff0, 0x7fff_fff0, 0xffff_fff0);
  fc.assert(
    fc.property(starts, steps, (start, all) => {
      const unsettled = new UnsettledDeliveries();
      const model = new Map<number, "free" | "held">();
      let next = start;
      for (const { kind, at, width } of all) {
        const id = (start + at) >>> 0;
        if (kind === "add") {
          unsettled.add({} as OutgoingLink, {} as TestDelivery, next);
          model.set(next, "free");
          next = (next + 1) >>> 0;
        } else if (kind === "delete") {
          unsettled.delete(id);
          model.delete(id);
        } else if (kind === "hold" && unsettled.get(id) !== undefined) {
          unsettled.hold(unsettled.get(id)!, true);
          model.set(id, "held");
        } else if (kind === "find") {
          const first = (id - 20) >>> 0;
          const last = (first + width) >>> 0;
          const found = unsettled.within(first, last).map((entry) => entry.id);
          const expected = [...model].filter(
            ([one, state]) => state === "free" && (one - first) >>> 0 <= width,
          );
          assert.deepEqual(found.sort(), expected.map(([one]) => one).sort());
        }
        assert.equal(unsettled.size, model.size);
      }
    }),
    { numRuns: 500 },
  );
});

/** A client with links to queues, as many as wanted, with credit. */
async function receivers(count: number, options: object = {}, credit = 1_000): Promise<Client> {
  const client = await Client.open(options);
  for (let handle = 0; handle < count; handle += 1) {
    client.attachReceiver(handle, { address: `queue://q${handle}` });
    client.credit(handle, credit);
  }
  client.heard();
  return client;
}

const offer = (client: Client, link: number): TestDelivery | undefined => {
  const delivery = new TestDelivery(sampleMessage("x"), QUEUE);
  return client.reception.host.subscriptions[link]!.consumer.offer(delivery) ? delivery : undefined;
};

test("links that wait for room take turns, whoever has the most to send", async () => {
  const client = await receivers(3, { unsettledMax: 1 });
  const { subscriptions } = client.reception.host;
  const order: number[] = [];
  subscriptions.forEach((subscription, link) => {
    subscription.resume = () => {
      if (offer(client, link) !== undefined) order.push(link);
      assert.equal(offer(client, link), undefined);
    };
  });
  for (const link of [0, 0, 1, 2]) offer(client, link);
  for (let id = 0; id < 6; id += 1)
    client.say(frames.disposition({ role: true, first: id, last: id, settled: true }));
  assert.deepEqual(order, [0, 1, 2, 0, 1, 2]);
});

test("2.6.6 a link's end makes room among the unsettled for the others", async () => {
  const client = await receivers(2, { unsettledMax: 2 });
  offer(client, 0);
  offer(client, 0);
  assert.equal(offer(client, 1), undefined);
  const before = client.reception.host.subscriptions[1]!.resumed;
  client.say(frames.detach({ handle: 0, closed: true }));
  assert.equal(client.reception.host.subscriptions[1]!.resumed, before + 1);
});

test("2.5.6, 2.6.7 flows with absurd numbers: neither window nor credit ever opens by mistake", async () => {
  const numbers = fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff);
  await fc.assert(
    fc.asyncProperty(numbers, numbers, numbers, numbers, async (next, window, count, credit) => {
      const client = await receivers(1, {}, 0);
      const session = { next_incoming_id: next, incoming_window: window };
      client.credit(0, credit, { ...session, delivery_count: count, echo: true });
      const expectedCredit = credit > (0 - count) >>> 0 ? credit - ((0 - count) >>> 0) : 0;
      const expectedWindow = window > (0 - next) >>> 0 ? window - ((0 - next) >>> 0) : 0;
      let sent = 0;
      while (sent < 3 && offer(client, 0) !== undefined) sent += 1;
      assert.equal(sent, Math.min(3, expectedCredit, expectedWindow));
      assert.deepEqual(conditions(client), []);
    }),
    { numRuns: 100 },
  );
});

test("2.7.6 dispositions over everything there could be settle what there is, once", async () => {
  const client = await receivers(1);
  const deliveries = [offer(client, 0)!, offer(client, 0)!];
  const all = { role: true, first: 0, last: 0x7fff_ffff };
  client.say(frames.disposition({ ...all }));
  assert.equal(deliveries[0]!.outcome, undefined, "without a state and not settled it says nothing");
  client.say(frames.disposition({ ...all, settled: true, state: message["released"]!({}).described() }));
  assert.deepEqual(
    deliveries.map(({ outcome }) => outcome),
    ["undelivered", "undelivered"],
  );
  client.say(frames.disposition({ ...all, settled: true }));
  client.say(frames.disposition({ role: true, first: 5, last: 4, settled: true }));
  const ends = client.heard().filter(({ name }) => name === "end") as { fields: Composite }[];
  assert.equal((ends[0]!.fields["error"] as { condition: string }).condition, "amqp:invalid-field");
});
