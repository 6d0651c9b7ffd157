import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { expectBodies, expectNothing, FIXTURES } from "./fixture.ts";

const LATER_MS = 400;
/** How much less a delay may be: the broker looks at the time every 50 ms. */
const COARSE_MS = 60;

for (const { name, xml } of FIXTURES) {
  describe(`priorities and times to come, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    for (const [queue, expected] of [
      ["urgent.a", ["d9", "b7", "e7", "a4", "f", "c0"]],
      ["plain.a", ["a4", "b7", "c0", "d9", "e7", "f"]],
    ] as const) {
      it(`priority="true": the higher first, the older of one priority first; ${queue}`, async () => {
        const wire = await connect();
        const destination = `/queue/${queue}`;
        for (const body of ["a4", "b7", "c0", "d9", "e7"])
          await wire.syncSend(destination, body, { priority: body[1]! });
        await wire.syncSend(destination, "f"); // 4, as JR-004 has it
        wire.send("SUBSCRIBE", { id: "1", destination });
        await expectBodies(wire, ...expected);
        await wire.drop();
      });
    }

    it('priority="true": what is urgent overtakes what waits for credit, what comes back is first of its own', async () => {
      const wire = await connect();
      const destination = "/queue/urgent.credit";
      for (const body of ["1", "2", "3"]) await wire.syncSend(destination, body);
      wire.send("SUBSCRIBE", { id: "1", destination, ack: "client-individual", credit: "1,0" });
      const one = await wire.message("1");
      wire.asyncSend(destination, "urgent", { priority: 9 });
      wire.ack(one, {}, "NACK");
      const urgent = await wire.message("urgent");
      wire.ack(urgent);
      for (const body of ["1", "2", "3"]) wire.ack(await wire.message(body));
      await expectNothing(wire);
      await wire.drop();
    });

    it("priority that is none is refused", async () => {
      const wire = await connect();
      wire.send("SEND", { destination: "/queue/urgent.bad", priority: 10 }, "x");
      await wire.expectError("");
      await wire.drop();
    });

    for (const kind of ["queue", "topic"]) {
      it(`delay and not-before: delivered then, in the order of their times; ${kind}`, async () => {
        const wire = await connect();
        const destination = `/${kind}/later`;
        await wire.subscribe("1", destination);
        const start = Date.now();
        await wire.syncSend(destination, "third", { delay: 2 * LATER_MS });
        await wire.syncSend(destination, "second", { "not-before": start + LATER_MS, persistent: "true" });
        await wire.syncSend(destination, "never", { delay: LATER_MS, ttl: 1 });
        wire.asyncSend(destination, "first", { delay: 0 });
        await wire.message("first");
        await expectNothing(wire);
        await wire.message("second");
        assert.ok(Date.now() - start >= LATER_MS, `${Date.now() - start} ms`);
        await wire.message("third");
        assert.ok(Date.now() - start >= 2 * LATER_MS - COARSE_MS, `${Date.now() - start} ms`);
        await wire.drop();
      });
    }

    it("delay: from the SEND, also in a transaction; its sender may be gone; MQTT gets it, too", async () => {
      const [sender, consumer] = [await connect(), await connect()];
      const mqtt = await MqttWire.connect(broker.now);
      await mqtt.subscribe("later/for/all", 1);
      await consumer.subscribe("1", "/queue/later.for.all");
      const start = Date.now();
      const destination = "/queue/later.for.all,/topic/later.for.all";
      sender.asyncSend(destination, "later", { delay: LATER_MS, transaction: "x" });
      await sender.sync("COMMIT", { transaction: "x" });
      await sender.disconnect();
      await consumer.message("later");
      await mqtt.expectMessage("later/for/all", "later");
      assert.ok(Date.now() - start >= LATER_MS - COARSE_MS, `${Date.now() - start} ms`);
      await consumer.drop();
      await mqtt.disconnect();
    });
  });
}
