import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { needing, Program, PYTHON, STOMP_PY, script } from "../harness/programs.ts";
import { brokerCertificate } from "../harness/streams.ts";

describe("stomp.py", { concurrency: 2, ...needing(STOMP_PY) }, () => {
  const broker = useInstance();

  for (const version of ["1.0", "1.1", "1.2"]) {
    for (const scheme of ["tcp", "tls"] as const) {
      it(`STOMP ${version} over ${scheme}: messages, receipts, acknowledgements, a transaction`, async () => {
        const ca = broker.now.path(`ca-${version}.pem`);
        writeFileSync(ca, await brokerCertificate(broker.now));
        const destination = `/queue/python.${scheme}.${version.replace(".", "")}`;
        const program = new Program(PYTHON, [
          script("round_trip.py"),
          "localhost",
          broker.now.port(scheme),
          version,
          destination,
          scheme === "tls" ? ca : "-",
        ]);
        for (const step of ["connected", "messages", "transaction", "done"]) {
          assert.equal(await program.line(`'${step}' (errors: ${program.errors})`), step);
        }
        assert.equal(await program.exit(), 0, program.errors);
      });
    }
  }
});
