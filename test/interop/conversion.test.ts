import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { withoutAuthentication } from "../harness/xml.ts";

describe("messages that cross protocols", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });

  it("MQ-038 MQTT to STOMP", async () => {
    const stomp = await StompWire.connect(broker.now);
    await stomp.subscribe("0", "/topic/mqtt.to.stomp");
    const mqtt = await MqttWire.connect(broker.now);
    await mqtt.publish("mqtt/to/stomp", "Hello World", 1);
    const frame = await stomp.message("Hello World");
    assert.equal(frame.header("destination"), "/topic/mqtt.to.stomp");
    assert.equal(frame.header("content-length"), "11");
    assert.ok(frame.header("message-id"));
    await stomp.drop();
    await mqtt.disconnect();
  });

  it("MQ-039 STOMP to MQTT: the body only", async () => {
    const mqtt = await MqttWire.connect(broker.now);
    await mqtt.subscribe("stomp/to/mqtt", 1);
    const stomp = await StompWire.connect(broker.now);
    stomp.raw("SEND\ncontent-length:11\nmessage-id:test\ndestination:/topic/stomp.to.mqtt\n\nHello World\0");
    await mqtt.expectMessage("stomp/to/mqtt", "Hello World");
    await stomp.drop();
    await mqtt.disconnect();
  });

  const NAMES = [
    { mqtt: "names/so.cool", stomp: "names.so%2ecool" },
    { mqtt: "names/a b", stomp: "names.a b" },
    { mqtt: "names/é", stomp: "names.%c3%a9" },
    { mqtt: "names/a*b", stomp: "names.a%2ab" },
    { mqtt: "names/a,b", stomp: "names.a%2cb" },
  ];
  for (const name of NAMES) {
    it(`2.7 one topic under two names: ${name.mqtt} and ${name.stomp}`, async () => {
      const mqtt = await MqttWire.connect(broker.now);
      await mqtt.subscribe(name.mqtt);
      const stomp = await StompWire.connect(broker.now);
      await stomp.subscribe("0", `/topic/${name.stomp}`);
      await mqtt.publish(name.mqtt, "from MQTT", 0);
      await mqtt.expectMessage(name.mqtt, "from MQTT");
      assert.equal((await stomp.message("from MQTT")).header("destination"), `/topic/${name.stomp}`);
      stomp.asyncSend(`/topic/${name.stomp}`, "from STOMP");
      await mqtt.expectMessage(name.mqtt, "from STOMP");
      await stomp.drop();
      await mqtt.disconnect();
    });
  }

  it("9 retained messages cross", async () => {
    const mqtt = await MqttWire.connect(broker.now);
    const stomp = await StompWire.connect(broker.now);
    await mqtt.publish("cross/a", "kept by MQTT", 1, true);
    stomp.send("SUBSCRIBE", { id: "0", destination: "/topic/cross.a" });
    await stomp.message("kept by MQTT");
    await stomp.sync("SEND", { destination: "/topic/cross.b", retain: "set" }, "kept by STOMP");
    await mqtt.subscribe("cross/b", 1);
    assert.equal((await mqtt.expectMessage("cross/b", "kept by STOMP")).retain, true);
    await stomp.syncSend("/topic/cross.b", "gone", { retain: "remove" });
    await mqtt.expectMessage("cross/b", "gone");
    await mqtt.unsubscribe("cross/b");
    await mqtt.subscribe("cross/b", 1);
    assert.deepEqual(await mqtt.roundTrip(), []);
    await stomp.drop();
    await mqtt.disconnect();
  });

  it("10.1 a persistent STOMP message has the quality of the subscription, another one 0", async () => {
    const mqtt = await MqttWire.connect(broker.now);
    await mqtt.subscribe("cross/qos", 2);
    const stomp = await StompWire.connect(broker.now);
    stomp.asyncSend("/topic/cross.qos", "plain");
    assert.equal((await mqtt.expectMessage("cross/qos", "plain")).qos, 0);
    stomp.asyncSend("/topic/cross.qos", "persistent", { persistent: "true" });
    assert.equal((await mqtt.expectMessage("cross/qos", "persistent")).qos, 2);
    await stomp.drop();
    await mqtt.disconnect();
  });

  it("2.7 an MQTT session is the durable subscription of its client id", async () => {
    const mqtt = await MqttWire.connect(broker.now, { clientId: "cross.session", clean: false });
    await mqtt.subscribe("cross/session", 1);
    await mqtt.disconnect();
    const stomp = await StompWire.connect(broker.now);
    await stomp.syncSend("/topic/cross.session", "while away", { persistent: "true" });
    const again = await MqttWire.connect(broker.now, { clientId: "cross.session", clean: false });
    await again.expectMessage("cross/session", "while away");
    await again.disconnect();
    await stomp.drop();
  });
});
