import assert from "node:assert/strict";
import { describe, it } from "node:test";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { useInstance } from "../harness/instance.ts";
import { brokerCertificate } from "../harness/streams.ts";
import { eventually, Mailbox } from "../harness/waiting.ts";

describe("MQTT.js", { concurrency: true }, () => {
  const broker = useInstance();

  async function connect(
    scheme: "tcp" | "tls" | "ws" | "wss",
    options: IClientOptions = {},
  ): Promise<MqttClient> {
    const name = { tcp: "mqtt", tls: "mqtts", ws: "ws", wss: "wss" }[scheme];
    return mqtt.connectAsync(`${name}://localhost:${broker.now.port(scheme)}`, {
      username: "admin",
      password: "password",
      reconnectPeriod: 0,
      protocolVersion: 4,
      ca: await brokerCertificate(broker.now),
      ...options,
    });
  }

  function inbox(client: MqttClient): Mailbox<string> {
    const box = new Mailbox<string>();
    client.on("message", (topic, body, { qos, retain }) => box.put(`${topic} ${qos} ${retain} ${body}`));
    return box;
  }

  for (const scheme of ["tcp", "tls", "ws", "wss"] as const) {
    for (const protocolVersion of [3, 4, 5] as const) {
      it(`version ${protocolVersion} over ${scheme}: every quality of service`, async () => {
        const options: IClientOptions =
          protocolVersion === 3 ? { protocolVersion, protocolId: "MQIsdp" } : {};
        const client = await connect(scheme, options);
        const box = inbox(client);
        const topic = `js/${scheme}/${protocolVersion}`;
        const granted = await client.subscribeAsync(topic, { qos: 2 });
        assert.equal(granted[0]!.qos, 2);
        for (const qos of [0, 1, 2] as const) {
          await client.publishAsync(topic, `body ${qos}`, { qos });
          assert.equal(await box.take(`the message at ${qos}`), `${topic} ${qos} false body ${qos}`);
        }
        await client.unsubscribeAsync(topic);
        await client.publishAsync(topic, "unheard", { qos: 1 });
        assert.equal(box.size, 0);
        await client.endAsync();
      });
    }
  }

  it("retained, will, session present", async () => {
    const watcher = await connect("tcp");
    const box = inbox(watcher);
    await watcher.publishAsync("js/kept", "kept", { qos: 1, retain: true });
    await watcher.subscribeAsync(["js/kept", "js/will"], { qos: 1 });
    assert.equal(await box.take("the retained message"), "js/kept 1 true kept");
    const options: IClientOptions = {
      clientId: "js-mortal",
      clean: false,
      will: { topic: "js/will", payload: Buffer.from("gone"), qos: 1, retain: false },
    };
    const mortal = await connect("tcp", options);
    await mortal.subscribeAsync("js/later", { qos: 1 });
    mortal.stream.destroy();
    assert.equal(await box.take("the will"), "js/will 1 false gone");
    await watcher.publishAsync("js/later", "waited", { qos: 1 });
    const again = mqtt.connect(`mqtt://localhost:${broker.now.port("tcp")}`, {
      ...options,
      username: "admin",
      password: "password",
      reconnectPeriod: 0,
      protocolVersion: 4,
    });
    const waiting = inbox(again);
    const sessions: boolean[] = [];
    again.on("connect", ({ sessionPresent }) => sessions.push(sessionPresent));
    assert.equal(await waiting.take("what came meanwhile"), "js/later 1 false waited");
    assert.deepEqual(sessions, [true]);
    await again.endAsync();
    await watcher.endAsync();
  });

  it("500 messages at QoS 2 in flight, none lost, none twice", async () => {
    const client = await connect("tcp");
    const box = inbox(client);
    await client.subscribeAsync("js/burst", { qos: 2 });
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => client.publishAsync("js/burst", String(i), { qos: 2 })),
    );
    const found = new Set<string>();
    for (let i = 0; i < 500; i++) found.add(await box.take("a message"));
    assert.equal(found.size, 500);
    await eventually("an empty outgoing store", () => client.getLastMessageId() >= 0);
    assert.equal(box.size, 0);
    await client.endAsync();
  });
});
