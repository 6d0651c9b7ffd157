import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { securityFiles, securityXml } from "../harness/accounts.ts";
import { AmqpWire, HEADER } from "../harness/amqp-wire.ts";
import { makeCertificate } from "../harness/certificates.ts";
import { useInstance } from "../harness/instance.ts";

const server = makeCertificate("localhost");
const trusted = makeCertificate("ssl_user");

describe("AMQP SASL EXTERNAL [AMQP 5.3.3.2]", () => {
  const broker = useInstance({
    xml: (xml) => securityXml(xml).replace(/(<connector id="tls" bind="[^"]*)/, "$1?client_auth=want"),
    files: {
      ...securityFiles("CN=ssl_user"),
      "etc/keystore": `${server.key}${server.cert}${trusted.cert}`,
    },
  });

  for (const way of ["tls", "tls-on-tcp"] as const) {
    for (const [authorization, code] of [
      ["", 0],
      ["somebody", 1],
    ] as const) {
      it(`a client certificate over ${way}, as '${authorization}'`, async () => {
        const wire = await AmqpWire.connect(broker.now, way, trusted);
        wire.write(HEADER.sasl);
        await wire.header(3);
        assert.deepEqual(await wire.mechanisms(), ["EXTERNAL", "PLAIN", "ANONYMOUS"]);
        wire.saslInit("EXTERNAL", authorization);
        assert.equal(await wire.outcome(), code);
        if (code === 0) assert.equal((await wire.open())["max_frame_size"], 104_857_600);
        wire.drop();
      });
    }
  }
});
