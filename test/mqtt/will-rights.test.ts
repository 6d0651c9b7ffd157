import assert from "node:assert/strict";
import { it } from "node:test";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { securityFiles, securityXml } from "../harness/accounts.ts";
import { Instance, makeInstance } from "../harness/instance.ts";
import { Mailbox } from "../harness/waiting.ts";

const SENDER = "can_send_create_topic";
const READER = "can_recieve_topic";

it("[MQTT5-3.1.2-7] wills published after kill -9 have the rights of the clients that left them, not the broker's", async () => {
  const base = makeInstance({ xml: securityXml, files: securityFiles(), durable: true });
  let broker = await Instance.start(base);
  const connect = (user: string, options: IClientOptions = {}): Promise<MqttClient> =>
    mqtt.connectAsync(`mqtt://localhost:${broker.port("tcp")}`, {
      protocolVersion: 5,
      reconnectPeriod: 0,
      username: user,
      password: user,
      ...options,
    });
  const leave = (user: string, properties: Record<string, number>): Promise<MqttClient> =>
    connect(user, {
      clientId: `left by ${user}`,
      clean: false,
      properties: { sessionExpiryInterval: 1_000 },
      will: { topic: "wills", payload: Buffer.from(user), qos: 1, properties },
    });
  try {
    const clients = [
      await leave(READER, { willDelayInterval: 3 }),
      await leave(SENDER, { willDelayInterval: 4 }),
    ];
    for (const client of clients) client.on("error", () => undefined);
    await broker.kill();
    broker = await Instance.start(base);
    const listener = await connect(READER);
    const box = new Mailbox<string>();
    listener.on("message", (_topic, body) => box.put(body.toString()));
    await listener.subscribeAsync("wills", { qos: 1 });
    assert.equal(await box.take("a will"), SENDER);
    await listener.endAsync();
    for (const client of clients) client.end(true);
  } finally {
    await broker.kill();
  }
});
