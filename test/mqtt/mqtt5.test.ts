import assert from "node:assert/strict";
import { describe, it } from "node:test";
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { eventually, Mailbox, pause } from "../harness/waiting.ts";
import { edits, intoConnector, withoutAuthentication } from "../harness/xml.ts";

interface Got {
  readonly topic: string;
  readonly body: string;
  readonly packet: IPublishPacket;
}

describe("MQTT 5.0, with MQTT.js", { concurrency: true }, () => {
  const queues = intoConnector("tcp", '<mqtt queue_prefix="queue/"/>');
  const broker = useInstance({ xml: edits(withoutAuthentication, queues) });

  function connect(options: IClientOptions = {}): Promise<MqttClient> {
    const defaults: IClientOptions = { protocolVersion: 5, reconnectPeriod: 0 };
    return mqtt.connectAsync(`mqtt://localhost:${broker.now.port("tcp")}`, { ...defaults, ...options });
  }

  function inbox(client: MqttClient): Mailbox<Got> {
    const box = new Mailbox<Got>();
    client.on("message", (topic, body, packet) => box.put({ topic, body: body.toString(), packet }));
    return box;
  }

  it("user properties, content type, correlation data and response topic to STOMP and back [20 REC]", async () => {
    const client = await connect();
    const box = inbox(client);
    const stomp = await StompWire.connect(broker.now);
    await stomp.subscribe("0", "/topic/m5.ask");
    await client.subscribeAsync("m5/answers", { qos: 1 });
    await client.publishAsync("m5/ask", "question", {
      qos: 1,
      properties: {
        userProperties: { color: "red", "a b": "x:y" },
        contentType: "text/plain",
        correlationData: Buffer.from("c-17"),
        responseTopic: "m5/answers",
      },
    });
    const asked = await stomp.expect("MESSAGE");
    assert.equal(asked.body.toString(), "question");
    assert.deepEqual(
      ["color", "content-type", "correlation-id", "reply-to"].map((name) => asked.header(name)),
      ["red", "text/plain", "c-17", "/topic/m5.answers"],
    );
    const headers = {
      "correlation-id": asked.header("correlation-id")!,
      mood: "good",
      "content-type": "text/x",
    };
    await stomp.syncSend(asked.header("reply-to")!, "answer", headers);
    const { body, packet } = await box.take("the answer");
    assert.equal(body, "answer");
    assert.equal(packet.properties?.contentType, "text/x");
    assert.equal(packet.properties?.correlationData?.toString(), "c-17");
    assert.equal(packet.properties?.userProperties?.["mood"], "good");
    await stomp.drop();
    await client.endAsync();
  });

  it("[MQTT5-3.3.1-5] [MQTT5-3.3.1-6] [MQTT5-3.3.1-9] [MQTT5-3.3.1-10] [MQTT5-3.3.1-11] retained messages and retain handling", async () => {
    const client = await connect();
    const box = inbox(client);
    await client.publishAsync("m5/kept", "kept", { qos: 1, retain: true });
    await client.publishAsync("m5/kept", "passing", { qos: 1 }); // [MQTT5-3.3.1-8] replaces nothing
    await client.subscribeAsync("m5/kept", { qos: 1, rh: 2 });
    await client.subscribeAsync("m5/kept", { qos: 1, rh: 1 });
    await client.subscribeAsync("m5/kept", { qos: 1, rh: 0 });
    const first = await box.take("the retained message");
    assert.deepEqual([first.body, first.packet.retain, box.size], ["kept", true, 0]);
    await client.publishAsync("m5/kept", "", { qos: 1, retain: true });
    assert.equal((await box.take("what clears it")).body, ""); // [MQTT5-3.3.1-7] is no retained message itself
    await client.unsubscribeAsync("m5/kept");
    await client.subscribeAsync("m5/kept", { qos: 1 });
    assert.equal(box.size, 0);
    await client.endAsync();
  });

  it("[MQTT5-3.8.3-3] no-local; [MQTT5-3.3.1-12] [MQTT5-3.3.1-13] retain as published", async () => {
    const client = await connect();
    const other = await connect();
    const box = inbox(client);
    await client.subscribeAsync("m5/own", { qos: 1, nl: true, rap: true });
    await client.publishAsync("m5/own", "mine", { qos: 1 });
    await other.publishAsync("m5/own", "theirs", { qos: 1, retain: true });
    const got = await box.take("the other's message");
    assert.deepEqual([got.body, got.packet.retain, box.size], ["theirs", true, 0]);
    await other.publishAsync("m5/own", "", { retain: true });
    await client.endAsync();
    await other.endAsync();
  });

  it("[MQTT5-3.3.4-4] one copy with all identifiers; topic aliases both ways", async () => {
    const client = await connect({
      properties: { topicAliasMaximum: 5 },
      autoUseTopicAlias: true,
      autoAssignTopicAlias: true,
    });
    const box = inbox(client);
    await client.subscribeAsync("m5/id/#", { qos: 1, properties: { subscriptionIdentifier: 3 } });
    await client.subscribeAsync("m5/id/+", { qos: 0, properties: { subscriptionIdentifier: 400 } });
    for (let at = 0; at < 3; at += 1) await client.publishAsync("m5/id/x", String(at), { qos: 1 });
    for (let at = 0; at < 3; at += 1) {
      const { topic, body, packet } = await box.take("a message");
      assert.deepEqual([topic, body, packet.qos], ["m5/id/x", String(at), 1]);
      assert.deepEqual(packet.properties?.subscriptionIdentifier, [3, 400]);
    }
    assert.equal(box.size, 0);
    await client.endAsync();
  });

  it("[MQTT5-4.8.2-3] shared subscriptions: balanced, and redelivered when a member dies", async () => {
    const members = await Promise.all([connect(), connect()]);
    const sender = await connect();
    const boxes = members.map(inbox);
    for (const member of members) await member.subscribeAsync("$share/g/m5/jobs/+", { qos: 1 });
    for (let at = 0; at < 20; at += 1) await sender.publishAsync(`m5/jobs/${at}`, String(at), { qos: 1 });
    await eventually("every job", () => boxes[0]!.size + boxes[1]!.size === 20);
    const found = new Set<string>();
    for (const box of boxes) {
      assert.ok(box.size > 0, "each member has its part");
      while (box.size > 0) found.add((await box.take("a job")).body);
    }
    assert.equal(found.size, 20);
    // one that takes a job and dies without having acknowledged it
    const [dying, living] = members;
    dying!.handleMessage = (_packet, _done) => undefined;
    const waiting: string[] = [];
    for (let at = 0; at < 4; at += 1) {
      waiting.push(`late ${at}`);
      await sender.publishAsync("m5/jobs/late", `late ${at}`, { qos: 1 });
    }
    await pause(100);
    dying!.stream.destroy();
    const late = new Set<string>();
    while (late.size < 4) late.add((await boxes[1]!.take("what the other did not do")).body);
    assert.deepEqual([...late].sort(), waiting);
    for (const one of [living!, sender]) await one.endAsync();
  });

  it("[MQTT5-3.3.2-5] [MQTT5-3.3.2-6] a message expires, in a session too", async () => {
    const options = { clientId: "m5-expiry", clean: false, properties: { sessionExpiryInterval: 60 } };
    const first = await connect(options);
    await first.subscribeAsync("m5/expiry", { qos: 1 });
    await first.endAsync();
    const sender = await connect();
    for (const [body, messageExpiryInterval] of [
      ["short", 1],
      ["long", 60],
    ] as const) {
      await sender.publishAsync("m5/expiry", body, { qos: 1, properties: { messageExpiryInterval } });
    }
    await pause(1_600);
    const again = mqtt.connect(`mqtt://localhost:${broker.now.port("tcp")}`, {
      protocolVersion: 5,
      reconnectPeriod: 0,
      ...options,
    });
    const got = await inbox(again).take("the message that lives");
    assert.equal(got.body, "long");
    const left = got.packet.properties?.messageExpiryInterval ?? 0;
    assert.ok(left > 50 && left < 60, `${left} s are left`);
    await again.endAsync();
    await sender.endAsync();
  });

  it("queue_prefix: clients publish to queues and share their messages, also with a lasting session", async () => {
    const one = await connect({ clientId: "m5-q", clean: false, properties: { sessionExpiryInterval: 60 } });
    const two = await connect({ protocolVersion: 4 });
    const box = new Mailbox<string>();
    for (const each of [one, two]) each.on("message", (topic, body) => box.put(`${topic} ${body}`));
    for (const each of [one, two]) await each.subscribeAsync("queue/m5/jobs", { qos: 1 });
    const stomp = await StompWire.connect(broker.now);
    for (let at = 0; at < 10; at += 1) await stomp.syncSend("/queue/m5.jobs", String(at));
    const found = new Set<string>();
    while (found.size < 10) found.add(await box.take("a job"));
    assert.ok(found.has("queue/m5/jobs 9"));
    await pause(100); // their acknowledgements
    assert.equal(box.size, 0);
    for (const each of [one, two]) await each.unsubscribeAsync("queue/m5/jobs");
    await one.publishAsync("queue/m5/jobs", "from MQTT", {
      qos: 2,
      properties: { userProperties: { k: "v" } },
    });
    stomp.send("SUBSCRIBE", { id: "0", destination: "/queue/m5.jobs" });
    const message = await stomp.expect("MESSAGE");
    assert.deepEqual([message.body.toString(), message.header("k")], ["from MQTT", "v"]);
    await stomp.drop();
    for (const each of [one, two]) await each.endAsync();
  });

  it("a session is a durable subscription that STOMP can consume from [messaging 7]", async () => {
    const options = { clientId: "m5-dsub", clean: false, properties: { sessionExpiryInterval: 60 } };
    const first = await connect(options);
    await first.subscribeAsync("m5/dsub", { qos: 1 });
    await first.endAsync();
    const sender = await connect();
    await sender.publishAsync("m5/dsub", "kept", { qos: 1, properties: { userProperties: { k: "v" } } });
    const stomp = await StompWire.connect(broker.now);
    stomp.send("SUBSCRIBE", { id: "0", destination: "/dsub/m5-dsub" });
    const message = await stomp.expect("MESSAGE");
    assert.deepEqual([message.body.toString(), message.header("k")], ["kept", "v"]);
    await stomp.drop();
    await sender.endAsync();
  });

  it("[MQTT5-4.6.0-5] [MQTT-4.6.0-5] [MQTT-4.6.0-6] order of one topic, at every quality of service", async () => {
    const client = await connect();
    const box = inbox(client);
    await client.subscribeAsync("m5/order", { qos: 2 });
    for (let at = 0; at < 90; at += 1)
      client.publish("m5/order", String(at), { qos: (Math.floor(at / 30) % 3) as 0 | 1 | 2 });
    for (let at = 0; at < 90; at += 1) assert.equal((await box.take("a message")).body, String(at));
    await client.endAsync();
  });
});
