import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { whileOthersWork } from "../harness/health.ts";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { edits, withoutAuthentication } from "../harness/xml.ts";

const RESIDENT_MAX_MIB = 500;
const MESSAGES = 4_000;
const BODY = "x".repeat(32 * 1_024);

describe("peers that do not read", () => {
  const broker = useInstance({
    xml: edits(withoutAuthentication, (xml) =>
      xml.replace("<virtual_host ", '<virtual_host slow_consumer_timeout="2" '),
    ),
  });

  /** Publishes far more than any buffer holds; the producer waits for the consumer, which is ended in the end. */
  async function flood(topic: string): Promise<void> {
    const producer = await StompWire.connect(broker.now);
    const receipt = await new Promise<string>((resolve) => {
      let sent = 0;
      const push = (): void => {
        while (sent < MESSAGES && !producer.stream.writableNeedDrain) {
          producer.asyncSend(topic, BODY);
          sent += 1;
        }
        if (sent < MESSAGES) producer.stream.once("drain", push);
        else resolve(producer.sendWithReceipt("SEND", { destination: topic }, "END"));
      };
      push();
    });
    const frame = await producer.receive("the receipt behind the flood", 40_000);
    assert.equal(frame.header("receipt-id"), receipt);
    await producer.disconnect();
  }

  it("11 a STOMP subscriber that never reads is ended, its producer goes on, others never wait", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const lazy = await StompWire.connect(broker.now);
      await lazy.subscribe("0", "/topic/flood.stomp");
      lazy.stream.pause();
      await flood("/topic/flood.stomp");
      lazy.stream.resume();
      await lazy.ended();
    });
  });

  it("11 an MQTT subscriber that never reads", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const lazy = await MqttWire.connect(broker.now, { clientId: "lazy" });
      await lazy.subscribe("flood/mqtt", 1);
      lazy.stream.pause();
      await flood("/topic/flood.mqtt");
      lazy.stream.resume();
      await lazy.ended();
    });
  });

  it("11 a subscriber that reads slowly gets everything", async () => {
    const slow = await StompWire.connect(broker.now);
    await slow.subscribe("0", "/topic/flood.slow");
    const end = setInterval(() => {
      slow.stream.pause();
      setTimeout(() => slow.stream.resume(), 30);
    }, 60);
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const all = (async () => {
        for (let i = 0; i < MESSAGES; i++)
          assert.equal((await slow.expect("MESSAGE")).body.length, BODY.length);
        await slow.message("END");
      })();
      await Promise.all([flood("/topic/flood.slow"), all]);
    });
    clearInterval(end);
    await slow.drop();
  });

  it("clients that ask and never read the answers", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const stomp = await StompWire.connect(broker.now);
      const mqtt = await MqttWire.connect(broker.now, { clientId: "asking" });
      stomp.stream.pause();
      mqtt.stream.pause();
      const pings = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at % 2 === 0 ? 0xc0 : 0)));
      for (let i = 0; i < 100; i++) {
        mqtt.raw(pings);
        for (let j = 0; j < 200; j++) stomp.sendWithReceipt("SEND", { destination: "/topic/asking" }, "x");
        await new Promise((resolve) => setImmediate(resolve));
      }
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await stomp.drop();
      await mqtt.drop();
    });
  });
});
