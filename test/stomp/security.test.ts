import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { securityFiles, securityXml } from "../harness/accounts.ts";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";

describe("security, fixture F4", () => {
  const broker = useInstance({ xml: securityXml, files: securityFiles() });

  function as(name: string): Promise<StompWire> {
    return StompWire.connect(broker.now, { login: name, passcode: name });
  }

  async function refused(
    login: string | undefined,
    passcode: string | undefined,
    error: string,
  ): Promise<void> {
    const wire = await StompWire.open(broker.now);
    const frame = await wire.hello({
      ...(login === undefined ? {} : { login }),
      ...(passcode === undefined ? {} : { passcode }),
    });
    assert.equal(frame.command, "ERROR");
    assert.ok(frame.header("message")!.startsWith(error), frame.header("message"));
    await wire.drop();
  }

  async function denied(name: string, command: string, destination: string, error: string): Promise<void> {
    const wire = await as(name);
    wire.sendWithReceipt(command, { destination, id: "0" }, command === "SEND" ? "x" : "");
    await wire.expectError(error);
    await wire.drop();
  }

  async function allowed(name: string, destination: string): Promise<void> {
    const wire = await as(name);
    await wire.syncSend(destination, "x");
    await wire.disconnect();
  }

  it("ST-171 OW-031 can_not_connect", () =>
    refused("can_not_connect", "can_not_connect", "Not authorized to connect"));
  it("ST-172 OW-032 no credentials", () => refused(undefined, undefined, "Authentication failed."));
  it("ST-173 OW-033 wrong password", () => refused("foo", "bar", "Authentication failed."));

  it("ST-174 OW-034 can_only_connect", async () => {
    const wire = await as("can_only_connect");
    await wire.disconnect();
  });

  it("ST-175 connector_restricted through tcp2", async () => {
    const wire = new StompWire(connect(broker.now.port("tcp", 1), "127.0.0.1"));
    const frame = await wire.hello({ login: "connector_restricted", passcode: "connector_restricted" });
    assert.equal(frame.command, "CONNECTED");
    assert.equal(frame.header("user-id"), "connector_restricted");
    await wire.drop();
  });

  it("ST-176 connector_restricted through tcp", () =>
    refused("connector_restricted", "connector_restricted", "Not authorized to connect to connector 'tcp'."));

  it("ST-177 OW-035 can_only_connect sends", () =>
    denied("can_only_connect", "SEND", "/queue/secure", "Not authorized to create the queue"));
  it("ST-178 OW-036 can_send_queue before the queue exists", () =>
    denied("can_send_queue", "SEND", "/queue/secure", "Not authorized to create the queue"));
  it("ST-185 OW-037 can_consume_queue before the queue exists", () =>
    denied("can_consume_queue", "SUBSCRIBE", "/queue/secure", "Not authorized to create the queue"));
  it("ST-179 OW-038 can_send_create_queue", () => allowed("can_send_create_queue", "/queue/secure"));
  it("ST-180 OW-039 can_send_queue once the queue exists", () => allowed("can_send_queue", "/queue/secure"));

  it("ST-181 guest by regular expression", async () => {
    await allowed("guest", "/queue/testblah");
    await denied("guest", "SEND", "/queue/notmatch", "Not authorized to create the queue");
  });

  it("ST-182 OW-040 can_only_connect subscribes", () =>
    denied("can_only_connect", "SUBSCRIBE", "/queue/secure", "Not authorized to consume from the queue"));

  it("ST-183 user headers", async () => {
    const name = "can_send_create_consume_queue";
    const wire = await as(name);
    await wire.subscribe("0", "/queue/sendsid");
    wire.send("SEND", { destination: "/queue/sendsid", JMSXUserID: "forged" }, "x");
    const frame = await wire.message("x");
    assert.equal(frame.header("JMSXUserID"), name);
    assert.equal(frame.header("sender-ip"), "127.0.0.1");
    await wire.disconnect();
  });

  it("OW-041 who sent it stands on the message, whoever receives it (APLO-213)", async () => {
    await allowed("can_send_create_queue", "/queue/who.sent");
    const wire = await as("can_consume_queue");
    wire.send("SUBSCRIBE", { id: "0", destination: "/queue/who.sent" });
    assert.equal((await wire.message("x")).header("JMSXUserID"), "can_send_create_queue");
    await wire.disconnect();
  });

  it("13 what is refused leaves nothing behind", async () => {
    const wire = await as("can_consume_queue");
    wire.send("SUBSCRIBE", { id: "0", destination: "/queue/secure", ack: "client" });
    await wire.message("x");
    await wire.message("x");
    await wire.drop();
  });

  it("16.2 MQTT: CONNACK 4 and 5", async () => {
    for (const [user, password, code] of [
      ["foo", "bar", 4],
      [undefined, undefined, 4],
      ["can_not_connect", "can_not_connect", 5],
      ["connector_restricted", "connector_restricted", 5],
      ["can_only_connect", "can_only_connect", 0],
    ] as const) {
      const wire = await MqttWire.open(broker.now);
      const credentials = user === undefined ? {} : { user, password };
      assert.equal((await wire.hello({ clientId: `c-${user}`, ...credentials })).code, code, String(user));
      await wire.drop();
    }
  });

  it("16.6 MQTT: an unauthorised SUBSCRIBE is answered with 0x80 [quirk 18]", async () => {
    const wire = await MqttWire.connect(broker.now, {
      user: "can_only_connect",
      password: "can_only_connect",
    });
    assert.deepEqual(await wire.subscribe("test/a", 1), [0x80]);
    const guest = await MqttWire.connect(broker.now, { user: "guest", password: "guest" });
    assert.deepEqual(await guest.subscribe("test/a", 1), [1]);
    assert.deepEqual(await guest.subscribe("other", 1), [0x80]);
    assert.deepEqual(await guest.subscribe("#", 0), [0]); // a wildcard brings what may be read
    const producer = await MqttWire.connect(broker.now, {
      user: "can_send_create_topic",
      password: "can_send_create_topic",
    });
    await producer.publish("other", "hidden", 1);
    await producer.publish("test/a", "seen", 0);
    await guest.expectMessage("test/a", "seen");
    assert.deepEqual(await guest.roundTrip(), []);
    for (const one of [wire, guest, producer]) await one.disconnect();
  });

  it("16.4 MQTT: an unauthorised PUBLISH is acknowledged and dropped", async () => {
    const reader = await MqttWire.connect(broker.now, {
      user: "can_recieve_topic",
      password: "can_recieve_topic",
    });
    assert.deepEqual(await reader.subscribe("dropped", 0), [0]);
    const wire = await MqttWire.connect(broker.now, {
      user: "can_only_connect",
      password: "can_only_connect",
    });
    await wire.publish("dropped", "no", 1);
    await wire.publish("dropped", "no", 2);
    assert.deepEqual(await reader.roundTrip(), []);
    await reader.disconnect();
    await wire.disconnect();
  });
});
