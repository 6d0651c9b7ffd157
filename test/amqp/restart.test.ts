import assert from "node:assert/strict";
import { it } from "node:test";
import { AmqpClient, bodyText } from "../harness/amqp-client.ts";
import { withLives } from "../harness/lives.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { edits, onlyTcp, withoutAuthentication } from "../harness/xml.ts";

const OPTIONS = { xml: edits(withoutAuthentication, onlyTcp) };

it("the broker is killed while a durable subscription has unsettled deliveries: they come again, and count", async () => {
  await withLives(OPTIONS, async (lives) => {
    const source = { address: "topic://re.news", durable: 2, expiry_policy: "never" };
    const before = await AmqpClient.connect(lives.now, { containerId: "reader" });
    const inbox = await before.receiver({ name: "re-news", source }, 10);
    for (const body of ["1", "2", "3"])
      assert.equal(await before.send("topic://re.news", { body, durable: true }), "accepted");
    await inbox.expect("1");
    await before.send("topic://re.news", { body: "4", durable: true }); // behind the acceptance, and durable after it
    await inbox.next();
    await lives.again();
    const after = await AmqpClient.connect(lives.now, { containerId: "reader" });
    const again = await after.receiver({ name: "re-news", source: null } as never, 10);
    for (const body of ["2", "3", "4"]) {
      const { message, delivery } = await again.next(body);
      assert.equal(bodyText(message), body);
      delivery.accept();
    }
    await again.drained();
    assert.equal(again.waiting, 0);
    await after.close();
  });
});

it("volatile shared subscriptions whose links did not outlive the broker are gone at its start", async () => {
  await withLives(OPTIONS, async (lives) => {
    const source = { address: "topic://re.shared", capabilities: ["topic", "shared", "global"] };
    const before = await AmqpClient.connect(lives.now, { containerId: "sharer" });
    const link = { name: "re-sh|volatile1", source };
    await before.receiver(link, 0);
    await before.send("topic://re.shared", { body: "lost with the broker", durable: true });
    await lives.again();
    const stomp = await StompWire.connect(lives.now);
    await stomp.syncSend("/topic/re.shared", "for nobody", { persistent: "true" });
    const after = await AmqpClient.connect(lives.now, { containerId: "sharer" });
    const inbox = await after.receiver(link, 10);
    await after.send("topic://re.shared", "new");
    await inbox.expect("new");
    await stomp.drop();
    await after.close();
  });
});
