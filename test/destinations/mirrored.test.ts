import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { expectBodies, expectNothing, FIXTURES, messages } from "./fixture.ts";

for (const { name, xml } of FIXTURES) {
  describe(`mirrored queues, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    it("ST-036 what is sent to the queue reaches the topic", async () => {
      const wire = await connect();
      await wire.subscribe("1", "/topic/mirrored.a");
      wire.asyncSend("/queue/mirrored.a", "1");
      await wire.message("1");
      await wire.drop();
    });

    it("ST-037 what is sent to the topic reaches the queue", async () => {
      const wire = await connect();
      await wire.subscribe("1", "/queue/mirrored.b");
      for (let i = 0; i < 10; i += 1) {
        wire.asyncSend("/topic/mirrored.b", String(i));
        await wire.message(String(i));
      }
      await wire.drop();
    });

    it("ST-038 no copy before the queue exists", async () => {
      const wire = await connect();
      wire.asyncSend("/topic/mirrored.c", "1");
      await wire.subscribe("1", "/queue/mirrored.c");
      wire.asyncSend("/topic/mirrored.c", "2");
      await wire.message("2");
      await wire.drop();
    });

    it("8 one copy for the queue's consumers together, one for each of the topic", async () => {
      const [first, second, listener, sender] = [
        await connect(),
        await connect(),
        await connect(),
        await connect(),
      ];
      await first.subscribe("1", "/queue/mirrored.shared");
      await second.subscribe("1", "/queue/mirrored.shared");
      await listener.subscribe("1", "/topic/mirrored.shared");
      for (const destination of ["/queue/mirrored.shared", "/topic/mirrored.shared"]) {
        await sender.syncSend(destination, "a");
        await sender.syncSend(destination, "b");
        await messages(first, 1);
        await messages(second, 1);
        await expectBodies(listener, "a", "b");
      }
      for (const wire of [first, second, listener]) {
        await expectNothing(wire);
        await wire.drop();
      }
      await sender.drop();
    });

    it("8 a retained message of the topic is in a queue that is made later", async () => {
      const wire = await connect();
      await wire.syncSend("/topic/mirrored.kept", "kept", { retain: "set" });
      wire.send("SUBSCRIBE", { id: "1", destination: "/queue/mirrored.kept" });
      await wire.message("kept");
      await expectNothing(wire);
      await wire.drop();
    });

    it("K 8 a durable subscription gets what is sent to the queue", async () => {
      const wire = await connect();
      const headers = { id: "mirror-dsub", destination: "/topic/mirrored.durable", persistent: "true" };
      await wire.sync("SUBSCRIBE", headers);
      await wire.sync("UNSUBSCRIBE", { id: "mirror-dsub" });
      await wire.syncSend("/queue/mirrored.durable", "1", { persistent: "true" });
      wire.send("SUBSCRIBE", headers);
      await wire.message("1");
      wire.send("SUBSCRIBE", { id: "q", destination: "/queue/mirrored.durable" });
      await wire.message("1");
      await wire.drop();
    });

    it("K 8 a transaction reaches both sides at its commit", async () => {
      const wire = await connect();
      await wire.subscribe("t", "/topic/mirrored.tx");
      await wire.subscribe("q", "/queue/mirrored.tx");
      wire.asyncSend("/queue/mirrored.tx", "never", { transaction: "y" });
      await wire.sync("ABORT", { transaction: "y" });
      wire.asyncSend("/queue/mirrored.tx", "1", { transaction: "x" });
      await expectNothing(wire);
      wire.send("COMMIT", { transaction: "x" });
      await expectBodies(wire, "1", "1");
      await expectNothing(wire);
      await wire.drop();
    });

    it("8 MQTT publishers fill a queue, MQTT subscribers see what STOMP sends to it", async () => {
      const wire = await connect();
      const mqtt = await MqttWire.connect(broker.now);
      await wire.subscribe("1", "/queue/mirrored.mqtt.one", "client");
      await mqtt.publish("mirrored/mqtt/one", "from MQTT", 1);
      wire.ack(await wire.message("from MQTT"));
      await mqtt.subscribe("mirrored/mqtt/+", 1);
      wire.asyncSend("/queue/mirrored.mqtt.one", "from STOMP", { persistent: "true" });
      wire.ack(await wire.message("from STOMP"));
      await mqtt.expectMessage("mirrored/mqtt/one", "from STOMP");
      await mqtt.disconnect();
      await wire.drop();
    });
  });
}
