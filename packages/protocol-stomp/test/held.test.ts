import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestDelivery } from "@tsapollo/testkit";
import { Harness, header } from "./harness.ts";

type Version = "1.0" | "1.1" | "1.2";

/** Four deliveries of a subscription `s`; what ACK says to name each. */
async function withFour(
  version: Version,
  ackMode: string,
): Promise<{ stomp: Harness; deliveries: TestDelivery[]; acks: string[][] }> {
  const stomp = new Harness();
  await stomp.connect(version);
  stomp.send("SUBSCRIBE", "id:s", "destination:/queue/a", `ack:${ackMode}`);
  const four = [1, 2, 3, 4].map(() => stomp.delivery("/queue/a"));
  const deliveries = stomp.offer(...four);
  const acks = stomp.replies().map((reply) => {
    if (version === "1.2") return [`id:${header(reply, "ack")}`];
    return [`message-id:${header(reply, "message-id")}`, "subscription:s"];
  });
  return { stomp, deliveries, acks };
}

function outcomes(deliveries: readonly TestDelivery[]): (string | undefined)[] {
  return deliveries.map(({ outcome }) => outcome);
}

const NOTHING = [undefined, undefined, undefined, undefined];

for (const ackMode of ["client", "client-individual"]) {
  for (const [how, lines] of [
    ["without a transaction", []],
    ["in another transaction", ["transaction:other"]],
    ["in the same transaction", ["transaction:x"]],
  ] as const) {
    test(`12: in ${ackMode} a second ACK ${how} of what a transaction holds is refused`, async () => {
      const { stomp, deliveries, acks } = await withFour("1.2", ackMode);
      stomp.send("ACK", ...acks[1]!, "transaction:x");
      stomp.send("ACK", ...acks[1]!, ...lines);
      stomp.failed("Not expecting an ACK/NACK for id '1'");
      assert.deepEqual(outcomes(deliveries), NOTHING, "nothing was acknowledged");
    });
  }
}

for (const [version, text] of [
  ["1.0", "ACK failed, invalid message id: default-12"],
  ["1.1", "ACK failed, invalid message id\\c default-12"],
] as const) {
  test(`12: ${version} a second ACK of what a transaction holds is refused`, async () => {
    const { stomp, deliveries, acks } = await withFour(version, "client-individual");
    stomp.send("ACK", ...acks[1]!, "transaction:x");
    stomp.send("NACK", ...acks[1]!);
    stomp.failed(text);
    assert.deepEqual(outcomes(deliveries), NOTHING);
  });
}

test("12: a cumulative ACK leaves out what a transaction holds", async () => {
  const { stomp, deliveries, acks } = await withFour("1.2", "client");
  stomp.send("ACK", ...acks[1]!, "transaction:x");
  stomp.send("ACK", ...acks[2]!);
  assert.deepEqual(outcomes(deliveries), [undefined, undefined, "consumed", undefined]);
  stomp.send("ABORT", "transaction:x");
  stomp.send("ACK", ...acks[0]!);
  assert.deepEqual(outcomes(deliveries), ["consumed", undefined, "consumed", undefined]);
  stomp.send("ACK", ...acks[3]!);
  assert.deepEqual(outcomes(deliveries), ["consumed", "consumed", "consumed", "consumed"]);
});

test("15.8: after UNSUBSCRIBE and ABORT the id names nothing", async () => {
  const { stomp, deliveries, acks } = await withFour("1.2", "client-individual");
  stomp.send("ACK", ...acks[0]!, "transaction:x");
  stomp.send("UNSUBSCRIBE", "id:s");
  stomp.send("ABORT", "transaction:x");
  assert.equal(deliveries[0]!.outcome, "retry");
  stomp.send("ACK", ...acks[0]!);
  stomp.failed("Not expecting an ACK/NACK for id '0'");
});
