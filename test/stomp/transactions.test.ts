import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { withoutAuthentication } from "../harness/xml.ts";

const PLACES = ["/queue/", "/topic/", "/topic/queued."];

describe("STOMP: receipts and transactions", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });
  const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

  it("ST-047 receipts without subscribers", async () => {
    const wire = await connect();
    await wire.syncSend("/topic/receipts", "1");
    await wire.syncSend("/topic/receipts", "2");
    await wire.drop();
  });

  it("ST-048 receipts with a subscriber", async () => {
    const subscriber = await connect();
    await subscriber.subscribe("1", "/topic/receipts.heard");
    const wire = await connect();
    await wire.syncSend("/topic/receipts.heard", "1");
    await wire.syncSend("/topic/receipts.heard", "2");
    await subscriber.message("1");
    await subscriber.message("2");
    await wire.drop();
    await subscriber.drop();
  });

  it("ST-049 commit after UNSUBSCRIBE", async () => {
    const queue = "/queue/tx.unsubscribe";
    const producer = await connect();
    const consumer = await connect();
    await consumer.subscribe("1", queue, "client-individual");
    consumer.send("BEGIN", { transaction: "x" });
    await producer.syncSend(queue, "Hello world");
    consumer.ack(await consumer.message("Hello world"), { transaction: "x" });
    await consumer.sync("UNSUBSCRIBE", { id: "1" });
    await consumer.sync("COMMIT", { transaction: "x" });
    await producer.syncSend(queue, "END");
    producer.send("SUBSCRIBE", { id: "1", destination: queue });
    await producer.message("END");
    await producer.drop();
    await consumer.drop();
  });

  it("ST-050 a transacted SEND to a queue", async () => {
    const wire = await connect();
    const queue = "/queue/tx.send";
    wire.asyncSend(queue, "1");
    wire.send("BEGIN", { transaction: "x" });
    wire.asyncSend(queue, "2", { transaction: "x" });
    wire.asyncSend(queue, "3");
    wire.send("SUBSCRIBE", { id: "1", destination: queue });
    await wire.message("1");
    await wire.message("3");
    wire.send("COMMIT", { transaction: "x" });
    await wire.message("2");
    await wire.drop();
  });

  it("ST-051 a transacted SEND to a topic", async () => {
    const wire = await connect();
    const topic = "/topic/tx.send";
    await wire.subscribe("1", topic);
    wire.asyncSend(topic, "1");
    wire.send("BEGIN", { transaction: "x" });
    wire.asyncSend(topic, "2", { transaction: "x" });
    wire.asyncSend(topic, "3");
    await wire.message("1");
    await wire.message("3");
    wire.send("COMMIT", { transaction: "x" });
    await wire.message("2");
    await wire.drop();
  });

  it("12 an aborted SEND never arrives", async () => {
    const wire = await connect();
    await wire.subscribe("1", "/queue/tx.abort");
    wire.send("BEGIN", { transaction: "x" });
    wire.asyncSend("/queue/tx.abort", "never", { transaction: "x" });
    await wire.sync("ABORT", { transaction: "x" });
    wire.asyncSend("/queue/tx.abort", "this");
    await wire.message("this");
    await wire.drop();
  });

  it("15.4 a transaction whose connection ends is rolled back", async () => {
    const lost = await connect();
    lost.send("BEGIN", { transaction: "x" });
    lost.asyncSend("/queue/tx.lost", "never", { transaction: "x" });
    await lost.syncSend("/queue/tx.lost", "first");
    await lost.drop();
    const wire = await connect();
    await wire.syncSend("/queue/tx.lost", "second");
    wire.send("SUBSCRIBE", { id: "1", destination: "/queue/tx.lost" });
    await wire.message("first");
    await wire.message("second");
    await wire.drop();
  });

  for (const place of PLACES) {
    it(`ST-052..054 order of a commit, ${place}`, async () => {
      const destination = `${place}tx.order`;
      const receiver = await connect();
      await receiver.subscribe("1", destination);
      const wire = await connect();
      await wire.syncSend(destination, "m1");
      wire.send("BEGIN", { transaction: "x" });
      wire.asyncSend(destination, "t1", { transaction: "x" });
      await wire.syncSend(destination, "m2");
      wire.asyncSend(destination, "t2", { transaction: "x" });
      await wire.sync("COMMIT", { transaction: "x" });
      await wire.syncSend(destination, "m3");
      for (const body of ["m1", "m2", "t1", "t2", "m3"]) await receiver.message(body);
      await wire.drop();
      await receiver.drop();
    });

    for (const [id, end] of [
      ["ST-055..057", "COMMIT"],
      ["ST-058..060", "ABORT"],
    ] as const) {
      it(`${id} ${end} of acknowledgements, ${place}`, async () => {
        const destination = `${place}tx.acks.${end}`;
        const receiver = await connect();
        await receiver.subscribe("1", destination, "client");
        const wire = await connect();
        for (const body of ["m1", "m2", "m3", "m4"]) await wire.syncSend(destination, body);
        receiver.send("BEGIN", { transaction: "x" });
        for (const [body, headers] of [
          ["m1", {}],
          ["m2", { transaction: "x" }],
          ["m3", {}],
          ["m4", { transaction: "x" }],
        ] as const) {
          receiver.ack(await receiver.message(body), headers);
        }
        await receiver.sync(end, { transaction: "x" });
        await wire.syncSend(destination, "m5");
        await receiver.message("m5");
        await wire.drop();
        await receiver.drop();
      });
    }
  }

  it("ST-072 a producer that never reads its receipts is stopped, and gets them all", async () => {
    const wire = await connect();
    wire.stream.pause();
    const outstanding = new Set<string>();
    const body = "x".repeat(1_000);
    const stalled = (): Promise<boolean> =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(true), 1_000);
        wire.stream.once("drain", () => {
          clearTimeout(timer);
          resolve(false);
        });
      });
    const end = Date.now() + 15_000;
    for (let stopped = false; !stopped; ) {
      if (Date.now() > end) throw new Error(`the broker still reads after ${outstanding.size} sends`);
      outstanding.add(
        wire.sendWithReceipt("SEND", { destination: "/topic/receipts.unread", persistent: "true" }, body),
      );
      if (wire.stream.writableNeedDrain) stopped = await stalled();
    }
    wire.stream.resume();
    while (outstanding.size > 0) {
      const id = (await wire.expect("RECEIPT")).header("receipt-id")!;
      if (!outstanding.delete(id)) throw new Error(`receipt ${id} was not outstanding`);
    }
    await wire.disconnect();
  });
});
