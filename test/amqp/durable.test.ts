import assert from "node:assert/strict";
import { describe, it } from "node:test";
import rhea from "rhea";
import { AmqpClient, type Inbox } from "../harness/amqp-client.ts";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { withoutAuthentication } from "../harness/xml.ts";

const NO_LOCAL = { "no-local": rhea.types.wrap_described([], 0x468c00000003) };

describe("AMQP durable subscriptions [messaging 17.4]", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });
  const connect = (containerId: string): Promise<AmqpClient> =>
    AmqpClient.connect(broker.now, { containerId });

  const subscribe = (client: AmqpClient, name: string, topic: string, more: object = {}): Promise<Inbox> =>
    client.receiver({
      name,
      source: { address: topic, durable: 2, expiry_policy: "never", ...more },
    });

  async function detach({ receiver }: Inbox): Promise<void> {
    const detached = new Promise<void>((resolve) => receiver.once("receiver_close", () => resolve()));
    receiver.detach();
    await detached;
  }

  it("collects while its link is away, and is ended by a link without a source", async () => {
    const client = await connect("durable-1");
    await detach(await subscribe(client, "keeper", "topic://dur.kept"));
    await client.send("topic://dur.kept", "while away");
    await client.close();
    const again = await connect("durable-1");
    const inbox = await subscribe(again, "keeper", "topic://dur.kept");
    await inbox.expect("while away");
    await detach(inbox);
    const ending = await again.receiver({ name: "keeper", source: null } as never, 0);
    assert.equal(ending.source["address"], "dsub://keeper");
    await again.closeLink(ending.receiver);
    await assert.rejects(again.receiver({ name: "keeper", source: null } as never), {
      condition: "amqp:not-found",
    });
    await again.close();
  });

  it("AM-004 no-local", async () => {
    const local = await connect("durable-local");
    const other = await connect("durable-other");
    const inbox = await subscribe(local, "A", "topic://example2", { filter: NO_LOCAL });
    await other.send("topic://example2", "1");
    await local.send("topic://example2", "2");
    await other.send("topic://example2", "3");
    await inbox.expect("1");
    await inbox.expect("3");
    await local.close();
    await other.close();
  });

  it("AM-005 ending one that does not exist", async () => {
    const client = await connect("durable-5");
    await assert.rejects(client.receiver({ name: "does not exist", source: null } as never), {
      condition: "amqp:not-found",
      message: "Durable subscription does not exist",
    });
    await client.close();
  });

  it("quirk 22: closing a link on dsub://x keeps it; STOMP uses the same one", async () => {
    const client = await connect("durable-6");
    await detach(await subscribe(client, "both", "topic://dur.both"));
    await client.send("topic://dur.both", "one");
    const direct = await client.receiver("dsub://both");
    await direct.expect("one");
    await client.closeLink(direct.receiver);
    await client.send("dsub://both", "two");
    const stomp = await StompWire.connect(broker.now);
    stomp.send("SUBSCRIBE", { id: "0", destination: "/dsub/both" });
    await stomp.message("two");
    await stomp.drop();
    await client.close();
  });

  it("2.6.1 the same durable link from another connection of the container takes its place", async () => {
    const first = await connect("durable-7");
    await subscribe(first, "mine", "topic://dur.mine");
    const second = await connect("durable-7");
    const inbox = await subscribe(second, "mine", "topic://dur.mine");
    assert.equal((await first.errors.take("the loss of the link")).condition, "amqp:link:stolen");
    await first.send("topic://dur.mine", "for the second");
    await inbox.expect("for the second");
    await first.close();
    await second.close();
  });

  it("shared subscriptions, durable and not, as Qpid JMS names them", async () => {
    const client = await connect("durable-8");
    for (const [kind, more] of [
      ["durable", { capabilities: ["topic", "shared"] }],
      ["volatile", { capabilities: ["topic", "shared"], durable: 0, expiry_policy: "link-detach" }],
    ] as const) {
      const suffix = kind === "volatile" ? "volatile" : "";
      const first = await subscribe(client, `sh-${kind}|${suffix}1`, `topic://dur.sh.${kind}`, more);
      const second = await subscribe(client, `sh-${kind}|${suffix}2`, `topic://dur.sh.${kind}`, more);
      for (const body of ["a", "b", "c", "d"]) await client.send(`topic://dur.sh.${kind}`, body);
      const seen: unknown[] = [];
      for (const inbox of [first, second]) {
        for (let at = 0; at < 2; at += 1) seen.push((await inbox.next()).message.body);
      }
      assert.deepEqual(seen.sort(), ["a", "b", "c", "d"], kind);
    }
    await client.close();
  });

  it("a queue cannot be subscribed to durably", async () => {
    const client = await connect("durable-9");
    await assert.rejects(
      subscribe(client, "wrong", "queue://dur.queue"),
      /durable link can only be used on a topic/,
    );
    await client.close();
  });

  it("sole-connection-for-container", async () => {
    const options = { desired_capabilities: "sole-connection-for-container" } as never;
    const first = await AmqpClient.connect(broker.now, { containerId: "alone", options });
    const second = AmqpClient.connect(broker.now, { containerId: "alone", options });
    await assert.rejects(second, { condition: "amqp:invalid-field" }).catch(async () => {
      const client = await second; // Open is answered before Close says why
      assert.equal((await client.errors.take("the refusal")).condition, "amqp:invalid-field");
    });
    await first.close();
    const third = await AmqpClient.connect(broker.now, { containerId: "alone", options });
    await third.close();
  });
});
