import assert from "node:assert/strict";
import { describe, it } from "node:test";
import rhea, { type SenderOptions } from "rhea";
import { AmqpClient } from "../harness/amqp-client.ts";
import { useInstance } from "../harness/instance.ts";
import { edits, intoHost, withoutAuthentication } from "../harness/xml.ts";

describe("AMQP links", { concurrency: true }, () => {
  const broker = useInstance({
    xml: edits(withoutAuthentication, intoHost('<queue id="amqp.few.**" quota_messages="3"/>')),
  });

  const connect = (containerId?: string): Promise<AmqpClient> =>
    AmqpClient.connect(broker.now, containerId === undefined ? {} : { containerId });

  it("AM-001 send and receive", async () => {
    const client = await AmqpClient.connect(broker.now, { user: "admin", password: "password" });
    assert.equal(await client.send("queue://FOO", "Hello World"), "accepted");
    const inbox = await client.receiver("queue://FOO");
    const { message, delivery } = await inbox.next();
    assert.equal(message.body, "Hello World");
    assert.equal(message.first_acquirer, true);
    delivery.accept();
    await client.close();
  });

  for (const [name, options, address] of [
    ["a plain name is a queue", "am.plain", "queue://am.plain"],
    ["capability queue", { target: { address: "am.capq", capabilities: ["queue"] } }, "queue://am.capq"],
    ["capability topic", { target: { address: "am.capt", capabilities: ["topic"] } }, "topic://am.capt"],
  ] as readonly [string, SenderOptions | string, string][]) {
    it(`3.5 ${name}`, async () => {
      const client = await connect();
      const inbox = await client.receiver(address);
      assert.equal(await client.send(await client.sender(options), "named"), "accepted");
      await inbox.expect("named");
      await client.close();
    });
  }

  it("the anonymous relay sends where each message says", async () => {
    const client = await connect();
    const sender = await client.sender({ target: {} });
    assert.equal(await client.send(sender, { to: "queue://am.relay.1", body: "one" }), "accepted");
    assert.equal(await client.send(sender, { to: "am.relay.2", body: "two" }), "accepted");
    const lost = client.outcome(sender);
    sender.send({ body: "nowhere" });
    assert.deepEqual(await lost, { name: "rejected", condition: "amqp:precondition-failed" });
    await (await client.receiver("am.relay.1")).expect("one");
    await (await client.receiver("queue://am.relay.2")).expect("two");
    await client.close();
  });

  it("17.7 a dynamic node is temporary, anybody may send to it, nobody else may consume, it goes with its link", async () => {
    const client = await connect();
    const inbox = await client.receiver({ source: { dynamic: true } });
    const address = String(inbox.source["address"]);
    assert.match(address, /^queue:\/\/temp\.[^.]+\.[^.]+\.1$/);
    const other = await connect();
    assert.equal(await other.send(address, "an answer"), "accepted");
    await inbox.expect("an answer");
    await assert.rejects(other.receiver(address), { condition: "amqp:unauthorized-access" });
    await client.closeLink(inbox.receiver);
    const topic = await client.receiver({ source: { dynamic: true, capabilities: ["temporary-topic"] } });
    assert.match(String(topic.source["address"]), /^topic:\/\/temp\./);
    await other.close();
    await client.close();
  });

  it("2.6.1 a link of the same name takes the place of the other one", async () => {
    const client = await connect();
    await client.receiver({ name: "one", source: "queue://am.stolen" }, 0);
    const again = { name: "one", source: "queue://am.stolen" };
    const second = await client.receiver(again, 100, client.session());
    assert.equal((await client.errors.take("the end of the first")).condition, "amqp:link:stolen");
    await client.send("queue://am.stolen", "for the second");
    await second.expect("for the second");
    await client.close();
  });

  it("a selector by name and described, and one that is none", async () => {
    const client = await connect();
    const sender = await client.sender("queue://am.selected");
    for (const x of [1, 2, 3]) {
      await client.send(sender, {
        body: `x${x}`,
        application_properties: { x, color: x === 2 ? "red" : "blue" },
      });
    }
    const red = await client.receiver({
      source: { address: "queue://am.selected", filter: rhea.filter.selector("color = 'red'") },
    });
    await red.expect("x2");
    const many = await client.receiver({
      source: { address: "queue://am.selected", filter: { "jms-selector": "x > 1 AND JMSPriority = 4" } },
    });
    await many.expect("x3");
    const bad = client.receiver({
      source: { address: "queue://am.selected", filter: rhea.filter.selector("x >") },
    });
    await assert.rejects(bad, { condition: "amqp:invalid-field" });
    await client.close();
  });

  it("AM-003 no-local on a topic", async () => {
    const local = await connect("am-local");
    const other = await connect("am-remote");
    const filter = { "no-local": rhea.types.wrap_described([], 0x468c00000003) };
    const inbox = await local.receiver({ source: { address: "topic://am.example", filter } });
    await other.send("topic://am.example", "1");
    await local.send("topic://am.example", "2");
    await other.send("topic://am.example", "3");
    await inbox.expect("1");
    await inbox.expect("3");
    await local.close();
    await other.close();
  });

  it("AM-006 browsing takes nothing, and drain tells the end", async () => {
    const client = await connect();
    await client.send("queue://am.browsed", { body: "kept", application_properties: { x: 1 } });
    const source = { address: "queue://am.browsed", distribution_mode: "copy" };
    const browser = await client.receiver({ source }, 10);
    assert.equal((await browser.next()).message.body, "kept");
    await browser.drained();
    assert.equal(browser.waiting, 0);
    await client.closeLink(browser.receiver);
    await (await client.receiver("queue://am.browsed")).expect("kept");
    await client.close();
  });

  it("17.6 credit is honoured exactly, and drained", async () => {
    const client = await connect();
    const sender = await client.sender("queue://am.credit");
    for (let at = 0; at < 5; at += 1) await client.send(sender, `m${at}`);
    const inbox = await client.receiver("queue://am.credit", 2);
    await inbox.expect("m0");
    await inbox.expect("m1");
    await client.send(sender, "m5");
    assert.equal(inbox.waiting, 0);
    inbox.receiver.add_credit(3);
    for (const body of ["m2", "m3", "m4"]) await inbox.expect(body);
    inbox.receiver.add_credit(10);
    await inbox.expect("m5");
    await inbox.drained();
    assert.equal(inbox.credit, 0);
    await client.send(sender, "m6");
    assert.equal(inbox.waiting, 0);
    await client.close();
  });

  it("a full queue takes the credit away and gives it back", async () => {
    const client = await connect();
    const sender = await client.sender("queue://amqp.few.a");
    for (let at = 0; at < 20; at += 1) sender.send({ body: `m${at}` });
    const inbox = await client.receiver("queue://amqp.few.a", 20);
    for (let at = 0; at < 20; at += 1) await inbox.expect(`m${at}`);
    await client.close();
  });

  it("IT-071, IT-076, IT-077 a link whose queue is full waits; other links of the connection go on", async () => {
    const client = await connect();
    const full = await client.sender("queue://amqp.few.full");
    for (let at = 0; at < 20; at += 1) full.send({ body: `m${at}` });
    const other = await client.sender("queue://am.roomy");
    const inbox = await client.receiver("queue://am.roomy", 500);
    for (let at = 0; at < 300; at += 1) {
      assert.equal(await client.send(other, `n${at}`), "accepted");
      await inbox.expect(`n${at}`);
    }
    const relief = await client.receiver("queue://amqp.few.full", 100);
    for (let at = 0; at < 20; at += 1) await relief.expect(`m${at}`);
    assert.equal(client.errors.size, 0);
    await client.close();
  });

  it("2.6.3 an address that is none, or not there, refuses the link and nothing else", async () => {
    const client = await connect();
    await assert.rejects(client.receiver("queue://a b/c?"), { condition: "amqp:not-found" });
    await assert.rejects(client.sender("dsub://am.missing"), { condition: "amqp:not-found" });
    await assert.rejects(client.receiver("dsub://am.missing"), { condition: "amqp:not-found" });
    await client.send("queue://am.after", "still here");
    await client.close();
  });
});
