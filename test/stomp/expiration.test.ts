import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { pause } from "../harness/waiting.ts";
import { withoutAuthentication } from "../harness/xml.ts";

describe("STOMP: expiration", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });

  const spellings = [
    { id: "ST-039 expires", headers: () => ({ expires: Date.now() + 1_000 }) },
    { id: "ST-040 ttl", headers: () => ({ ttl: 1_000 }) },
  ];
  for (const { id, headers } of spellings) {
    it(`${id} header`, async () => {
      const queue = `/queue/expires.${id.slice(7)}`;
      const wire = await StompWire.connect(broker.now);
      await wire.syncSend(queue, "1");
      await wire.syncSend(queue, "2", headers());
      await wire.syncSend(queue, "3");
      await pause(2_000);
      wire.send("SUBSCRIBE", { id: "1", destination: queue });
      await wire.message("1");
      await wire.message("3");
      await wire.drop();
    });
  }

  it("ST-042/043 expiration on a topic with a slow consumer", async () => {
    const topic = "/topic/block.expiration";
    const consumer = await StompWire.connect(broker.now);
    await consumer.subscribe("1", topic, "client");
    // a consumer that does not read: what it has no room for waits in the broker and in front of it
    consumer.stream.pause();
    const producer = await StompWire.connect(broker.now);
    const expires = Date.now() + 500;
    const sent = 20_000;
    for (let i = 0; i < sent; i++) producer.asyncSend(topic, "x".repeat(1_024), { expires });
    const receipt = producer.sendWithReceipt("SEND", { destination: topic }, "DONE");
    await pause(1_000);
    consumer.stream.resume();
    let received = 0;
    for (;;) {
      const frame = await consumer.expect("MESSAGE");
      if (frame.text === "DONE") break;
      consumer.ack(frame);
      received += 1;
    }
    assert.ok(received < sent, `all ${sent} arrived although they had expired`);
    assert.equal((await producer.expect("RECEIPT")).header("receipt-id"), receipt);
    await consumer.drop();
    await producer.drop();
  });

  for (const destination of ["/queue/expired", "/topic/expired", "/topic/queued.expired"]) {
    it(`ST-044..046 expired on arrival, ${destination}`, async () => {
      const wire = await StompWire.connect(broker.now);
      await wire.subscribe("1", destination);
      wire.asyncSend(destination, "m1", { persistent: "true" });
      wire.asyncSend(destination, "e1", { persistent: "true", expires: Date.now() - 1_000 });
      wire.asyncSend(destination, "m2", { persistent: "true" });
      await wire.message("m1");
      await wire.message("m2");
      await wire.drop();
    });
  }
});
