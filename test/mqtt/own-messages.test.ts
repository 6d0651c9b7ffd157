import { describe, it } from "node:test";
import mqtt from "mqtt";
import { useInstance } from "../harness/instance.ts";
import { eventually } from "../harness/waiting.ts";
import { withoutAuthentication } from "../harness/xml.ts";

describe("MQTT 5.0: a client that gets its own messages", () => {
  const broker = useInstance({ xml: withoutAuthentication });

  for (const receiveMaximum of [1, 20]) {
    it(`[MQTT5-4.9.0-3] acknowledgements are read although its receive maximum of ${receiveMaximum} holds up what it sends`, async () => {
      const client = await mqtt.connectAsync(`mqtt://localhost:${broker.now.port("tcp")}`, {
        protocolVersion: 5,
        reconnectPeriod: 0,
        properties: { receiveMaximum },
      });
      const topic = `own/${receiveMaximum}`;
      let got = 0;
      client.on("message", () => {
        got += 1;
      });
      await client.subscribeAsync(topic, { qos: 2 });
      const count = 300;
      const sent = Array.from({ length: count }, (_, at) =>
        client.publishAsync(topic, Buffer.alloc(10_000), { qos: (at % 3) as 0 | 1 | 2 }),
      );
      await Promise.all(sent);
      await eventually("all of them", () => got === count);
      await client.endAsync();
    });
  }
});
