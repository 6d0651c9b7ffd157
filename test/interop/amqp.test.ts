import assert from "node:assert/strict";
import { describe, it } from "node:test";
import rhea, { type Message } from "rhea";
import { AmqpClient, bodyText } from "../harness/amqp-client.ts";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { withoutAuthentication } from "../harness/xml.ts";

const { message: codec, types } = rhea as unknown as {
  message: Record<"data_section" | "sequence_section" | "sequence_sections", (content: unknown) => unknown>;
  types: Record<string, (value: unknown) => unknown>;
};

describe("AMQP messages cross protocols [messaging 20, REC]", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });

  const BODIES: readonly (readonly [string, unknown, string, string | undefined])[] = [
    ["data", codec.data_section(Buffer.from("raw")), "raw", undefined],
    ["value string", "text: é", "text: é", "text/plain;charset=utf-8"],
    ["value binary", Buffer.from("bytes"), "bytes", undefined],
    ["value map", { a: 1, b: [true, null, "x"] }, '{"a":1,"b":[true,null,"x"]}', "application/json"],
    ["value number", types["wrap_long"]!(42), "42", "application/json"],
    ["sequence", codec.sequence_section([1, "two"]), '[1,"two"]', "application/json"],
    ["sequences", codec.sequence_sections([[1], ["two", false]]), '[1,"two",false]', "application/json"],
  ];
  for (const [name, body, expected, type] of BODIES) {
    it(`a body: ${name}`, async () => {
      const topic = `body.${name.replace(" ", "-")}`;
      const stomp = await StompWire.connect(broker.now);
      await stomp.subscribe("0", `/topic/${topic}`);
      const mqtt = await MqttWire.connect(broker.now);
      await mqtt.subscribe(topic.replace(".", "/"));
      const client = await AmqpClient.connect(broker.now);
      assert.equal(await client.send(`topic://${topic}`, { body }), "accepted");
      assert.equal((await stomp.message(expected)).header("content-type"), type);
      await mqtt.expectMessage(topic.replace(".", "/"), expected);
      await client.close();
      await stomp.drop();
      await mqtt.disconnect();
    });
  }

  it("AMQP to STOMP: headers, properties with their types, ids", async () => {
    const stomp = await StompWire.connect(broker.now);
    await stomp.subscribe("0", "/queue/cross.headers");
    const client = await AmqpClient.connect(broker.now);
    await client.send("queue://cross.headers", {
      message_id: "m1",
      correlation_id: types["wrap_ulong"]!(7) as never,
      reply_to: "topic://answers.so%2ecool",
      subject: "news",
      content_type: "text/html",
      group_id: "g1",
      durable: true,
      priority: 8,
      ttl: 3_600_000,
      application_properties: { count: 3, ratio: 0.5, yes: true, text: "colon: é" },
      body: "<p>",
    });
    const frame = await stomp.message("<p>");
    assert.equal(frame.header("message-id"), "m1");
    assert.equal(frame.header("correlation-id"), "AMQP_ULONG\\c7");
    assert.equal(frame.header("reply-to"), "/topic/answers.so%2ecool");
    assert.equal(frame.header("content-type"), "text/html");
    assert.equal(frame.header("persistent"), "true");
    assert.equal(frame.header("priority"), "8");
    assert.equal(frame.header("message_group"), "g1");
    assert.ok(Number(frame.header("expires")) > Date.now());
    for (const [name, value] of Object.entries({ subject: "news", count: "3", ratio: "0.5", yes: "true" })) {
      assert.equal(frame.header(name), value);
    }
    await client.close();
    await stomp.drop();
  });

  it("STOMP to AMQP: headers and properties; the correlation id has its type again", async () => {
    const client = await AmqpClient.connect(broker.now);
    const inbox = await client.receiver("queue://cross.back");
    const stomp = await StompWire.connect(broker.now);
    await stomp.syncSend("/queue/cross.back", "hello", {
      "correlation-id": "AMQP_ULONG\\c7",
      "reply-to": "/queue/answers.é".replace("é", "%c3%a9"),
      "content-type": "text/plain",
      persistent: "true",
      priority: "9",
      color: "red",
      subject: "news",
    });
    const message: Message = await inbox.expect("hello");
    assert.equal(message.correlation_id, 7);
    assert.equal(message.reply_to, "queue://answers.%c3%a9");
    assert.equal(message.to, "queue://cross.back");
    assert.equal(message.content_type, "text/plain");
    assert.equal(message.subject, "news");
    assert.equal(message.durable, true);
    assert.equal(message.priority, 9);
    assert.equal(message.application_properties!["color"], "red");
    await client.close();
    await stomp.drop();
  });

  it("MQTT to AMQP and back: one topic under two names", async () => {
    const client = await AmqpClient.connect(broker.now);
    const inbox = await client.receiver("topic://cross.*.so%2ecool");
    const mqtt = await MqttWire.connect(broker.now);
    await mqtt.publish("cross/x/so.cool", "from MQTT", 1);
    const message = await inbox.expect("from MQTT");
    assert.equal(message.to, "topic://cross.x.so%2ecool");
    await mqtt.subscribe("cross/y/#");
    await client.send("topic://cross.y.z", { body: "from AMQP", durable: true });
    await mqtt.expectMessage("cross/y/z", "from AMQP");
    await client.close();
    await mqtt.disconnect();
  });

  it("an AMQP selector sees the headers of STOMP, and STOMP's sees properties of AMQP", async () => {
    const client = await AmqpClient.connect(broker.now);
    const filter = rhea.filter.selector("color = 'red' AND JMSDeliveryMode = 'PERSISTENT'");
    const inbox = await client.receiver({ source: { address: "topic://cross.selected", filter } });
    const stomp = await StompWire.connect(broker.now);
    await stomp.sync("SUBSCRIBE", { id: "0", destination: "/topic/cross.selected", selector: "size > 2" });
    await stomp.syncSend("/topic/cross.selected", "blue", { color: "blue", persistent: "true", size: "1" });
    await stomp.syncSend("/topic/cross.selected", "red", { color: "red", persistent: "true", size: "1" });
    await inbox.expect("red");
    await client.send("topic://cross.selected", { body: "large", application_properties: { size: 3 } });
    await stomp.message("large");
    await client.close();
    await stomp.drop();
  });

  describe("request and response", { concurrency: true }, () => {
    it("an AMQP client asks, STOMP answers", async () => {
      const client = await AmqpClient.connect(broker.now);
      const answers = await client.receiver({ source: { dynamic: true } });
      const stomp = await StompWire.connect(broker.now);
      await stomp.subscribe("0", "/queue/ask.stomp");
      await client.send("queue://ask.stomp", {
        body: "?",
        reply_to: String(answers.source["address"]),
        correlation_id: "c-1",
      });
      const question = await stomp.message("?");
      await stomp.syncSend(question.header("reply-to")!, "!", {
        "correlation-id": question.header("correlation-id")!,
      });
      const { message } = await answers.next();
      assert.equal(bodyText(message), "!");
      assert.equal(message.correlation_id, "c-1");
      await client.close();
      await stomp.drop();
    });

    it("a STOMP client asks, AMQP answers", async () => {
      const stomp = await StompWire.connect(broker.now);
      await stomp.subscribe("0", "/temp-queue/answers");
      const client = await AmqpClient.connect(broker.now);
      const questions = await client.receiver("queue://ask.amqp");
      await stomp.syncSend("/queue/ask.amqp", "?", {
        "reply-to": "/temp-queue/answers",
        "correlation-id": "c-2",
      });
      const question = await questions.expect("?");
      const sender = await client.sender({ target: {} });
      const answer = { to: question.reply_to!, body: "!", correlation_id: question.correlation_id! };
      assert.equal(await client.send(sender, answer), "accepted");
      assert.equal((await stomp.message("!")).header("correlation-id"), "c-2");
      await client.close();
      await stomp.drop();
    });

    it("a temporary queue of an AMQP client's own name is told by its real one", async () => {
      const client = await AmqpClient.connect(broker.now);
      const answers = await client.receiver("temp-queue://mine");
      const other = await AmqpClient.connect(broker.now);
      const questions = await other.receiver("queue://ask.temp");
      await client.send("queue://ask.temp", { body: "?", reply_to: "temp-queue://mine", subject: "kept" });
      const question = await questions.expect("?");
      assert.match(question.reply_to!, /^queue:\/\/temp\..*\.mine$/);
      assert.equal(question.subject, "kept");
      assert.equal(await other.send(question.reply_to!, "!"), "accepted");
      await answers.expect("!");
      await client.close();
      await other.close();
    });
  });
});
