import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import { settled } from "@tsapollo/testkit";
import type { IConnackPacket, IConnectPacket } from "mqtt-packet";
import { REASON } from "../src/index.ts";
import { assertPackets, connectBytes, World } from "./client.ts";
import { connected5, hello, propertiesOf, publish5, rawConnect5, subscribe5 } from "./client-5.ts";

async function connack(world: World, connect: Partial<IConnectPacket>): Promise<IConnackPacket> {
  const [answer] = await world.client().connect(connect);
  return answer as IConnackPacket;
}

describe("MQTT 5.0: CONNECT", () => {
  it("[MQTT5-3.1.4-5] [MQTT5-3.2.0-1] is accepted, and told what differs from the defaults", async () => {
    const answer = await connack(new World(), hello());
    assertPackets([answer], [{ cmd: "connack", reasonCode: 0, sessionPresent: false }]);
    assert.deepEqual({ ...propertiesOf(answer) }, { maximumPacketSize: 104_857_605, topicAliasMaximum: 64 });
  });

  it("[MQTT5-3.2.2-9] every limit of the connector is announced", async () => {
    const world = new World({
      maxQos: 1,
      retainAvailable: false,
      wildcardsAvailable: false,
      sharedAvailable: false,
      subscriptionIdsAvailable: false,
      receiveMax: 5,
      topicAliasMax: 0,
      sessionExpiryMaxSeconds: 60,
      keepAliveMaxSeconds: 30,
      maxMessageLength: 1_000,
    });
    const answer = await connack(world, hello({ sessionExpiryInterval: 61 }, { keepalive: 31 }));
    assert.deepEqual(
      { ...propertiesOf(answer) },
      {
        sessionExpiryInterval: 60,
        receiveMaximum: 5,
        maximumQoS: 1,
        retainAvailable: false,
        maximumPacketSize: 1_005,
        wildcardSubscriptionAvailable: false,
        subscriptionIdentifiersAvailable: false,
        sharedSubscriptionAvailable: false,
        serverKeepAlive: 30,
      },
    );
  });

  it("[MQTT5-3.1.2-21] [MQTT5-3.2.2-22] the server's keep-alive counts", async () => {
    const world = new World({ keepAliveMaxSeconds: 10 });
    const client = await connected5(world, {}, { keepalive: 0 });
    world.clock.advance(14_900);
    assert.equal(client.connection.state, "open");
    world.clock.advance(200);
    assertPackets(client.answers(), [{ cmd: "disconnect", reasonCode: REASON.KEEP_ALIVE_TIMEOUT }]);
    assert.equal(client.connection.state, "closing");
  });

  it("[MQTT5-3.1.2-22] silence for 1.5 times the keep-alive closes", async () => {
    const world = new World();
    const client = await connected5(world, {}, { keepalive: 10 });
    world.clock.advance(15_100);
    assert.equal(client.connection.state, "closing");
  });

  it("[MQTT5-3.1.3-6] [MQTT5-3.1.3-7] [MQTT5-3.2.2-16] an id is assigned and told", async () => {
    const world = new World();
    const ids = new Set<unknown>();
    for (const flags of [2, 0]) {
      const client = world.client();
      client.level = 5;
      client.raw(rawConnect5({ flags, fields: [""] }));
      await settled();
      ids.add(propertiesOf(client.answers()[0])["assignedClientIdentifier"]);
    }
    assert.equal(ids.size, 2);
    for (const id of ids) assert.match(String(id), /^auto-/);
  });

  it("[MQTT5-3.1.3-8] a client id that is too long is refused with its reason, then closed", async () => {
    const world = new World({ maxClientIdLength: 3, dieDelayMs: 5 });
    const client = world.client();
    const [answer] = await client.connect(hello({}, { clientId: "four" }));
    assertPackets([answer!], [{ cmd: "connack", reasonCode: REASON.CLIENT_ID_NOT_VALID }]);
    assert.match(String(propertiesOf(answer)["reasonString"]), /client_id_length_max/);
    assert.equal(client.connection.closeDelayMs, 5);
  });

  const refusals: [code: ConstructorParameters<typeof BrokerError>[0], reason: number][] = [
    ["AUTHENTICATION_FAILED", REASON.BAD_CREDENTIALS],
    ["ACCESS_DENIED", REASON.NOT_AUTHORIZED],
    ["HOST_STOPPED", REASON.SERVER_UNAVAILABLE],
  ];
  for (const [code, reasonCode] of refusals) {
    it(`[MQTT5-3.1.4-2] [MQTT5-3.2.2-7] [MQTT5-3.2.2-8] ${code} is answered with ${reasonCode} and closes`, async () => {
      const client = new World().client();
      client.reception.refusal = new BrokerError(code, "because");
      const [answer] = await client.connect(hello());
      assertPackets([answer!], [{ cmd: "connack", reasonCode, sessionPresent: false }]);
      assert.equal(propertiesOf(answer)["reasonString"], "because");
      assert.equal(client.connection.state, "closing");
    });
  }

  it("[MQTT5-3.1.2-29] [MQTT5-3.2.2-19] a reason string goes with CONNACK and DISCONNECT alone if nobody wants it", async () => {
    const world = new World();
    const client = await connected5(world, { requestProblemInformation: false });
    client.host.refusals.set("topic:a", new BrokerError("ACCESS_DENIED", "no"));
    const answers = client.send(publish5("a", 1), subscribe5("a"));
    assertPackets(answers, [
      { cmd: "puback", reasonCode: REASON.NOT_AUTHORIZED },
      { cmd: "suback", granted: [REASON.NOT_AUTHORIZED] },
    ]);
    for (const one of answers) assert.equal(propertiesOf(one)["reasonString"], undefined);
    const [last] = client.send(publish5(""));
    assert.ok(propertiesOf(last)["reasonString"]);
  });

  it("[MQTT5-3.2.2-19] [MQTT5-3.4.2-2] [MQTT5-3.9.2-1] a reason string that does not fit is left out", async () => {
    const client = await connected5(new World(), { maximumPacketSize: 30 });
    client.host.refusals.set("topic:a", new BrokerError("ACCESS_DENIED", "long ".repeat(20)));
    const [answer] = client.send(publish5("a", 1));
    assertPackets([answer!], [{ cmd: "puback", reasonCode: REASON.NOT_AUTHORIZED }]);
    assert.equal(propertiesOf(answer)["reasonString"], undefined);
  });

  it("[MQTT5-3.1.2-28] response information goes to who asks for it, if there is any", async () => {
    const world = new World({ responsePrefix: "answers/" });
    const asks = await connack(world, hello({ requestResponseInformation: true }));
    assert.equal(propertiesOf(asks)["responseInformation"], "answers/c1");
    assert.equal(propertiesOf(await connack(world, hello()))["responseInformation"], undefined);
  });

  for (const [redirectForGood, reasonCode] of [
    [false, REASON.USE_ANOTHER_SERVER],
    [true, REASON.SERVER_MOVED],
  ] as const) {
    it(`[MQTT5-4.11] clients are sent elsewhere with ${reasonCode}`, async () => {
      const world = new World({ redirectTo: "other:1883", redirectForGood });
      const answer = await connack(world, hello());
      assertPackets([answer], [{ cmd: "connack", reasonCode }]);
      assert.equal(propertiesOf(answer)["serverReference"], "other:1883");
      assertPackets([await connack(world, {})], [{ cmd: "connack", returnCode: 3 }]);
    });
  }

  it("[MQTT5-3.2.2-12] a will above the highest QoS is refused", async () => {
    const will = { topic: "w", payload: Buffer.from("x"), qos: 2 as const, retain: false };
    const answer = await connack(new World({ maxQos: 1 }), hello({}, { will }));
    assertPackets([answer], [{ cmd: "connack", reasonCode: REASON.QOS_NOT_SUPPORTED }]);
  });

  it("[MQTT5-3.2.2-13] a will to be retained is refused where nothing is", async () => {
    const will = { topic: "w", payload: Buffer.from("x"), qos: 1 as const, retain: true };
    const answer = await connack(new World({ retainAvailable: false }), hello({}, { will }));
    assertPackets([answer], [{ cmd: "connack", reasonCode: REASON.RETAIN_NOT_SUPPORTED }]);
  });

  it("[MQTT5-3.3.2-2] a will whose topic has a wildcard is refused with its reason", async () => {
    const will = { topic: "w/#", payload: Buffer.from("x"), qos: 1 as const, retain: false };
    const answer = await connack(new World(), hello({}, { will }));
    assertPackets([answer], [{ cmd: "connack", reasonCode: REASON.TOPIC_NAME_INVALID }]);
  });

  it("[MQTT5-3.1.0-2] a second CONNECT closes with a protocol error", async () => {
    const client = await connected5(new World());
    client.connection.feed(connectBytes(hello()));
    assertPackets(client.answers(), [{ cmd: "disconnect", reasonCode: REASON.PROTOCOL_ERROR }]);
    assert.equal(client.connection.state, "closing");
  });

  it("[MQTT5-3.1.4-3] a takeover is told to the old connection", async () => {
    const world = new World();
    const first = await connected5(world);
    await connected5(world);
    assertPackets(first.answers(), [{ cmd: "disconnect", reasonCode: REASON.SESSION_TAKEN_OVER }]);
    assert.equal(first.connection.state, "closing");
  });

  it("[MQTT5-3.14.0-1] the broker's stop is told, after the CONNACK", async () => {
    const world = new World();
    const first = await connected5(world);
    const old = await world.connected({ clientId: "old" });
    world.sessions.shuttingDown();
    assertPackets(first.answers(), [{ cmd: "disconnect", reasonCode: REASON.SERVER_SHUTTING_DOWN }]);
    assert.deepEqual(old.answers(), []);
  });

  it("[MQTT5-3.1.2-17] [MQTT5-3.1.2-19] a password needs no user name", async () => {
    const client = new World().client();
    client.raw(rawConnect5({ flags: 0x42, fields: ["c1", "token"] }));
    await settled();
    const [login] = client.reception.logins;
    assert.deepEqual([login?.user, login?.password], [undefined, "token"]);
  });
});

describe("virtual hosts", () => {
  const chosen = async (
    options: ConstructorParameters<typeof World>[0],
    username: string | undefined,
    known: string,
  ): Promise<unknown[]> => {
    const client = new World(options).client();
    const { reception } = client;
    const login = reception.login.bind(reception);
    reception.login = async (request) => {
      if (request.hostName !== undefined && request.hostName !== known) throw new BrokerError("HOST_UNKNOWN");
      return login(request);
    };
    await client.connect(username === undefined ? {} : { username });
    await settled();
    return reception.logins.map(({ hostName, user }) => [hostName, user]);
  };

  it("`host/user` as user name chooses one", async () => {
    assert.deepEqual(await chosen({}, "vh/joe", "vh"), [["vh", "joe"]]);
  });

  it("a user name whose beginning is no host stays as it is", async () => {
    assert.deepEqual(await chosen({}, "a/joe", "vh"), [[undefined, "a/joe"]]);
  });

  it("the connector's setting goes before, and can switch that off", async () => {
    assert.deepEqual(await chosen({ virtualHost: "vh" }, "x/joe", "vh"), [["vh", "x/joe"]]);
    assert.deepEqual(await chosen({ virtualHostInUser: false }, "vh/joe", "vh"), [[undefined, "vh/joe"]]);
  });

  it("the server name of TLS chooses one, if it is one", async () => {
    for (const [known, expected] of [
      ["name.example", "name.example"],
      ["vh", undefined],
    ] as const) {
      const client = new World().client();
      Object.defineProperty(client.connection, "serverName", { value: "name.example" });
      const { reception } = client;
      const login = reception.login.bind(reception);
      reception.login = async (request) => {
        if (request.hostName !== undefined && request.hostName !== known)
          throw new BrokerError("HOST_UNKNOWN");
        return login(request);
      };
      await client.connect();
      assert.deepEqual(
        reception.logins.map(({ hostName }) => hostName),
        [expected],
      );
    }
  });
});
