import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { securityFiles, securityXml } from "../harness/accounts.ts";
import { makeCertificate } from "../harness/certificates.ts";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { brokerCertificate, happens } from "../harness/streams.ts";

const server = makeCertificate("localhost");
const trusted = makeCertificate("ssl_user");
const stranger = makeCertificate("ssl_user");

const SSL_USER_RULE =
  '<access_rule allow="connect_group" action="send receive create" kind="topic" id="certified"/>\n';

describe("TLS, fixtures F6 and F7", () => {
  const broker = useInstance({
    xml: (xml) =>
      securityXml(xml)
        .replace(/(<connector id="tls" bind="[^"]*)/, "$1?client_auth=want")
        .replace("<access_rule ", `${SSL_USER_RULE}<access_rule `),
    files: {
      ...securityFiles("CN=ssl_user"),
      "etc/keystore": `${server.key}${server.cert}${trusted.cert}`,
    },
  });

  it("ST-195 a TLS client on the tls connector", async () => {
    const hello = { way: "tls", login: "can_only_connect", passcode: "can_only_connect" } as const;
    await (await StompWire.connect(broker.now, hello)).disconnect();
  });

  it("ST-196 a TLS client on the plain connector", async () => {
    const hello = { way: "tls-on-tcp", login: "can_only_connect", passcode: "can_only_connect" } as const;
    await (await StompWire.connect(broker.now, hello)).disconnect();
  });

  for (const way of ["tls", "tls-on-tcp"] as const) {
    it(`ST-197 a client certificate instead of a login, ${way}`, async () => {
      const wire = await StompWire.connect(broker.now, { way, key: trusted });
      await wire.disconnect();
    });

    it(`OW-042 with a client certificate a topic works, what is not allowed does not, ${way}`, async () => {
      const wire = await StompWire.connect(broker.now, { way, key: trusted });
      await wire.subscribe("0", "/topic/certified");
      wire.asyncSend("/topic/certified", "x");
      await wire.message("x");
      wire.asyncSend("/queue/certified", "x");
      await wire.expectError("Not authorized to create the queue");
      await wire.drop();
    });

    it(`10.2 a certificate that nobody trusts does not get in, ${way}`, async () => {
      const wire = await StompWire.open(broker.now, way, stranger);
      const answer = await wire.hello().catch(() => undefined);
      assert.notEqual(answer?.command, "CONNECTED");
      await wire.drop();
    });
  }

  it("15 the broker shows the certificate of its key store", async () => {
    assert.equal((await brokerCertificate(broker.now)).trim(), server.cert.trim());
  });

  it("20.18 TLS before 1.2 is refused", async () => {
    const socket = connectTls({
      host: "127.0.0.1",
      port: broker.now.port("tls"),
      rejectUnauthorized: false,
      minVersion: "TLSv1.1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    await assert.rejects(happens(socket, "secureConnect"));
    socket.destroy();
  });
});
