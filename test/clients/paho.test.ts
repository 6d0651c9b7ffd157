import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { needing, PAHO, Program, PYTHON, script } from "../harness/programs.ts";
import { brokerCertificate } from "../harness/streams.ts";

describe("paho-mqtt", { concurrency: 2, ...needing(PAHO) }, () => {
  const broker = useInstance();

  for (const version of [3, 4, 5]) {
    for (const scheme of ["tcp", "tls"] as const) {
      it(`level ${version} over ${scheme}: messages, a session, shared subscriptions in MQTT 5.0`, async () => {
        const ca = broker.now.path(`ca-paho-${version}.pem`);
        writeFileSync(ca, await brokerCertificate(broker.now));
        const program = new Program(PYTHON, [
          script("mqtt_round_trip.py"),
          "localhost",
          broker.now.port(scheme),
          version,
          `paho/${scheme}/${version}`,
          scheme === "tls" ? ca : "-",
        ]);
        for (const step of ["connected", "messages", "session", "done"]) {
          assert.equal(await program.line(`'${step}' (errors: ${program.errors})`), step);
        }
        assert.equal(await program.exit(), 0, program.errors);
      });
    }
  }
});
