import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@tsapollo/domain";
import { AmqpAddresses } from "../src/addresses.ts";
import { MessageComposer } from "../src/composer.ts";
import { AmqpMessageCodec, DEFAULT_AMQP_OPTIONS } from "../src/index.ts";
import { message, types } from "./wire.ts";

const CODEC = new AmqpMessageCodec();

/** What a client sent, as the broker keeps it. */
function received(fields: object): Message {
  const addresses = new AmqpAddresses(DEFAULT_AMQP_OPTIONS);
  const scope = ["temp", "b", "c"];
  const composer = new MessageComposer({ codec: CODEC, addresses, scope, containerId: "test" });
  const bytes = message.encode(fields);
  return composer.compose(bytes, 0, bytes.length, false, 1_000_000, false);
}

const SENT = received({
  durable: true,
  priority: 7,
  ttl: 500,
  message_id: "m",
  to: "queue://a",
  subject: "type by subject",
  reply_to: "queue://b",
  correlation_id: types["wrap_ulong"]!(5),
  content_type: "text/plain",
  group_id: "g",
  message_annotations: { "x-opt-a": "annotated" },
  delivery_annotations: { hop: 1 },
  footer: { sum: 2 },
  application_properties: {
    size: types["wrap_int"]!(-3),
    yes: true,
    ratio: 0.5,
    big: types["wrap_long"]!(2 ** 40),
  },
  body: "text",
});

for (const [name, value] of [
  ["size", -3],
  ["yes", true],
  ["ratio", 0.5],
  ["big", 2 ** 40],
  ["missing", undefined],
  ["JMSDeliveryMode", "PERSISTENT"],
  ["JMSPriority", 7],
  ["JMSExpiration", 1_000_500],
  ["JMSMessageID", "m"],
  ["JMSDestination", "queue://a"],
  ["JMSReplyTo", "queue://b"],
  ["JMSType", "type by subject"],
  ["JMSCorrelationID", "AMQP_ULONG:5"],
  ["JMSXGroupID", "g"],
  ["JMS_AMQP_Subject", "type by subject"],
  ["JMS_AMQP_ContentType", "text/plain"],
  ["JMS_AMQP_MA_x-opt-a", "annotated"],
  ["JMS_AMQP_DA_hop", 1],
  ["JMS_AMQP_FT_sum", 2],
] as const) {
  test(`14.4 selectors see ${name}`, () => assert.equal(CODEC.property(SENT, name), value));
}

test("what the broker acts on is read out of the sections; the header is not kept", () => {
  assert.deepEqual(
    [SENT.persistent, SENT.priority, SENT.expiresAtMs, SENT.groupKey, Buffer.from(SENT.body()).toString()],
    [true, 7, 1_000_500, "g", "text"],
  );
  assert.equal(SENT.bytes[SENT.start + 2], 0x71);
  assert.equal(message.decode(Buffer.from(SENT.bytes.subarray(SENT.start, SENT.end)))["durable"], undefined);
});

test("17.3 the earlier one of ttl and absolute expiry counts; delays are seen", () => {
  const absolute = new Date(1_000_100);
  assert.equal(received({ ttl: 500, absolute_expiry_time: absolute, body: "" }).expiresAtMs, 1_000_100);
  assert.equal(received({ ttl: 50, absolute_expiry_time: absolute, body: "" }).expiresAtMs, 1_000_050);
  assert.equal(received({ body: "" }).expiresAtMs, 0);
  assert.equal(
    received({ message_annotations: { "x-opt-delivery-delay": 7 }, body: "" }).notBeforeMs,
    1_000_007,
  );
});

test("2.9 reply-to on a temporary destination is told by its real name, the rest stays", () => {
  const rewritten = received({ reply_to: "temp-queue://mine", subject: "s", body: "text" });
  assert.equal(CODEC.property(rewritten, "JMSReplyTo"), "queue://temp.b.c.mine");
  assert.equal(CODEC.property(rewritten, "JMS_AMQP_Subject"), "s");
  assert.equal(Buffer.from(rewritten.body()).toString(), "text");
});
