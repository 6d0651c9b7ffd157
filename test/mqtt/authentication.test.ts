import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { describe, it } from "node:test";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { useInstance } from "../harness/instance.ts";
import { edits, intoConnector } from "../harness/xml.ts";

const METHOD = "SCRAM-SHA-256";

/** What a client answers to the challenge of SCRAM-SHA-256. [RFC 5802] */
function proof(bare: string, challenge: string, password: string): Buffer {
  const [, nonce, salt, iterations] = /^r=(.*),s=(.*),i=(.*)$/.exec(challenge)!;
  const salted = pbkdf2Sync(password, Buffer.from(salt!, "base64"), Number(iterations), 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const withoutProof = `c=biws,r=${nonce}`;
  const signature = createHmac("sha256", createHash("sha256").update(clientKey).digest())
    .update(`${bare},${challenge},${withoutProof}`)
    .digest();
  const bytes = clientKey.map((byte, at) => byte ^ signature[at]!);
  return Buffer.from(`${withoutProof},p=${Buffer.from(bytes).toString("base64")}`);
}

describe("MQTT: who a client is", { concurrency: true }, () => {
  const options = `<mqtt scram_users_file="\${apollo.base}/etc/users.properties"/>`;
  const broker = useInstance({ xml: edits(intoConnector("tcp", options)) });

  /** Proves a password without sending it, and connects. */
  function connect(user: string, password: string): Promise<MqttClient> {
    const bare = `n=${user},r=fyko+d2lbbFgONRv9qkxdawL`;
    const hello: IClientOptions = {
      protocolVersion: 5,
      reconnectPeriod: 0,
      properties: { authenticationMethod: METHOD, authenticationData: Buffer.from(`n,,${bare}`) },
    };
    const client = mqtt.connect(`mqtt://localhost:${broker.now.port("tcp")}`, hello);
    client.handleAuth = ({ properties }, answer) => {
      const authenticationData = proof(bare, String(properties?.authenticationData), password);
      const proved = { authenticationMethod: METHOD, authenticationData };
      answer(undefined, { cmd: "auth", reasonCode: 0x18, properties: proved });
    };
    return new Promise((resolve, reject) => {
      client.on("connect", () => resolve(client));
      client.on("error", reject);
    });
  }

  it("[MQTT5-4.12.0-2] [MQTT5-4.12.0-3] SCRAM-SHA-256 with the users of the instance", async () => {
    const client = await connect("admin", "password");
    const granted = await client.subscribeAsync("auth/#", { qos: 1 });
    assert.equal(granted[0]!.qos, 1);
    await client.endAsync();
  });

  for (const [user, password] of [
    ["admin", "wrong"],
    ["nobody", "password"],
  ] as const) {
    it(`[MQTT5-4.12.0-4] ${user} with '${password}' is not let in`, async () => {
      await assert.rejects(connect(user, password), { code: 0x86 });
    });
  }

  it("host/user as user name enters that virtual host", async () => {
    const url = `mqtt://localhost:${broker.now.port("tcp")}`;
    const hello: IClientOptions = { protocolVersion: 4, reconnectPeriod: 0, password: "password" };
    const client = await mqtt.connectAsync(url, { ...hello, username: "localhost/admin" });
    await client.endAsync();
    await assert.rejects(mqtt.connectAsync(url, { ...hello, username: "nowhere/admin" }), { code: 4 });
  });
});
