import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { type Headers, StompWire } from "../harness/stomp-wire.ts";
import { withoutAuthentication } from "../harness/xml.ts";

describe("9 retained messages", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });
  const connect = (): Promise<StompWire> => StompWire.connect(broker.now);
  const keep = (wire: StompWire, topic: string, body: string, headers: Headers = {}): Promise<void> =>
    wire.syncSend(topic, body, { retain: "set", ...headers });

  /** Subscribes, and what comes with that must be this. */
  async function expectRetained(destination: string, bodies: readonly string[], headers: Headers = {}) {
    const wire = await connect();
    const receipt = wire.sendWithReceipt("SUBSCRIBE", { id: "1", destination, ...headers });
    const found: string[] = [];
    for (;;) {
      const frame = await wire.receive();
      if (frame.header("receipt-id") === receipt) break;
      found.push(frame.text);
    }
    assert.deepEqual(found.sort(), [...bodies].sort());
    await wire.drop();
  }

  it("one slot for each topic: the newest", async () => {
    const wire = await connect();
    for (const body of ["1", "2", "3"]) await keep(wire, "/topic/slot", body);
    await expectRetained("/topic/slot", ["3"]);
    await wire.drop();
  });

  it("any other value than set and remove means nothing", async () => {
    const wire = await connect();
    await keep(wire, "/topic/other.values", "kept");
    for (const retain of ["true", "SET", "", "clear"]) {
      await wire.syncSend("/topic/other.values", `not ${retain}`, { retain });
    }
    await expectRetained("/topic/other.values", ["kept"]);
    await wire.drop();
  });

  it("what sets and what removes is delivered as any message", async () => {
    const wire = await connect();
    await wire.subscribe("1", "/topic/delivered.too");
    wire.asyncSend("/topic/delivered.too", "set", { retain: "set" });
    await wire.message("set");
    wire.asyncSend("/topic/delivered.too", "removed", { retain: "remove" });
    await wire.message("removed");
    await expectRetained("/topic/delivered.too", []);
    await wire.drop();
  });

  it("every topic that a wildcard or a composite covers, each once", async () => {
    const wire = await connect();
    for (const name of ["a", "b", "b.c"]) await keep(wire, `/topic/covered.${name}`, name);
    await expectRetained("/topic/covered.*", ["a", "b"]);
    await expectRetained("/topic/covered.**,/topic/covered.a,/topic/covered.{[a-z]}", ["a", "b", "b.c"]);
    await wire.drop();
  });

  it("the selector holds for it", async () => {
    const wire = await connect();
    await keep(wire, "/topic/selected", "red", { color: "red" });
    await expectRetained("/topic/selected", [], { selector: "color='blue'" });
    await expectRetained("/topic/selected", ["red"], { selector: "color='red'" });
    await wire.drop();
  });

  it("SUBSCRIBE after UNSUBSCRIBE gets it again, a second subscription too", async () => {
    const wire = await connect();
    await keep(wire, "/topic/again", "kept");
    for (const id of ["1", "2"]) {
      wire.send("SUBSCRIBE", { id, destination: "/topic/again" });
      await wire.message("kept");
    }
    await wire.sync("UNSUBSCRIBE", { id: "1" });
    wire.send("SUBSCRIBE", { id: "3", destination: "/topic/again" });
    assert.equal((await wire.message("kept")).header("subscription"), "3");
    await wire.drop();
  });

  it("in a transaction it is kept with the commit, and not after an abort", async () => {
    const wire = await connect();
    wire.asyncSend("/topic/transacted.slot", "aborted", { retain: "set", transaction: "a" });
    await wire.sync("ABORT", { transaction: "a" });
    await expectRetained("/topic/transacted.slot", []);
    wire.asyncSend("/topic/transacted.slot", "committed", { retain: "set", transaction: "b" });
    await expectRetained("/topic/transacted.slot", []);
    await wire.sync("COMMIT", { transaction: "b" });
    await expectRetained("/topic/transacted.slot", ["committed"]);
    await wire.drop();
  });

  it("over queues it means nothing", async () => {
    const wire = await connect();
    await keep(wire, "/queue/no.slot", "once");
    await expectRetained("/queue/no.slot", ["once"]);
    await expectRetained("/queue/no.slot", []);
    await wire.drop();
  });

  it("what MQTT keeps STOMP gets, and the other way round; an empty one clears", async () => {
    const [wire, mqtt] = [await connect(), await MqttWire.connect(broker.now)];
    await mqtt.publish("both/mqtt", "from MQTT", 1, true);
    await keep(wire, "/topic/both.stomp", "from STOMP");
    await expectRetained("/topic/both.*", ["from MQTT", "from STOMP"]);
    await mqtt.subscribe("both/stomp");
    await mqtt.expectMessage("both/stomp", "from STOMP");
    await mqtt.disconnect();
    const clearing = await MqttWire.connect(broker.now);
    await clearing.publish("both/stomp", "", 1, true);
    await expectRetained("/topic/both.*", ["from MQTT"]);
    await clearing.disconnect();
    await wire.drop();
  });
});
