import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AmqpClient } from "../harness/amqp-client.ts";
import { useInstance } from "../harness/instance.ts";
import { edits, intoConnector, withoutAuthentication } from "../harness/xml.ts";
import { Coordinator, post } from "./coordinator.ts";

describe("AMQP sends to wildcards [messaging 2.6, quirk 4]", { concurrency: true }, () => {
  const two = intoConnector("tcp", '<amqp wildcard_send_max="2"/>');
  const broker = useInstance({ xml: edits(withoutAuthentication, two) });
  const plain = useInstance({ xml: withoutAuthentication });

  it("each pattern stands for the destinations that exist; more than allowed are refused", async () => {
    const client = await AmqpClient.connect(broker.now);
    const inboxes = [await client.receiver("queue://wild.a"), await client.receiver("queue://wild.b")];
    assert.equal(await client.send("queue://wild.*", "to both"), "accepted");
    for (const inbox of inboxes) await inbox.expect("to both");
    const anonymous = await client.sender({ target: {} });
    assert.equal(
      await client.send(anonymous, { to: "queue://wild.*,queue://wild.a", body: "by to" }),
      "accepted",
    );
    for (const inbox of inboxes) await inbox.expect("by to");
    await client.receiver("queue://wild.c");
    assert.equal(await client.send("queue://wild.*", "too many"), "rejected");
    assert.equal(await client.send("queue://wild.none.*", "to nobody"), "accepted");
    await client.close();
  });

  it("in a transaction the commit resolves them", async () => {
    const client = await AmqpClient.connect(broker.now);
    const inbox = await client.receiver("queue://wildtx.a");
    const coordinator = await Coordinator.open(client);
    const txn = await coordinator.declare();
    await post(await client.sender("queue://wildtx.*"), "committed", txn);
    await coordinator.discharge(txn, false);
    await inbox.expect("committed");
    await client.close();
  });

  it("refused without wildcard_send_max, at the attach or message by message", async () => {
    const client = await AmqpClient.connect(plain.now);
    await assert.rejects(client.sender("queue://wild.*"), /Cannot send to the pattern 'wild\.\*'/);
    const anonymous = await client.sender({ target: {} });
    const outcome = client.outcome(anonymous);
    anonymous.send({ to: "topic://wild.**", body: "x" });
    assert.deepEqual(await outcome, { name: "rejected", condition: "amqp:not-found" });
    assert.equal(await client.send(anonymous, { to: "topic://wild.a", body: "x" }), "accepted");
    await client.close();
  });
});
