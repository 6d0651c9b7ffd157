import assert from "node:assert/strict";
import { test } from "node:test";
import { Address, type NeutralMessage, parseId } from "@tsapollo/domain";
import { TestDelivery } from "@tsapollo/testkit";
import { foreignMessage, Harness } from "./harness.ts";

const TOPIC = new Address("topic", ["a", "so.cool"]);

function neutral(rest: Partial<NeutralMessage>): { toNeutral: () => NeutralMessage } {
  return { toNeutral: () => ({ body: Buffer.from("hi"), properties: new Map(), ...rest }) };
}

async function subscribed(version: "1.0" | "1.1" | "1.2"): Promise<Harness> {
  const stomp = new Harness();
  await stomp.connect(version);
  stomp.send("SUBSCRIBE", "id:s", "destination:/topic/a.*");
  return stomp;
}

test("20: another protocol's message becomes headers and body, no envelope [quirk 24 mended]", async () => {
  const stomp = await subscribed("1.2");
  const message = foreignMessage(
    neutral({
      contentType: "text/plain",
      messageId: "id:1",
      correlationId: "c",
      replyTo: new Address("queue", parseId("r.s")),
      properties: new Map<string, string | number | bigint | boolean | Uint8Array>([
        ["text", "a:b\nc"],
        ["count", 3],
        ["big", 12345678901234567890n],
        ["yes", true],
        ["bytes", Uint8Array.of(0, 255)],
        ["", "nameless"],
      ]),
    }),
    "hi",
    { persistent: true, expiresAtMs: 2_000_000, priority: 7, groupKey: "g" },
  );
  stomp.offer(new TestDelivery(message, TOPIC));
  assert.equal(
    stomp.raw(),
    "MESSAGE\nsubscription:s\ndestination:/topic/a.so%2ecool\n" +
      "message-id:id\\c1\ncontent-length:2\ncontent-type:text/plain\ncorrelation-id:c\nreply-to:/queue/r.s\n" +
      "persistent:true\nexpires:2000000\npriority:7\nmessage_group:g\n" +
      "text:a\\cb\\nc\ncount:3\nbig:12345678901234567890\nyes:true\nbytes:AP8=\n\nhi\0\n",
  );
});

test("20: a plain payload gets an id, the same for every version and subscriber", async () => {
  const message = foreignMessage({}, "hi");
  const [one, two] = [await subscribed("1.1"), await subscribed("1.0")];
  one.offer(new TestDelivery(message, TOPIC, { retained: true }));
  two.offer(new TestDelivery(message, new Address("topic", ["b"])));
  assert.equal(
    one.raw(),
    "MESSAGE\nsubscription:s\ndestination:/topic/a.so%2ecool\nretain:set\nmessage-id:default-11\ncontent-length:2\n\nhi\0\n",
  );
  assert.equal(
    two.raw(),
    "MESSAGE\nsubscription:s\ndestination:/topic/b\nmessage-id:default-11\ncontent-length:2\n\nhi\0\n",
  );
});

test("a message is converted once per version", async () => {
  let conversions = 0;
  const message = foreignMessage(
    {
      toNeutral: (self) => {
        conversions += 1;
        return { body: self.body(), properties: new Map() };
      },
    },
    "hi",
  );
  for (const version of ["1.1", "1.1", "1.2"] as const) {
    (await subscribed(version)).offer(new TestDelivery(message, TOPIC));
  }
  assert.equal(conversions, 2);
});

test("a foreign message is acknowledged by its id in 1.1", async () => {
  const stomp = new Harness();
  await stomp.connect("1.1");
  stomp.send("SUBSCRIBE", "id:s", "destination:/topic/a", "ack:client");
  const delivery = new TestDelivery(foreignMessage(neutral({ messageId: "x:y" }), "hi"), TOPIC);
  stomp.offer(delivery);
  stomp.send("ACK", "subscription:s", "message-id:x\\cy");
  assert.equal(delivery.outcome, "consumed");
});

test("in 1.0, which has no escapes, a property cannot forge a header", async () => {
  const stomp = await subscribed("1.0");
  const message = foreignMessage(neutral({ properties: new Map([["a", "b\nsubscription:forged"]]) }), "hi");
  stomp.offer(new TestDelivery(message, TOPIC));
  assert.match(stomp.raw(), /\na:b subscription:forged\n\nhi/);
});

test("a STOMP message in the common form: fields apart, properties decoded, first occurrence", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const message = stomp.published(
    "destination:/queue/a",
    "content-type:text/plain",
    "correlation-id:c\\c1",
    "reply-to:/queue/r.s",
    "receipt:1",
    "x:a\\nb",
    "x:second",
    "persistent:true",
    "hello",
  );
  const form = message.codec.toNeutral(message);
  assert.equal(Buffer.from(form.body).toString(), "hello");
  assert.deepEqual([...form.properties], [["x", "a\nb"]]);
  assert.equal(form.contentType, "text/plain");
  assert.equal(form.messageId, "default-11");
  assert.equal(form.correlationId, "c:1");
  assert.equal((form.replyTo as Address).key, "queue:r.s");
});

test("ST-067: an odd reply-to stays text and is relayed as it is", async () => {
  const stomp = new Harness();
  await stomp.connect("1.0");
  stomp.send("SUBSCRIBE", "destination:/queue/a");
  const delivery = stomp.delivery("/queue/a", {}, "reply-to:sms:8139993334444");
  assert.equal(delivery.message.codec.toNeutral(delivery.message).replyTo, "sms:8139993334444");
  stomp.offer(delivery);
  assert.match(stomp.raw(), /\nreply-to:sms:8139993334444\n/);
});

test("14.4: properties for selectors are raw, the first occurrence wins, three names of JMS", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const message = stomp.published("destination:/queue/a", "x:a\\cb", "x:second", "type:t", "persistent:true");
  const property = (name: string) => message.codec.property(message, name);
  assert.equal(property("x"), "a\\cb");
  assert.equal(property("destination"), "/queue/a");
  assert.equal(property("none"), undefined);
  assert.equal(property("JMSType"), "t");
  assert.equal(property("JMSMessageID"), "default-11");
  assert.equal(property("JMSDeliveryMode"), "PERSISTENT");
  const body = stomp.published("destination:/queue/a", "x:1", "message-id:m");
  assert.equal(body.codec.property(body, "JMSDeliveryMode"), "NON_PERSISTENT");
});
