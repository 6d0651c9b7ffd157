import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AmqpClient, bodyBytes, type Inbox } from "../harness/amqp-client.ts";
import type { Instance } from "../harness/instance.ts";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { WAYS, type Way } from "../harness/streams.ts";

const LOGIN = { login: "admin", passcode: "password" };

const BODIES: readonly (readonly [name: string, body: Buffer])[] = [
  ["empty", Buffer.alloc(0)],
  ["UTF-8", Buffer.from("Grüße, 你好, \u{1F600}")],
  ["bytes", Buffer.from([0, 1, 10, 13, 0, 0, 92, 255, 254, 0])],
  ["1 MB", Buffer.from(Array.from({ length: 1_048_576 }, (_, at) => (at * 31 + (at >> 8)) & 255))],
];

/** Something that publishes to a topic `m.<name>`, or receives from it. */
interface Side {
  publish(name: string, body: Buffer): Promise<void>;
  listen(name: string): Promise<void>;
  receive(): Promise<Buffer>;
  close(): Promise<void>;
}

async function stomp(broker: Instance, way: Way): Promise<Side> {
  const wire = await StompWire.connect(broker, { version: "1.2", way, ...LOGIN });
  return {
    publish: (name, body) =>
      wire.sync("SEND", { destination: `/topic/m.${name}`, "content-length": body.length }, body),
    listen: (name) => wire.subscribe("0", `/topic/m.${name}`),
    receive: async () => (await wire.expect("MESSAGE")).body,
    close: () => wire.drop(),
  };
}

async function mqtt(broker: Instance, way: Way): Promise<Side> {
  const wire = await MqttWire.connect(broker, { way, user: "admin", password: "password" });
  return {
    publish: (name, body) => wire.publish(`m/${name}`, body, 1),
    listen: async (name) => assert.deepEqual(await wire.subscribe(`m/${name}`, 1), [1]),
    receive: async () => (await wire.message()).body,
    close: () => wire.drop(),
  };
}

async function amqp(broker: Instance, way: Way): Promise<Side> {
  const client = await AmqpClient.connect(broker, { way, user: "admin", password: "password" });
  const inboxes: Inbox[] = [];
  return {
    publish: async (name, body) => {
      assert.equal(await client.send(`topic://m.${name}`, { body }), "accepted");
    },
    listen: async (name) => {
      inboxes.push(await client.receiver(`topic://m.${name}`));
    },
    receive: async () => {
      const { message, delivery } = await inboxes[0]!.next();
      delivery.accept();
      return bodyBytes(message);
    },
    close: () => client.close(),
  };
}

const PROTOCOLS: Readonly<Record<string, (broker: Instance, way: Way) => Promise<Side>>> = {
  STOMP: stomp,
  MQTT: mqtt,
  AMQP: amqp,
};

describe("every protocol to every protocol, over every transport: bodies byte by byte", {
  concurrency: 4,
}, () => {
  const broker = useInstance({ xml: (xml) => xml.replace(/allow="users" /, 'allow="admins" ') });

  for (const from of Object.keys(PROTOCOLS)) {
    for (const to of Object.keys(PROTOCOLS)) {
      for (const [at, way] of WAYS.entries()) {
        const other = WAYS[(at + 1) % WAYS.length]!;
        it(`${from} over ${way} to ${to} over ${way} and ${other}`, async () => {
          const topic = `${from}-${to}-${way}`;
          const sides = await Promise.all([
            PROTOCOLS[from]!(broker.now, way),
            PROTOCOLS[to]!(broker.now, way),
            PROTOCOLS[to]!(broker.now, other),
          ]);
          const [producer, ...consumers] = sides as [Side, Side, Side];
          for (const consumer of consumers) await consumer.listen(topic);
          for (const [name, body] of BODIES) {
            await producer.publish(topic, body);
            for (const consumer of consumers) {
              const received = await consumer.receive();
              assert.ok(
                received.equals(body),
                `${name}: ${received.length} bytes, beginning ${received.subarray(0, 20).toString("hex")}`,
              );
            }
          }
          for (const side of sides) await side.close();
        });
      }
    }
  }
});
