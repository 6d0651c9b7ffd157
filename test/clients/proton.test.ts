import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { needing, PROTON, Program, PYTHON, script } from "../harness/programs.ts";

const STEPS = [
  "connected",
  "messages",
  "bodies",
  "large",
  "browse and selectors",
  "outcomes",
  "errors",
  "request and response",
  "transactions",
  "drain",
  "reconnected",
];

describe("Qpid Proton", { concurrency: true, ...needing(PROTON) }, () => {
  const broker = useInstance();

  for (const prefix of ["queue://proton.", "plain."]) {
    it(`addresses that begin with ${prefix}: ${STEPS.join(", ")}`, async () => {
      const url = `amqp://admin:password@localhost:${broker.now.port("tcp")}`;
      const program = new Program(PYTHON, [script("amqp_round_trip.py"), url, prefix]);
      for (const step of STEPS) {
        assert.equal(await program.line(`'${step}' (errors: ${program.errors})`), step);
      }
      assert.equal(await program.exit(), 0, program.errors);
    });
  }
});
