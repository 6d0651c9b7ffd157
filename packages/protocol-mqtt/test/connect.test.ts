import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError, type ErrorCode } from "@tsapollo/domain";
import { settled } from "@tsapollo/testkit";
import { assertPackets, connectBytes, World } from "./client.ts";

const ACCEPTED = { cmd: "connack", returnCode: 0, sessionPresent: false };

/** A CONNECT built by hand. */
function raw(parts: {
  name?: string;
  level?: number;
  flags?: number;
  keep?: number;
  fields?: (string | number[])[];
}): Buffer {
  const { name = "MQTT", level = 4, flags = 2, keep = 0, fields = ["c1"] } = parts;
  const body = [field(name), Buffer.from([level, flags, keep >> 8, keep & 0xff]), ...fields.map(field)];
  const bytes = Buffer.concat(body);
  return Buffer.concat([Buffer.from([0x10, bytes.length]), bytes]);
}

function field(value: string | number[]): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

describe("CONNECT", () => {
  it("MQ-001 is accepted", async () => {
    const client = new World().client();
    const answers = await client.connect();
    assertPackets(answers, [ACCEPTED]);
    assert.equal(client.connection.state, "open");
    assert.equal(client.connection.paused, false);
  });

  it("is accepted in MQTT 3.1, with a long client id", async () => {
    const client = new World().client();
    const answers = await client.connect({
      protocolId: "MQIsdp",
      protocolVersion: 3,
      clientId: "x".repeat(60),
    });
    assertPackets(answers, [ACCEPTED]);
  });

  it("passes user and password on", async () => {
    const client = await new World().connected({ username: "joe", password: Buffer.from("secret") });
    const { user, password, hostName } = client.reception.logins[0]!;
    assert.deepEqual([user, password, hostName], ["joe", "secret", undefined]);
  });

  const versions: [string, Buffer][] = [
    ["MQTT 6", raw({ level: 6 })],
    ["level 3 with the name MQTT", raw({ level: 3 })],
    ["level 4 with the name MQIsdp", raw({ name: "MQIsdp" })],
    ["a bridge's level 0x84", raw({ level: 0x84 })],
  ];
  for (const [name, bytes] of versions) {
    it(`[MQTT-3.1.2-2] answers ${name} with 0x01 and closes after die_delay`, () => {
      const client = new World({ dieDelayMs: 77 }).client();
      client.connection.feed(bytes);
      assertPackets(client.answers(), [{ cmd: "connack", returnCode: 1 }]);
      assert.equal(client.connection.closeDelayMs, 77);
    });
  }

  const malformed: [string, Buffer][] = [
    ["[MQTT-3.1.2-1] another protocol name", raw({ name: "MQTX" })],
    ["[MQTT-3.1.2-3] the reserved flag", raw({ flags: 0x03 })],
    ["[MQTT-3.1.2-13] will QoS without a will", raw({ flags: 0x0a })],
    ["[MQTT-3.1.2-15] will retain without a will", raw({ flags: 0x22 })],
    ["[MQTT-3.1.2-14] will QoS 3", raw({ flags: 0x1e, fields: ["c1", "w", "m"] })],
    ["[MQTT-3.1.2-22] a password without a user name", raw({ flags: 0x42, fields: ["c1", "p"] })],
    ["[MQTT-3.1.3-3] no client id", raw({ fields: [] })],
    ["[MQTT-1.5.3-1] a client id that is not UTF-8", raw({ fields: [[0xc3, 0x28]] })],
    ["[MQTT-1.5.3-1] a surrogate in the client id", raw({ fields: [[0xed, 0xa0, 0x80]] })],
    ["[MQTT-1.5.3-2] U+0000 in the client id", raw({ fields: ["a\0b"] })],
    ["[MQTT-3.1.3-11] a user name that is not UTF-8", raw({ flags: 0x82, fields: ["c1", [0xff]] })],
    ["a missing user name", raw({ flags: 0x82 })],
    ["a missing password", raw({ flags: 0xc2, fields: ["c1", "u"] })],
    ["a missing will message", raw({ flags: 0x06, fields: ["c1", "w"] })],
    ["an empty will topic", raw({ flags: 0x06, fields: ["c1", "", "m"] })],
    ["a will topic with a wildcard", raw({ flags: 0x06, fields: ["c1", "a/+", "m"] })],
    ["bytes behind the last field", raw({ fields: ["c1", "more"] })],
    ["nothing at all", Buffer.from([0x10, 0])],
    ["only a protocol name", Buffer.concat([Buffer.from([0x10, 6]), field("MQTT")])],
  ];
  for (const [name, bytes] of malformed) {
    it(`closes without an answer on ${name}`, async () => {
      const world = new World();
      const client = world.client();
      client.connection.feed(bytes);
      await settled();
      assert.deepEqual(client.answers(), []);
      assert.equal(client.connection.state, "closing");
      assert.equal(client.reception.logins.length, 0);
      assert.match(world.log.lines[0]!, /^MQTT connection '[\d.:]+' error: .{10}/);
    });
  }

  it("lets MQTT 3.1 clients set the user and password flags without the fields", async () => {
    const client = new World().client();
    const read = raw({ name: "MQIsdp", level: 3, flags: 0xc2 });
    const before = Buffer.from(read);
    client.handler.receive(read, 0, read.length, true);
    await settled();
    assertPackets(client.answers(), [ACCEPTED]);
    assert.deepEqual(read, before, "what was read is left as it was");
    assert.equal(client.reception.logins[0]!.user, undefined);
  });

  it("[MQTT-3.1.0-1] the first packet must be a CONNECT, whatever it announces", () => {
    const client = new World().client();
    client.connection.feed(Uint8Array.from([0x30, 0xff, 0xff]));
    assert.equal(client.connection.state, "closing");
  });

  it("[MQTT-3.1.0-2] a second CONNECT closes", async () => {
    const client = await new World().connected();
    client.connection.feed(connectBytes());
    assert.equal(client.connection.state, "closing");
    assert.equal(client.host.closed, true);
  });

  it("[MQTT-3.1.3-6] gives clients without an id one of their own", async () => {
    const world = new World();
    const one = await world.connected({ clientId: "" });
    const two = await world.connected({ clientId: "" });
    assert.deepEqual([one.connection.state, two.connection.state], ["open", "open"]);
    assert.equal(world.sessions.count("default"), 2);
  });

  it("[MQTT-3.1.3-8] refuses an empty client id with clean session 0", () => {
    const client = new World().client();
    client.connection.feed(raw({ flags: 0, fields: [""] }));
    assertPackets(client.answers(), [{ cmd: "connack", returnCode: 2, sessionPresent: false }]);
    assert.equal(client.connection.closeDelayMs, 5_000);
  });

  it("refuses a client id above the limit", async () => {
    for (const [options, length] of [
      [{ maxClientIdLength: 5 }, 5],
      [{}, 1_024],
    ] as const) {
      const connect = (clientId: string) => new World(options).client().connect({ clientId });
      assertPackets(await connect("x".repeat(length)), [{ cmd: "connack", returnCode: 0 }]);
      assertPackets(await connect("x".repeat(length + 1)), [{ cmd: "connack", returnCode: 2 }]);
    }
  });

  const codes: [ErrorCode, number][] = [
    ["AUTHENTICATION_FAILED", 4],
    ["ACCESS_DENIED", 5],
    ["HOST_UNKNOWN", 3],
    ["HOST_STOPPED", 3],
  ];
  for (const [code, returnCode] of codes) {
    it(`[MQTT-3.2.2-5] answers ${code} with ${returnCode} and closes`, async () => {
      const client = new World().client();
      client.reception.refusal = new BrokerError(code);
      const answers = await client.connect();
      assertPackets(answers, [{ cmd: "connack", returnCode, sessionPresent: false }]);
      assert.equal(client.connection.closeDelayMs, 5_000);
    });
  }

  it("answers 3 when the login fails for another reason", async () => {
    const client = new World().client();
    client.reception.login = () => Promise.reject(new Error("boom"));
    assertPackets(await client.connect(), [{ cmd: "connack", returnCode: 3 }]);
  });

  it("a bug behind the CONNACK costs the connection and nothing else", async () => {
    const world = new World();
    await world.connected({ clean: false }).then((client) => {
      client.subscribe("a");
      client.drop();
    });
    const client = world.client();
    client.host.subscribe = () => {
      throw new TypeError("boom");
    };
    assert.deepEqual(await client.connect({ clean: false }), []);
    assert.deepEqual([client.connection.state, client.host.closed], ["destroyed", true]);
    assert.match(world.log.lines.join(), /ERROR a login failed unexpectedly: TypeError: boom/);
  });

  it("answers 3 when there are too many sessions", async () => {
    const world = new World({}, 1);
    await world.connected({ clientId: "a" });
    const answers = await world.client().connect({ clientId: "b" });
    assertPackets(answers, [{ cmd: "connack", returnCode: 3 }]);
  });

  it("[MQTT-3.1.4-5] nothing is processed until the login has answered", async () => {
    const client = new World().client();
    client.connection.feed(Buffer.concat([connectBytes(), Buffer.from([0xc0, 0])]));
    assert.deepEqual([client.connection.paused, client.connection.leftBytes], [true, 2]);
    await settled();
    await settled();
    assertPackets(client.answers(), [ACCEPTED, { cmd: "pingresp" }]);
  });

  it("[MQTT-3.1.4-5] [MQTT5-3.1.4-6] nothing behind a CONNECT that is refused is processed", async () => {
    const client = new World().client();
    client.reception.refusal = new BrokerError("ACCESS_DENIED");
    const publish = Buffer.from([0x30, 3, 0, 1, 0x61]);
    client.connection.feed(Buffer.concat([connectBytes(), publish, Buffer.from([0xc0, 0])]));
    await settled();
    client.connection.feed(publish);
    assertPackets(client.answers(), [{ cmd: "connack", returnCode: 5 }]);
    assert.equal(client.host.published.length, 0);
  });

  it("[MQTT-3.1.2-12] without a will nothing is published when the connection breaks", async () => {
    const client = await new World().connected();
    client.drop();
    assert.equal(client.host.published.length, 0);
  });

  it("lets the host go when the connection ends during the login", async () => {
    const client = new World().client();
    client.connection.feed(connectBytes());
    client.drop();
    await settled();
    assert.equal(client.host.closed, true);
    assert.deepEqual(client.answers(), []);
  });

  it("closes when no CONNECT comes in time", () => {
    const world = new World({ connectTimeoutMs: 1_000 });
    const client = world.client();
    client.connection.feed(Uint8Array.from([0x10]));
    world.clock.advance(999);
    assert.equal(client.connection.state, "open");
    world.clock.advance(1);
    assert.equal(client.connection.state, "closing");
  });

  it("leaves no timer behind", async () => {
    const world = new World();
    const client = await world.connected({ keepalive: 10 });
    assert.equal(world.clock.timerCount, 1);
    client.drop();
    assert.equal(world.clock.timerCount, 0);
  });
});
