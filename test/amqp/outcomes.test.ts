import assert from "node:assert/strict";
import { describe, it } from "node:test";
import rhea, { type Delivery } from "rhea";
import { AmqpClient, bodyText } from "../harness/amqp-client.ts";
import { useInstance } from "../harness/instance.ts";
import { edits, intoHost, withoutAuthentication } from "../harness/xml.ts";

/** The typings leave out that outcomes are made by rhea's message module. */
const { accepted } = rhea.message as unknown as { accepted(): { described(): never } };

const NACKER = '<queue id="am.poison.**" dlq="dlq.*" nak_limit="2"/>';

describe("AMQP outcomes [messaging 17.5]", { concurrency: true }, () => {
  const broker = useInstance({ xml: edits(withoutAuthentication, intoHost(NACKER)) });
  const connect = (): Promise<AmqpClient> => AmqpClient.connect(broker.now);

  const CASES: readonly {
    readonly name: string;
    readonly settle: (delivery: Delivery) => void;
    readonly count: number | undefined;
  }[] = [
    { name: "released: the counter stays", settle: (delivery) => delivery.release(), count: undefined },
    {
      name: "modified, failed: the counter grows",
      settle: (delivery) => delivery.modified({ delivery_failed: true, undeliverable_here: false }),
      count: 1,
    },
    {
      name: "modified: the counter stays",
      settle: (delivery) => delivery.modified({ delivery_failed: false, undeliverable_here: false }),
      count: undefined,
    },
    { name: "rejected: the counter grows", settle: (delivery) => delivery.reject(), count: 1 },
  ];
  for (const { name, settle, count } of CASES) {
    it(name, async () => {
      const client = await connect();
      const queue = `queue://am.outcome.${name.replace(/\W+/g, "-")}`;
      await client.send(queue, "again");
      const inbox = await client.receiver(queue, 1);
      settle((await inbox.next()).delivery);
      inbox.receiver.add_credit(1);
      const { message, delivery } = await inbox.next();
      assert.equal(bodyText(message), "again");
      assert.equal(message.delivery_count, count);
      assert.equal(message.first_acquirer, false);
      delivery.accept();
      await client.close();
    });
  }

  it("3.4.5 annotations of a modified outcome come with the next delivery", async () => {
    const client = await connect();
    await client.send("queue://am.annotated", {
      body: "more",
      message_annotations: { "x-a": "old", "x-b": "kept" },
    });
    const inbox = await client.receiver("queue://am.annotated", 1);
    const annotations = { "x-a": "new", "x-c": 3 };
    (await inbox.next()).delivery.modified({
      delivery_failed: true,
      undeliverable_here: false,
      message_annotations: annotations,
    } as never);
    inbox.receiver.add_credit(1);
    const { message, delivery } = await inbox.next();
    assert.deepEqual({ ...message.message_annotations }, { "x-a": "new", "x-b": "kept", "x-c": 3 });
    assert.equal(message.body, "more");
    delivery.accept();
    await client.close();
  });

  it("rejected twice: dead-lettered", async () => {
    const client = await connect();
    await client.send("queue://am.poison.a", { body: "bad", durable: true });
    const inbox = await client.receiver("queue://am.poison.a", 2);
    (await inbox.next()).delivery.reject();
    (await inbox.next()).delivery.reject();
    await (await client.receiver("queue://dlq.am.poison.a")).expect("bad");
    await client.close();
  });

  it("AM-007 what was not settled returns when the link or the connection dies", async () => {
    const first = await connect();
    const second = await connect();
    await first.send("queue://am.returns", { body: Buffer.alloc(1_024, "x") });
    const lost = await first.receiver("queue://am.returns");
    await lost.next();
    await first.closeLink(lost.receiver);
    const again = await first.receiver("queue://am.returns");
    assert.equal((await again.next()).message.delivery_count, 1);
    await first.close();
    const inbox = await second.receiver("queue://am.returns");
    const { message, delivery } = await inbox.next();
    assert.equal(message.delivery_count, 2);
    assert.equal(bodyText(message).length, 1_024);
    delivery.accept();
    await second.close();
  });

  it("settled without a state is accepted; pre-settled both ways", async () => {
    const client = await connect();
    const sender = await client.sender({ target: "queue://am.settled", snd_settle_mode: 1 });
    for (const body of ["1", "2", "3"]) sender.send({ body });
    const inbox = await client.receiver("queue://am.settled", 1);
    const { delivery } = await inbox.next();
    delivery.update(true, undefined as never);
    await client.closeLink(inbox.receiver);
    const settled = await client.receiver({ source: "queue://am.settled", snd_settle_mode: 1 }, 1);
    assert.equal((await settled.next()).delivery.remote_settled, true);
    await client.closeLink(settled.receiver);
    await (await client.receiver("queue://am.settled")).expect("3");
    await client.close();
  });

  it("AM-008 a producer and a consumer at most once", async () => {
    const client = await connect();
    const sender = await client.sender({ target: "queue://am.once", snd_settle_mode: 1 });
    sender.send({ body: "once" });
    await client.closeLink(sender);
    const inbox = await client.receiver({ source: "queue://am.once", snd_settle_mode: 1 }, 100);
    const { message, delivery } = await inbox.next();
    assert.equal(bodyText(message), "once");
    assert.equal(delivery.remote_settled, true);
    await client.close();
    const again = await connect();
    const empty = await again.receiver("queue://am.once", 1);
    await empty.drained();
    assert.equal(empty.waiting, 0);
    await again.close();
  });

  it("2.8.3 second: the broker settles after the receiver has", async () => {
    const client = await connect();
    await client.send("queue://am.second", "twice told");
    const options = { source: "queue://am.second", rcv_settle_mode: 1, autosettle: false } as const;
    const inbox = await client.receiver(options, 1);
    const { delivery } = await inbox.next();
    const settled = new Promise<void>((resolve) => inbox.receiver.once("settled", () => resolve()));
    delivery.update(false, accepted().described());
    await settled;
    await client.close();
  });

  it("ttl and absolute expiry", async () => {
    const client = await connect();
    const sender = await client.sender("queue://am.expiring");
    await client.send(sender, { body: "gone", ttl: 1 });
    await client.send(sender, { body: "past", absolute_expiry_time: new Date(Date.now() - 60_000) } as never);
    await client.send(sender, { body: "lives", ttl: 3_600_000, priority: 7, group_id: "g" });
    await new Promise((resolve) => setTimeout(resolve, 400));
    const inbox = await client.receiver("queue://am.expiring");
    const message = await inbox.expect("lives");
    assert.ok(message.ttl! > 3_500_000 && message.ttl! <= 3_600_000);
    assert.equal(message.priority, 7);
    assert.equal(message.group_id, "g");
    await client.close();
  });

  it("delayed delivery by x-opt-delivery-delay and x-opt-delivery-time", async () => {
    const client = await connect();
    const sender = await client.sender("queue://am.later");
    const annotations = { "x-opt-delivery-delay": 700 };
    await client.send(sender, { body: "delayed", message_annotations: annotations });
    await client.send(sender, {
      body: "timed",
      message_annotations: { "x-opt-delivery-time": Date.now() + 300 },
    });
    await client.send(sender, "now");
    const inbox = await client.receiver("queue://am.later");
    for (const body of ["now", "timed", "delayed"]) await inbox.expect(body);
    await client.close();
  });
});
