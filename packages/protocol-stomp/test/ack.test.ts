import assert from "node:assert/strict";
import { test } from "node:test";
import type { StompVersion } from "@tsapollo/stomp-parser";
import type { TestDelivery } from "@tsapollo/testkit";
import { Harness, header } from "./harness.ts";

/** A subscription `s` with three deliveries; their names for ACK. */
async function withThree(
  version: StompVersion,
  ackMode: string,
): Promise<{ stomp: Harness; deliveries: TestDelivery[]; ids: string[] }> {
  const stomp = new Harness();
  await stomp.connect(version);
  stomp.send("SUBSCRIBE", "id:s", "destination:/queue/a", `ack:${ackMode}`);
  const deliveries = stomp.offer(
    stomp.delivery("/queue/a"),
    stomp.delivery("/queue/a"),
    stomp.delivery("/queue/a"),
  );
  const name = version === "1.2" ? "ack" : "message-id";
  const ids = stomp.replies().map((reply) => header(reply, name)!);
  return { stomp, deliveries, ids };
}

function ackLines(version: StompVersion, id: string): string[] {
  if (version === "1.2") return [`id:${id}`];
  return version === "1.1" ? [`message-id:${id}`, "subscription:s"] : [`message-id:${id}`];
}

const VERSIONS: readonly StompVersion[] = ["1.0", "1.1", "1.2"];

for (const version of VERSIONS) {
  test(`ST-061 ST-063: ${version} client acknowledges up to the message`, async () => {
    const { stomp, deliveries, ids } = await withThree(version, "client");
    stomp.send("ACK", ...ackLines(version, ids[1]!), "receipt:r");
    assert.equal(header(stomp.only("RECEIPT"), "receipt-id"), "r");
    assert.deepEqual(
      deliveries.map(({ outcome }) => outcome),
      ["consumed", "consumed", undefined],
    );
  });

  test(`ST-062 ST-064: ${version} client-individual acknowledges the message alone`, async () => {
    const { stomp, deliveries, ids } = await withThree(version, "client-individual");
    stomp.send("ACK", ...ackLines(version, ids[1]!));
    assert.deepEqual(
      deliveries.map(({ outcome }) => outcome),
      [undefined, "consumed", undefined],
    );
  });

  test(`ST-068: ${version} NACK says poisoned, in client mode for all before it too`, async () => {
    const { stomp, deliveries, ids } = await withThree(version, "client");
    stomp.send("NACK", ...ackLines(version, ids[1]!));
    assert.deepEqual(
      deliveries.map(({ outcome }) => outcome),
      ["poisoned", "poisoned", undefined],
    );
  });

  test(`${version}: a message is acknowledged once`, async () => {
    const { stomp, ids } = await withThree(version, "client-individual");
    stomp.send("ACK", ...ackLines(version, ids[0]!));
    stomp.send("ACK", ...ackLines(version, ids[0]!));
    const replies = stomp.replies();
    assert.equal(replies[0]!.command, "ERROR");
  });
}

const REFUSED: readonly (readonly [StompVersion, mode: string, lines: readonly string[], text: string])[] = [
  ["1.0", "client", [], "message id header not set"],
  ["1.1", "client", ["subscription:s"], "message id header not set"],
  ["1.2", "client", ["message-id:x"], "id header not set"],
  ["1.1", "client", ["message-id:x"], "The subscription header is required"],
  ["1.1", "client", ["message-id:x", "subscription:t"], "The subscription 't' does not exist"],
  ["1.0", "client", ["message-id:x"], "Not expecting an ACK/NACK for message id 'x'"],
  ["1.2", "client", ["id:7"], "Not expecting an ACK/NACK for id '7'"],
  ["1.2", "client", ["id:01"], "Not expecting an ACK/NACK for id '01'"],
  ["1.2", "auto", ["id:0"], "Not expecting an ACK/NACK for id '0'"],
  ["1.1", "client-individual", ["message-id:x", "subscription:s"], "ACK failed, invalid message id: x"],
  ["1.1", "client", ["message-id:x", "subscription:s"], "ACK failed, invalid message id: x"],
  [
    "1.1",
    "auto",
    ["message-id:default-11", "subscription:s"],
    "The subscription ack mode does not expect ACK or NACK frames",
  ],
];
for (const command of ["ACK", "NACK"]) {
  for (const [version, mode, lines, text] of REFUSED) {
    test(`15.8: ${command} ${lines.join(" ")} in ${version} ${mode}: ${text}`, async () => {
      const { stomp, deliveries } = await withThree(version, mode);
      stomp.send(command, ...lines);
      stomp.failed(version === "1.0" ? text : text.replaceAll(":", "\\c"));
      const expected = mode === "auto" ? "consumed" : undefined; // quirk 9: nothing else was acknowledged
      for (const { outcome } of deliveries) assert.equal(outcome, expected);
    });
  }
}

test("message ids need not be unique: the oldest is meant", async () => {
  const stomp = new Harness();
  await stomp.connect("1.1");
  stomp.send("SUBSCRIBE", "id:s", "destination:/queue/a", "ack:client-individual");
  const same = stomp.offer(
    stomp.delivery("/queue/a", {}, "message-id:m"),
    stomp.delivery("/queue/a", {}, "message-id:m"),
    stomp.delivery("/queue/a", {}, "message-id:m"),
  );
  for (let count = 1; count <= 3; count += 1) {
    stomp.send("ACK", "message-id:m", "subscription:s");
    assert.equal(same.filter(({ outcome }) => outcome === "consumed").length, count);
    assert.equal(same[count - 1]!.outcome, "consumed");
  }
});

test("1.0 may say which subscription it means", async () => {
  const { stomp, deliveries, ids } = await withThree("1.0", "client");
  stomp.send("ACK", `message-id:${ids[0]}`, "subscription:s");
  assert.equal(deliveries[0]!.outcome, "consumed");
});

test("two subscriptions of one connection have their own deliveries", async () => {
  const { stomp, deliveries } = await withThree("1.1", "client");
  stomp.send("SUBSCRIBE", "id:t", "destination:/queue/b", "ack:client");
  const [other] = stomp.offer(stomp.delivery("/queue/b", {}, "message-id:default-12"));
  stomp.send("ACK", "subscription:t", "message-id:default-12");
  assert.equal(other!.outcome, "consumed");
  for (const { outcome } of deliveries) assert.equal(outcome, undefined);
});
