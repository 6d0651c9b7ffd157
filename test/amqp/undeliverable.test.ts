import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Delivery } from "rhea";
import { AmqpClient, bodyText } from "../harness/amqp-client.ts";
import { useInstance } from "../harness/instance.ts";
import { pause } from "../harness/waiting.ts";
import { edits, intoHost, withoutAuthentication } from "../harness/xml.ts";

const NACKER = '<queue id="un.poison.**" dlq="dlq.*" nak_limit="2"/>';

function refuse(delivery: Delivery, failed = false): void {
  delivery.modified({ delivery_failed: failed, undeliverable_here: true });
}

describe("3.4.5 undeliverable here", { concurrency: true }, () => {
  const broker = useInstance({ xml: edits(withoutAuthentication, intoHost(NACKER)) });
  const connect = (): Promise<AmqpClient> => AmqpClient.connect(broker.now);

  it("does not come again on the link, is there for others, and does not count", async () => {
    const [first, second] = [await connect(), await connect()];
    for (const body of ["1", "2", "3"]) await first.send("queue://un.here", { body, durable: true });
    const inbox = await first.receiver("queue://un.here", 3);
    refuse((await inbox.next()).delivery);
    await pause(1); // rhea tells two outcomes of one turn as if they were the same
    const two = await inbox.next();
    assert.equal(bodyText(two.message), "2");
    two.delivery.release();
    await pause(1);
    await inbox.expect("3");
    inbox.receiver.add_credit(10);
    const again = await inbox.next("what was released");
    assert.equal(bodyText(again.message), "2", "what was released comes again");
    again.delivery.accept();
    await inbox.drained();
    assert.equal(inbox.waiting, 0);
    const other = await second.receiver("queue://un.here");
    const { message, delivery } = await other.next("for others");
    assert.equal(bodyText(message), "1");
    assert.equal(message.delivery_count, undefined);
    delivery.accept();
    for (const client of [first, second]) await client.close();
  });

  it("the same client gets it on another link; the first link goes on with what is new", async () => {
    const client = await connect();
    await client.send("queue://un.links", "refused");
    const first = await client.receiver({ source: "queue://un.links", name: "first" }, 10);
    refuse((await first.next()).delivery, true);
    await client.send("queue://un.links", "new");
    await first.expect("new");
    const second = await client.receiver({ source: "queue://un.links", name: "second" }, 10);
    assert.equal((await second.expect("refused")).delivery_count, 1);
    await client.close();
  });

  it("a durable subscription, and when that is taken up again", async () => {
    const client = await connect();
    const source = { address: "topic://un.durable", durable: 2, expiry_policy: "never" };
    const inbox = await client.receiver({ name: "un-durable", source }, 10);
    for (const body of ["a", "b"]) await client.send("topic://un.durable", { body, durable: true });
    refuse((await inbox.next()).delivery);
    await pause(1);
    await inbox.expect("b");
    await inbox.drained();
    await client.send("topic://un.durable", "c");
    inbox.receiver.add_credit(10);
    await inbox.expect("c");
    const closed = new Promise<void>((resolve) => inbox.receiver.once("receiver_close", () => resolve()));
    inbox.receiver.close();
    await closed;
    const again = await client.receiver({ name: "un-durable", source }, 10);
    await again.expect("a");
    await client.close();
  });

  it("failed here again and again is poison by nak_limit only", async () => {
    const clients = [await connect(), await connect(), await connect()];
    await clients[0]!.send("queue://un.poison.a", { body: "bad", durable: true });
    for (const client of clients.slice(0, 2)) {
      const inbox = await client.receiver("queue://un.poison.a", 1);
      const { message, delivery } = await inbox.next();
      assert.equal(bodyText(message), "bad");
      delivery.reject();
      if (client === clients[0]) inbox.receiver.close();
    }
    await (await clients[2]!.receiver("queue://dlq.un.poison.a")).expect("bad");
    await clients[2]!.send("queue://un.poison.b", { body: "picky", durable: true });
    for (const client of clients) {
      const inbox = await client.receiver("queue://un.poison.b", 1);
      refuse((await inbox.next()).delivery);
      inbox.receiver.close();
    }
    await (await clients[0]!.receiver({ source: "queue://un.poison.b", name: "last" })).expect("picky");
    for (const client of clients) await client.close();
  });

  it("thousands of refused ones, the queue is read from the store meanwhile", async () => {
    const [producer, picky, taker] = [await connect(), await connect(), await connect()];
    const sender = await producer.sender("queue://un.many");
    const count = 3_000;
    for (let sent = 0; sent < count; ) {
      if (sender.sendable()) {
        sender.send({ body: `${sent}`.padStart(2_000), durable: true });
        sent += 1;
      } else await new Promise((resolve) => sender.once("sendable", resolve));
    }
    const inbox = await picky.receiver("queue://un.many", count * 2);
    const seen = new Set<string>();
    for (let at = 0; at < count; at += 1) {
      const { message, delivery } = await inbox.next();
      const body = bodyText(message);
      assert.ok(!seen.has(body), `${body} came again`);
      seen.add(body);
      refuse(delivery);
    }
    await inbox.drained();
    assert.equal(inbox.waiting, 0);
    const other = await taker.receiver("queue://un.many", count);
    for (let at = 0; at < count; at += 1) (await other.next()).delivery.accept();
    for (const client of [producer, picky, taker]) await client.close();
  });
});
