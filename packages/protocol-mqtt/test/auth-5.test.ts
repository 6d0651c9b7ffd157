import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { describe, it } from "node:test";
import { settled } from "@tsapollo/testkit";
import type { IAuthPacket, IConnectPacket, Packet } from "mqtt-packet";
import { REASON, ScramSha256 } from "../src/index.ts";
import { assertPackets, type Client, World } from "./client.ts";
import { hello, propertiesOf } from "./client-5.ts";

const METHOD = "SCRAM-SHA-256";

function world(): World {
  const mechanism = new ScramSha256(async (user) =>
    user === "joe" || user === "eve" ? "pencil" : undefined,
  );
  return new World({}, 10, undefined, [mechanism]);
}

function auth(reasonCode: number, data: string, method = METHOD): IAuthPacket {
  const properties = { authenticationMethod: method, authenticationData: Buffer.from(data) };
  return { cmd: "auth", reasonCode, properties };
}

/** The client's side of an exchange, as RFC 5802 describes it. */
class Prover {
  readonly #bare: string;
  #verifier = "";

  constructor(user = "joe") {
    this.#bare = `n=${user},r=abc`;
  }
  get first(): string {
    return `n,,${this.#bare}`;
  }
  final(challenge: string, password: string): string {
    const [, nonce, salt, iterations] = /^r=(.*),s=(.*),i=(.*)$/.exec(challenge)!;
    const salted = pbkdf2Sync(password, Buffer.from(salt!, "base64"), Number(iterations), 32, "sha256");
    const hmac = (key: Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();
    const clientKey = hmac(salted, "Client Key");
    const bare = `c=${Buffer.from("n,,").toString("base64")},r=${nonce}`;
    const covered = `${this.#bare},${challenge},${bare}`;
    const signature = hmac(createHash("sha256").update(clientKey).digest(), covered);
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!));
    this.#verifier = `v=${hmac(hmac(salted, "Server Key"), covered).toString("base64")}`;
    return `${bare},p=${proof.toString("base64")}`;
  }
  get verifier(): string {
    return this.#verifier;
  }
}

const dataOf = (packet: Packet | undefined): string => String(propertiesOf(packet)["authenticationData"]);

/** Keys are derived on other threads. */
async function answersOf(client: Client): Promise<Packet[]> {
  for (let round = 0; round < 1_000; round += 1) {
    const answers = client.answers();
    if (answers.length > 0) return answers;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return [];
}

async function begun(
  one: World,
  prover: Prover,
  rest: Partial<IConnectPacket> = {},
): Promise<[Client, string]> {
  const client = one.client();
  const properties = { authenticationMethod: METHOD, authenticationData: Buffer.from(prover.first) };
  const immediate = await client.connect(hello(properties, rest));
  const [answer] = immediate.length > 0 ? immediate : await answersOf(client);
  assertPackets([answer!], [{ cmd: "auth", reasonCode: REASON.CONTINUE_AUTHENTICATION }]);
  assert.equal(propertiesOf(answer)["authenticationMethod"], METHOD);
  return [client, dataOf(answer)];
}

async function proved(): Promise<[Client, Prover]> {
  const prover = new Prover();
  const [client, challenge] = await begun(world(), prover);
  client.send(auth(REASON.CONTINUE_AUTHENTICATION, prover.final(challenge, "pencil")));
  const [connack] = await answersOf(client);
  assertPackets([connack!], [{ cmd: "connack", reasonCode: 0 }]);
  assert.equal(propertiesOf(connack)["authenticationMethod"], METHOD); // [MQTT5-4.12.0-5]
  assert.equal(dataOf(connack), prover.verifier);
  return [client, prover];
}

describe("MQTT 5.0: enhanced authentication, SCRAM-SHA-256", () => {
  it("[MQTT5-4.12.0-2] [MQTT5-4.12.0-3] [MQTT5-4.12.0-4] [MQTT5-4.12.0-5] who proves a password is logged in with it", async () => {
    const [client] = await proved();
    const [login] = client.reception.logins;
    assert.deepEqual([login!.user, login!.password], ["joe", "pencil"]);
    assert.equal(client.connection.paused, false);
  });

  for (const [name, user, password] of [
    ["a wrong password", "joe", "wrong"],
    ["an unknown user, who is challenged all the same", "nobody", "pencil"],
  ] as const) {
    it(`${name} is refused`, async () => {
      const prover = new Prover(user);
      const [client, challenge] = await begun(world(), prover);
      client.send(auth(REASON.CONTINUE_AUTHENTICATION, prover.final(challenge, password)));
      assertPackets(await answersOf(client), [{ cmd: "connack", reasonCode: REASON.BAD_CREDENTIALS }]);
      assert.equal(client.connection.state, "closing");
      assert.equal(client.reception.logins.length, 0);
    });
  }

  it("[MQTT5-4.12.0-1] an unknown method is refused", async () => {
    const client = world().client();
    assertPackets(await client.connect(hello({ authenticationMethod: "X" })), [
      { cmd: "connack", reasonCode: REASON.BAD_AUTHENTICATION_METHOD },
    ]);
  });

  it("[MQTT5-3.1.2-30] until it is done nothing but AUTH and DISCONNECT is taken", async () => {
    const [client] = await begun(world(), new Prover());
    client.send({ cmd: "pingreq" });
    assertPackets(client.answers(), []);
    assert.equal(client.connection.state, "closing");
    const [other] = await begun(world(), new Prover());
    other.send({ cmd: "disconnect", reasonCode: 0 });
    assert.equal(other.connection.state, "closing");
  });

  it("[MQTT5-4.12.1-1] [MQTT5-4.12.1-2] who is connected can prove it again, as the same user", async () => {
    const [client] = await proved();
    for (const user of ["joe", "eve"]) {
      const prover = new Prover(user);
      client.send(auth(REASON.RE_AUTHENTICATE, prover.first));
      const [challenge] = await answersOf(client);
      client.send(auth(REASON.CONTINUE_AUTHENTICATION, prover.final(dataOf(challenge), "pencil")));
      const [answer] = await answersOf(client);
      if (user === "joe") assertPackets([answer!], [{ cmd: "auth", reasonCode: REASON.SUCCESS }]);
      else assertPackets([answer!], [{ cmd: "disconnect", reasonCode: REASON.NOT_AUTHORIZED }]);
    }
    assert.equal(client.connection.state, "closing");
  });

  const wrong: [name: string, packet: IAuthPacket][] = [
    ["[MQTT5-4.12.1-1] another method", auth(REASON.RE_AUTHENTICATE, "x", "OTHER")],
    ["continuing what was not begun", auth(REASON.CONTINUE_AUTHENTICATION, "x")],
    ["[MQTT5-3.15.2-1] success from a client", auth(REASON.SUCCESS, "x")],
  ];
  for (const [name, packet] of wrong) {
    it(`${name} closes the connection`, async () => {
      const [client] = await proved();
      client.send(packet);
      assertPackets(client.answers(), []);
      assert.equal(client.connection.state, "closing");
    });
  }

  it("[MQTT5-4.12.0-6] [MQTT5-4.12.0-7] without a method in CONNECT an AUTH closes the connection, and none is sent", async () => {
    const client = await world().connected(hello());
    assertPackets(client.send(auth(REASON.RE_AUTHENTICATE, "x")), [
      { cmd: "disconnect", reasonCode: REASON.PROTOCOL_ERROR },
    ]);
  });

  const garbage = [
    "",
    "p=tls-unique,,n=joe,r=abc",
    "n,,n=joe",
    "n,,r=abc,n=joe",
    "n,,n=,r=abc",
    "\xff",
    "n".repeat(5_000),
  ];
  for (const first of garbage) {
    it(`a first message '${first.slice(0, 20)}' is refused`, async () => {
      const client = world().client();
      const data = Buffer.from(first, "latin1");
      const answers = await client.connect(hello({ authenticationMethod: METHOD, authenticationData: data }));
      assertPackets(answers, [{ cmd: "connack", reasonCode: REASON.BAD_CREDENTIALS }]);
    });
  }

  it("a last message that does not belong to the first is refused", async () => {
    for (const change of [
      (text: string) => text.replace("c=biws", "c=eSws"),
      (text: string) => text.replace(",r=abc", ",r=abd"),
      (text: string) => text.replace(/p=.*/, "p=AAAA"),
      () => "nonsense",
    ]) {
      const prover = new Prover();
      const [client, challenge] = await begun(world(), prover);
      client.send(auth(REASON.CONTINUE_AUTHENTICATION, change(prover.final(challenge, "pencil"))));
      assertPackets(await answersOf(client), [{ cmd: "connack", reasonCode: REASON.BAD_CREDENTIALS }]);
    }
    await settled();
  });

  it("[MQTT5-4.12.0-4] who does not go on with an exchange is refused in time", async () => {
    const many = world();
    const client = many.client();
    const prover = new Prover();
    const asked = { authenticationMethod: METHOD, authenticationData: Buffer.from(prover.first) };
    const atOnce = await client.connect(hello(asked));
    assertPackets(atOnce.length > 0 ? atOnce : await answersOf(client), [{ cmd: "auth", reasonCode: 0x18 }]);
    many.clock.advance(10_000);
    assertPackets(client.answers(), [{ cmd: "connack", reasonCode: REASON.PROTOCOL_ERROR }]);
    assert.notEqual(client.connection.state, "open");
  });
});
