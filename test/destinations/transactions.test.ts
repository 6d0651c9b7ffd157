import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { expectBodies, expectBrowserEnd, expectNothing, FIXTURES } from "./fixture.ts";

const PLACES = ["queue", "durable subscription"] as const;

for (const { name, xml } of FIXTURES) {
  describe(`transactions of queues and durable subscriptions, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    for (const place of PLACES) {
      const durable = place !== "queue";
      const at = (test: string): string => `/${durable ? "topic" : "queue"}/tx.${test}`;
      /** Joins the consumer of a test, or joins again. */
      const join = (wire: StompWire, test: string): void =>
        wire.send("SUBSCRIBE", {
          id: `tx-${test}`,
          destination: at(test),
          ack: "client",
          persistent: String(durable),
        });
      const leave = (wire: StompWire, test: string): Promise<void> =>
        wire.sync("UNSUBSCRIBE", { id: `tx-${test}` });
      /** A durable subscription must be there before what it collects. */
      const begin = async (test: string): Promise<StompWire> => {
        const wire = await connect();
        join(wire, test);
        await leave(wire, test);
        return wire;
      };
      const send = (wire: StompWire, test: string, body: string, transaction: string): void =>
        wire.asyncSend(at(test), body, { persistent: "true", transaction });
      const commit = (wire: StompWire, transaction: string): Promise<void> =>
        wire.sync("COMMIT", { transaction });

      it(`IT-051 batches, ${place}`, async () => {
        const wire = await begin("batches");
        for (let round = 0; round < 10; round += 1) {
          const bodies = Array.from({ length: 20 }, (_, number) => `${round}.${number}`);
          for (const body of bodies) send(wire, "batches", body, "send");
          await commit(wire, "send");
          join(wire, "batches");
          const frames = await expectBodies(wire, ...bodies);
          wire.ack(frames.at(-1)!, { transaction: "receive" });
          await commit(wire, "receive");
          await leave(wire, "batches");
        }
        await wire.drop();
      });

      it(`IT-052 OW-027 what was rolled back never comes, ${place}`, async () => {
        const wire = await begin("rollback");
        send(wire, "rollback", "First", "a");
        await commit(wire, "a");
        send(wire, "rollback", "X", "b");
        await wire.sync("ABORT", { transaction: "b" });
        send(wire, "rollback", "Second", "c");
        await commit(wire, "c");
        join(wire, "rollback");
        await expectBodies(wire, "First", "Second");
        await expectNothing(wire);
        await wire.drop();
      });

      it(`IT-055 a connection that ends takes its transaction with it, ${place}`, async () => {
        const wire = await begin("dropped");
        send(wire, "dropped", "First", "a");
        await commit(wire, "a");
        const mortal = await connect();
        send(mortal, "dropped", "X", "b");
        await expectNothing(mortal);
        await mortal.drop();
        send(wire, "dropped", "Second", "c");
        await commit(wire, "c");
        join(wire, "dropped");
        await expectBodies(wire, "First", "Second");
        await expectNothing(wire);
        await wire.drop();
      });

      it(`OW-026 IT-056 IT-057 IT-058 received, given back by leaving after ABORT, received again, ${place}`, async () => {
        const wire = await begin("again");
        for (const body of ["one", "two", "three"]) send(wire, "again", body, "a");
        await commit(wire, "a");
        join(wire, "again");
        const [one] = await expectBodies(wire, "one", "two", "three");
        wire.ack(one!, { transaction: "b" });
        await commit(wire, "b");
        for (let round = 1; round <= 5; round += 1) {
          await leave(wire, "again");
          join(wire, "again");
          const [two, three] = await expectBodies(wire, "two", "three");
          assert.equal(two!.header("redeliveries"), String(round));
          wire.ack(three!, { transaction: "c" });
          await wire.sync("ABORT", { transaction: "c" });
        }
        await wire.drop();
      });

      it(`IT-059 who leaves before the commit does not get its messages again, ${place}`, async () => {
        const wire = await begin("left");
        send(wire, "left", "First", "a");
        send(wire, "left", "Second", "a");
        await commit(wire, "a");
        join(wire, "left");
        const [first] = await expectBodies(wire, "First", "Second");
        wire.ack(first!, { transaction: "b" });
        await leave(wire, "left");
        await commit(wire, "b");
        join(wire, "left");
        await wire.message("Second");
        await expectNothing(wire);
        await wire.drop();
      });

      it(`IT-062 two received, and the connection lost, ${place}`, async () => {
        const wire = await begin("lost");
        send(wire, "lost", "First", "a");
        send(wire, "lost", "Second", "a");
        await commit(wire, "a");
        join(wire, "lost");
        const [, second] = await expectBodies(wire, "First", "Second");
        wire.ack(second!, { transaction: "never" });
        await expectNothing(wire);
        await wire.drop();
        const next = await connect();
        join(next, "lost");
        await expectBodies(next, "First", "Second");
        await next.drop();
      });

      it(`OW-028 100 messages of 64 KiB in one transaction, ${place}`, async () => {
        const wire = await begin("large");
        const consumer = await connect();
        const bodies = Array.from({ length: 100 }, (_, number) => `${number} ${"x".repeat(64 * 1_024)}`);
        for (const body of bodies) send(wire, "large", body, "a");
        wire.send("COMMIT", { transaction: "a" });
        join(consumer, "large");
        for (const body of bodies) consumer.ack(await consumer.message(body));
        await consumer.disconnect();
        await wire.drop();
      });
    }

    it("IT-062c receive, browse, receive, in transactions", async () => {
      const destination = "/queue/tx.browsed";
      const wire = await connect();
      for (const body of ["1", "2", "3"]) wire.asyncSend(destination, body, { transaction: "a" });
      await wire.sync("COMMIT", { transaction: "a" });
      wire.send("SUBSCRIBE", { id: "c", destination, ack: "client" });
      const frames = await expectBodies(wire, "1", "2", "3");
      wire.ack(frames[0]!, { transaction: "b" });
      await wire.sync("COMMIT", { transaction: "b" });
      wire.send("SUBSCRIBE", { id: "b", destination, browser: "true" });
      await expectBodies(wire, "2", "3");
      await expectBrowserEnd(wire, "b");
      wire.ack(frames[2]!, { transaction: "d" });
      await wire.sync("COMMIT", { transaction: "d" });
      await wire.sync("UNSUBSCRIBE", { id: "c" });
      wire.send("SUBSCRIBE", { id: "e", destination });
      await expectNothing(wire);
      await wire.drop();
    });
  });
}
