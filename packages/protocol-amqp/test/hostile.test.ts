import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "@tsapollo/testkit";
import fc from "fast-check";
import { Client, type Composite, frame, frames, HEADER, message, terminus } from "./wire.ts";

const SESSION = { next_incoming_id: 0, incoming_window: 100, next_outgoing_id: 0, outgoing_window: 100 };
const BODY = message.encode({ body: "x", application_properties: { a: 1 } });

/** A conversation that uses everything. */
const CONVERSATION: readonly Buffer[] = [
  HEADER,
  frame(frames.open({ container_id: "fuzz", properties: { a: "b" } })),
  frame(frames.begin({ next_outgoing_id: 0, incoming_window: 100, outgoing_window: 100 })),
  frame(
    frames.attach({
      name: "s",
      handle: 0,
      role: false,
      source: terminus.source({}).described(),
      target: terminus.target({ address: "queue://a", capabilities: ["queue", "x"] }).described(),
      initial_delivery_count: 0,
    }),
  ),
  frame(
    frames.attach({
      name: "r",
      handle: 1,
      role: true,
      source: terminus.source({ address: "topic://a", durable: 2, expiry_policy: "never" }).described(),
      target: terminus.target({}).described(),
    }),
  ),
  frame(frames.flow({ ...SESSION, handle: 1, link_credit: 10, delivery_count: 0, echo: true })),
  frame(frames.transfer({ handle: 0, delivery_id: 0, delivery_tag: Buffer.from("a"), settled: false }), BODY),
  frame(
    frames.transfer({ handle: 0, delivery_id: 1, delivery_tag: Buffer.from("b"), more: true }),
    BODY.subarray(0, 5),
  ),
  frame(frames.transfer({ handle: 0 }), BODY.subarray(5)),
  frame(frames.disposition({ role: true, first: 0, last: 5, settled: true })),
  frame(frames.detach({ handle: 1, closed: true })),
  frame(frames.end({})),
  frame(frames.close({})),
];

function isOver({ connection }: Client): boolean {
  return connection.state !== "open";
}

test("how the stream is split never changes what comes of it", async () => {
  const whole = Buffer.concat(CONVERSATION);
  const answersOf = async (pieces: readonly Uint8Array[]): Promise<string> => {
    const client = new Client();
    for (const piece of pieces) {
      client.connection.feed(piece);
      await settled();
    }
    return client.connection.output.take().toString("hex");
  };
  const expected = await answersOf([whole]);
  assert.ok(expected.length > 500);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(whole.length), { maxLength: 8 }), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), whole.length];
      const pieces = at.slice(1).map((end, index) => whole.subarray(at[index]!, end));
      // dispositions may be told together or one by one
      const answers = await answersOf(pieces);
      assert.equal(answers.endsWith(expected.slice(-24)), true);
    }),
    { numRuns: 50 },
  );
});

test("damaged conversations cost the connection at most, and nothing is thrown", async () => {
  const damage = fc.record({ frame: fc.nat(CONVERSATION.length - 1), at: fc.nat(300), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
      const client = new Client();
      for (const [index, bytes] of CONVERSATION.entries()) {
        const sent = Buffer.from(bytes);
        for (const one of damages) if (one.frame === index) sent[one.at % sent.length] = one.byte;
        client.connection.feed(sent);
        await settled();
        if (isOver(client)) break;
      }
      client.handler.closed();
      assert.ok(client.reception.logins.length === 0 || client.reception.host.closed || !isOver(client));
    }),
    { numRuns: 400 },
  );
});

test("random performatives with random fields are answered or refused by a standard condition", async () => {
  const value: fc.Arbitrary<unknown> = fc.oneof(
    fc.boolean(),
    fc.nat(),
    fc.string({ maxLength: 5 }),
    fc.constant(null),
    fc.array(fc.nat(9), { maxLength: 3 }),
  );
  const descriptor = fc.constantFrom(0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x19, 0x24, 0x41);
  const rhea = (await import("rhea")).default;
  const wrap = rhea.types as unknown as {
    wrap(value: unknown): unknown;
    wrap_described(...all: unknown[]): unknown;
  };
  await fc.assert(
    fc.asyncProperty(
      descriptor,
      fc.array(value, { maxLength: 14 }),
      fc.nat(2),
      async (code, fields, channel) => {
        const client = await Client.open();
        client.attachSender(0, { address: "queue://a" });
        client.heard();
        const performative = wrap.wrap_described(
          fields.map((one) => one),
          code,
        );
        client.connection.feed(frames.write_frame(frames.amqp_frame(channel, performative)));
        for (const { name, fields: said } of client.heard()) {
          const error = said["error"] as { condition?: string } | undefined;
          if ((name === "close" || name === "end" || name === "detach") && error)
            assert.match(error.condition!, /^amqp:/);
          assert.notEqual(error?.condition, "amqp:internal-error", JSON.stringify(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("messages whose sections are damaged are rejected one by one", async () => {
  for (const hex of ["ff", "0053", "005373", "005377", "00537540", "005375a005", "0053704500537045"]) {
    const client = await Client.open();
    client.attachSender(0, { address: "queue://a" });
    client.heard();
    const transfer = frames.transfer({ handle: 0, delivery_id: 0, delivery_tag: Buffer.from("t") });
    client.say(transfer, Buffer.from(hex, "hex"));
    const [told] = client.heard();
    const state = told!.fields["state"] as { descriptor: { value: number }; value: { value: unknown }[] };
    assert.equal(told!.name, "disposition", hex);
    assert.equal(state.descriptor.value, 0x25, hex);
    client.say(frames.transfer({ handle: 0, delivery_id: 1, delivery_tag: Buffer.from("u") }), BODY);
    assert.equal(client.reception.host.published.length, 1);
  }
});

for (const [name, say, condition] of [
  [
    "a handle that is not attached",
    (c) => c.say(frames.transfer({ handle: 9, delivery_id: 0 }), BODY),
    "end amqp:session:unattached-handle",
  ],
  [
    "a handle twice",
    (c) => c.attachSender(0, { address: "queue://b" }, { name: "other" }),
    "end amqp:session:handle-in-use",
  ],
  [
    "a handle above handle-max",
    (c) => c.attachSender(5_000, { address: "queue://b" }),
    "close amqp:connection:framing-error",
  ],
  [
    "a channel above channel-max",
    (c) =>
      c.say(frames.begin({ next_outgoing_id: 0, incoming_window: 1, outgoing_window: 1 }), undefined, 999),
    "close amqp:connection:framing-error",
  ],
  [
    "a session twice",
    (c) => c.say(frames.begin({ next_outgoing_id: 0, incoming_window: 1, outgoing_window: 1 })),
    "close amqp:not-allowed",
  ],
  ["Open twice", (c) => c.say(frames.open({ container_id: "again" })), "close amqp:decode-error"],
  [
    "a first transfer without a delivery id",
    (c) => c.say(frames.transfer({ handle: 0 }), BODY),
    "end amqp:not-allowed",
  ],
  [
    "a message format nobody knows",
    (c) => c.say(frames.transfer({ handle: 0, delivery_id: 0, message_format: 5 }), BODY),
    "detach amqp:not-implemented",
  ],
] as readonly (readonly [string, (client: Client) => void, string])[]) {
  test(`refused: ${name}`, async () => {
    const client = await Client.open();
    client.attachSender(0, { address: "queue://a" });
    client.heard();
    say(client);
    const ends = client
      .heard()
      .filter(({ fields }) => fields["error"] !== undefined && fields["error"] !== null);
    assert.deepEqual(
      ends.map(({ name: kind, fields }) => `${kind} ${(fields["error"] as { condition: string }).condition}`),
      [condition],
    );
  });
}

test("more than the credit, more than a message may have, more than may be unfinished", async () => {
  const options = { linkCredit: 2, maxMessageSizeBytes: 100, maxUnfinishedBytes: 150 };
  const send = (client: Client, handle: number, id: number, more: boolean, size: number): void =>
    client.say(
      frames.transfer({ handle, delivery_id: id, delivery_tag: Buffer.from([id]), more }),
      Buffer.alloc(size),
    );
  const conditionOf = (client: Client): unknown[] =>
    client.heard().flatMap(({ fields }) => (fields["error"] as Composite | null)?.["condition"] ?? []);
  const large = await Client.open(options);
  large.attachSender(0, { address: "queue://a" });
  send(large, 0, 0, false, 101);
  assert.deepEqual(conditionOf(large), ["amqp:link:message-size-exceeded"]);
  const many = await Client.open(options);
  many.attachSender(0, { address: "queue://a" });
  many.attachSender(1, { address: "queue://b" });
  send(many, 0, 0, true, 90);
  send(many, 1, 1, true, 90);
  assert.deepEqual(conditionOf(many), ["amqp:resource-limit-exceeded"]);
  const greedy = await Client.open(options);
  greedy.reception.host.confirming = false;
  greedy.attachSender(0, { address: "queue://a" });
  for (let id = 0; id < 3; id += 1)
    greedy.say(frames.transfer({ handle: 0, delivery_id: id, delivery_tag: Buffer.from([id]) }), BODY);
  assert.deepEqual(conditionOf(greedy), ["amqp:link:transfer-limit-exceeded"]);
});
