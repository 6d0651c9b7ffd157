import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { whileOthersWork } from "../harness/health.ts";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { connectionLimit, edits, withoutAuthentication } from "../harness/xml.ts";

const RESIDENT_MAX_MIB = 600;

describe("crowds", () => {
  const broker = useInstance({ xml: edits(withoutAuthentication, connectionLimit(5_000)) });

  it("10,000 subscriptions on one STOMP connection", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const wire = await StompWire.connect(broker.now);
      const count = 9_999;
      for (let i = 0; i < count; i++) wire.send("SUBSCRIBE", { id: i, destination: `/topic/crowd.${i}` });
      await wire.subscribe("last", "/topic/crowd.last");
      wire.asyncSend("/topic/crowd.7777", "found");
      assert.equal((await wire.message("found")).header("subscription"), "7777");
      await wire.drop();
    });
  });

  it("10,000 filters on one MQTT connection", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const wire = await MqttWire.connect(broker.now, { clientId: "crowd" });
      for (let i = 0; i < 10_000; i++) await wire.subscribe(`crowd/+/${i}`);
      await wire.publish("crowd/a/7777", "found", 0);
      await wire.expectMessage("crowd/a/7777", "found");
      await wire.drop();
    });
  });

  it("2,000 idle connections, which all go at once", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const wires: MqttWire[] = [];
      for (let i = 0; i < 20; i++) {
        const batch = Array.from({ length: 100 }, (_, at) =>
          MqttWire.connect(broker.now, { clientId: `idle-${i}-${at}` }),
        );
        wires.push(...(await Promise.all(batch)));
      }
      assert.equal(wires.length, 2_000);
      const last = wires.at(-1)!;
      await last.subscribe("idle/news");
      await wires[0]!.publish("idle/news", "still here", 1);
      await last.expectMessage("idle/news", "still here");
      await Promise.all(wires.map((wire) => wire.drop()));
    });
  });

  it("connections that come and go", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      for (let i = 0; i < 20; i++) {
        const batch = await Promise.all(Array.from({ length: 50 }, () => StompWire.connect(broker.now)));
        for (const wire of batch)
          wire.send("SUBSCRIBE", { id: "0", destination: "/queue/come.and.go", ack: "client" });
        await Promise.all(batch.map((wire) => wire.drop()));
      }
    });
  });
});
