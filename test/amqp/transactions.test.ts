import assert from "node:assert/strict";
import { describe, it } from "node:test";
import rhea, { type Delivery } from "rhea";
import { AmqpClient } from "../harness/amqp-client.ts";
import { useInstance } from "../harness/instance.ts";
import { edits, withoutAuthentication } from "../harness/xml.ts";
import { Coordinator, post, within34 } from "./coordinator.ts";

const { message } = rhea as unknown as { message: { accepted(): { described(): unknown } } };

function retire(delivery: Delivery, id: unknown): void {
  (delivery as unknown as { update(settled: boolean, state: unknown): void }).update(
    true,
    within34(id, message.accepted().described()),
  );
}

describe("AMQP transactions [AMQP 4, messaging 17.8]", { concurrency: true }, () => {
  const broker = useInstance({ xml: edits(withoutAuthentication) });

  it("AM-002 posting and retiring, committed and rolled back", async () => {
    const client = await AmqpClient.connect(broker.now);
    const coordinator = await Coordinator.open(client);
    const sender = await client.sender("queue://txtest");
    for (const [body, fails] of [
      ["1", false],
      ["2", true],
      ["3", false],
    ] as const) {
      const id = await coordinator.declare();
      await post(sender, body, id);
      assert.equal(await coordinator.discharge(id, fails), "accepted");
    }
    const inbox = await client.receiver({ source: "queue://txtest", autosettle: false }, 1);
    for (const [body, fails] of [
      ["1", false],
      ["3", true],
      ["3", false],
    ] as const) {
      const id = await coordinator.declare();
      const { message: got, delivery } = await inbox.next(`'${body}'`);
      assert.equal(got.body, body);
      retire(delivery, id);
      inbox.receiver.add_credit(1);
      await new Promise((resolve) => setImmediate(resolve)); // rhea writes transfers before dispositions
      assert.equal(await coordinator.discharge(id, fails), "accepted");
    }
    await client.send(sender, "last");
    assert.equal((await inbox.next()).message.body, "last");
    await client.close();
  });

  it("nothing of it is seen before the commit, everything after it", async () => {
    const client = await AmqpClient.connect(broker.now);
    const coordinator = await Coordinator.open(client);
    const sender = await client.sender("queue://tx.seen");
    const id = await coordinator.declare();
    for (const body of ["a", "b", "c"]) await post(sender, body, id);
    await client.send(sender, "outside");
    const inbox = await client.receiver("queue://tx.seen");
    await inbox.expect("outside");
    assert.equal(inbox.waiting, 0);
    assert.equal(await coordinator.discharge(id, false), "accepted");
    for (const body of ["a", "b", "c"]) await inbox.expect(body);
    await client.close();
  });

  it("an unknown transaction cannot be discharged", async () => {
    const client = await AmqpClient.connect(broker.now);
    const coordinator = await Coordinator.open(client);
    assert.equal(await coordinator.discharge(Buffer.from("nothing"), false), "rejected");
    await client.close();
  });

  it("what is open when the connection dies is rolled back", async () => {
    const client = await AmqpClient.connect(broker.now);
    const coordinator = await Coordinator.open(client);
    const id = await coordinator.declare();
    await post(await client.sender("queue://tx.lost"), "lost", id);
    await client.close();
    const other = await AmqpClient.connect(broker.now);
    await other.send("queue://tx.lost", "after");
    await (await other.receiver("queue://tx.lost")).expect("after");
    await other.close();
  });
});
