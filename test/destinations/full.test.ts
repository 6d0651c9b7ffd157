import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { roundTrip } from "../harness/health.ts";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { pause } from "../harness/waiting.ts";
import { expectBodies, expectNothing, F2, FIXTURES, messages } from "./fixture.ts";

const DROPPED = 1_000;
const KIB_10 = "x".repeat(10 * 1_024);
/** How long somebody who must not go on is watched. */
const WATCH_MS = 300;

function padded(at: number): string {
  return String(at).padStart(100, "0");
}

describe("full queues that drop", { concurrency: true }, () => {
  const broker = useInstance({ xml: F2 });

  for (const [id, queue, persistent] of [
    ["ST-111", "drop.head.persistent", "true"],
    ["ST-112", "drop.head.non", "false"],
    ["ST-113", "drop.tail.persistent", "true"],
    ["ST-114", "drop.tail.non", "false"],
  ] as const) {
    it(`${id} ${queue}`, async () => {
      const wire = await StompWire.connect(broker.now);
      const destination = `/queue/${queue}`;
      for (let at = 0; at < DROPPED; at += 1) await wire.syncSend(destination, padded(at), { persistent });
      wire.send("SUBSCRIBE", { id: "0", destination });
      wire.asyncSend(destination, "end");
      const numbers: number[] = [];
      for (;;) {
        const { text } = await wire.expect("MESSAGE");
        if (text === "end") break;
        assert.equal(text, padded(Number(text)));
        numbers.push(Number(text));
      }
      const [first, last] = [numbers[0]!, numbers.at(-1)!];
      assert.equal(numbers.length, last - first + 1, "a hole");
      assert.ok(numbers.length < DROPPED - 100, `only ${DROPPED - numbers.length} dropped`);
      if (queue.includes("head")) assert.ok(last === DROPPED - 1 && first > 100, `${first} to ${last}`);
      else assert.equal(first, 0);
      await wire.drop();
    });
  }
});

for (const { name, xml } of FIXTURES) {
  describe(`full queues whose producers wait, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    it("ST-013 the receipt of DISCONNECT proves that everything arrived", async () => {
      const destination = "/queue/quota.disconnect";
      const producer = await connect();
      const bodies = Array.from({ length: 9 }, (_, at) => String(at).repeat(1_024));
      for (const body of bodies) producer.asyncSend(destination, body);
      await producer.disconnect();
      const consumer = await connect();
      consumer.send("SUBSCRIBE", { id: "0", destination });
      await expectBodies(consumer, ...bodies);
      await consumer.drop();
    });

    it("ST-071 a quota lets one producer go after the other, one for each acknowledgement", async () => {
      const destination = "/queue/quota.flow_control";
      const consumer = await connect();
      await consumer.subscribe("0", destination, "client", { credit: "1,0" });
      let gone = 0;
      const producers = (async () => {
        for (let at = 0; at < 10; at += 1) {
          const producer = await connect();
          producer.asyncSend(destination, KIB_10);
          await producer.disconnect();
          gone += 1;
        }
      })();
      for (let at = 1; at <= 10; at += 1) {
        const message = await consumer.message(KIB_10);
        await pause(WATCH_MS);
        assert.equal(gone, at);
        consumer.ack(message);
      }
      await producers;
      await consumer.drop();
    });

    it("IT-072 over two connections, a queue of one byte passes one message after the other", async () => {
      const destination = "/queue/quota-1.simple";
      const [producer, consumer] = [await connect(), await connect()];
      await consumer.subscribe("0", destination, "client");
      for (const body of ["Message 1", "Message 2"]) {
        producer.asyncSend(destination, body);
        consumer.ack(await consumer.message(body));
      }
      await expectNothing(producer);
      await producer.drop();
      await consumer.drop();
    });

    it("IT-073 IT-074 a producer that waits waits with all its frames, others do not; acknowledging frees it", async () => {
      const [producer, consumer] = [await connect(), await connect()];
      await consumer.subscribe("b", "/queue/quota-1.other");
      for (const body of ["1", "2", "3", "4"]) producer.asyncSend("/queue/quota-1.blocked", body);
      producer.asyncSend("/queue/quota-1.other", "behind");
      await pause(WATCH_MS);
      await roundTrip(broker.now);
      await expectNothing(consumer);
      consumer.send("SUBSCRIBE", { id: "a", destination: "/queue/quota-1.blocked", ack: "client" });
      for (const body of ["1", "2", "3", "4"]) consumer.ack(await consumer.message(body));
      await consumer.message("behind");
      await producer.drop();
      await consumer.drop();
    });

    it("11 quota_messages: what UNSUBSCRIBE gives back makes no room, consuming does", async () => {
      const destination = "/queue/few.dropped";
      const [producer, consumer] = [await connect(), await connect()];
      for (let at = 0; at < 8; at += 1) producer.asyncSend(destination, String(at));
      const receipt = producer.sendWithReceipt("SEND", { destination: "/topic/nobody.listens" });
      await pause(WATCH_MS);
      assert.equal(producer.waiting, 0);
      consumer.send("SUBSCRIBE", { id: "0", destination, ack: "client" });
      // the fourth crosses the line and is in
      const held = await messages(consumer, 4);
      await consumer.sync("UNSUBSCRIBE", { id: "0" });
      await pause(WATCH_MS);
      assert.equal(producer.waiting, 0);
      consumer.send("SUBSCRIBE", { id: "1", destination });
      for (let at = 0; at < 8; at += 1) await consumer.message(String(at));
      assert.equal(held[0]!.text, "0");
      assert.equal((await producer.expect("RECEIPT")).header("receipt-id"), receipt);
      await producer.drop();
      await consumer.drop();
    });

    it("11 a producer that goes while it waits blocks nobody", async () => {
      const destination = "/queue/quota-1.left";
      const [first, second] = [await connect(), await connect()];
      for (const body of ["1", "2", "3"]) first.asyncSend(destination, body);
      await pause(WATCH_MS);
      await first.drop();
      const consumer = await connect();
      consumer.send("SUBSCRIBE", { id: "0", destination });
      await consumer.message("1");
      second.asyncSend(destination, "second's");
      for (;;) if ((await consumer.expect("MESSAGE")).text === "second's") break;
      await second.drop();
      await consumer.drop();
    });

    it("4.1 max_enqueue_rate slows producers down, and loses nothing", async () => {
      const destination = "/queue/slow.a";
      const [producer, consumer] = [await connect(), await connect()];
      await consumer.subscribe("0", destination);
      const start = Date.now();
      for (let at = 0; at < 40; at += 1) producer.asyncSend(destination, KIB_10.slice(0, 1_024));
      await messages(consumer, 40);
      // 40 KiB at 20 KiB a second, less a slice at the beginning and at the end
      assert.ok(Date.now() - start > 1_500, `${Date.now() - start} ms`);
      await producer.disconnect();
      await consumer.drop();
    });
  });
}
