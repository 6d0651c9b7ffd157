import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { expectBodies, expectNothing, FIXTURES, messages, sendAll } from "./fixture.ts";

for (const { name, xml } of FIXTURES) {
  describe(`composites and wildcards, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    it("K 5 a composite SEND reaches each of queues, topics and durable subscriptions", async () => {
      const wire = await connect();
      const durable = { id: "composite-dsub", destination: "/topic/composite.d", persistent: "true" };
      await wire.sync("SUBSCRIBE", durable);
      await wire.subscribe("t", "/topic/composite.t");
      const destination = "/queue/composite.q,/topic/composite.t,/dsub/composite-dsub,/queue/composite.r";
      wire.asyncSend(destination, "to all", { persistent: "true" });
      const seen = await expectBodies(wire, "to all", "to all");
      for (const id of ["q", "r"]) {
        wire.send("SUBSCRIBE", { id, destination: `/queue/composite.${id}` });
        seen.push(await wire.message("to all"));
      }
      const ids = seen.map((frame) => frame.header("subscription"));
      assert.deepEqual(ids.sort(), ["composite-dsub", "q", "r", "t"]);
      for (const frame of seen) assert.equal(frame.header("destination"), destination);
      await expectNothing(wire);
      await wire.sync("UNSUBSCRIBE", { id: durable.id, persistent: "true" });
      await wire.drop();
    });

    it("K 5 a composite SUBSCRIBE is one subscription to all", async () => {
      const wire = await connect();
      await wire.subscribe("1", "/queue/several.q,/topic/several.t,/queue/several.*", "client");
      for (const destination of ["/queue/several.q", "/topic/several.t", "/queue/several.later"]) {
        wire.asyncSend(destination, destination);
        const frame = await wire.message(destination);
        assert.equal(frame.header("subscription"), "1");
        wire.ack(frame);
      }
      await expectNothing(wire);
      await wire.sync("UNSUBSCRIBE", { id: "1" });
      await sendAll(wire, "/queue/several.q,/topic/several.t", ["nobody's"]);
      await wire.drop();
    });

    it("K 5 a cumulative ACK over several queues", async () => {
      const wire = await connect();
      await wire.subscribe("1", "/queue/cumulative.a,/queue/cumulative.b", "client");
      for (const queue of ["a", "b", "a", "b"]) wire.asyncSend(`/queue/cumulative.${queue}`, queue);
      const frames = await messages(wire, 4);
      wire.ack(frames[2]!);
      await wire.sync("UNSUBSCRIBE", { id: "1" });
      wire.send("SUBSCRIBE", { id: "2", destination: "/queue/cumulative.a,/queue/cumulative.b" });
      await wire.message("b");
      await expectNothing(wire);
      await wire.drop();
    });

    it("2.6 a composite with one element that is refused reaches none", async () => {
      const wire = await connect();
      await wire.subscribe("1", "/queue/refused.a");
      wire.send("SEND", { destination: "/queue/refused.a,/dsub/is.not.there", receipt: "r" }, "x");
      await wire.expectError("The destination does not exist");
      await wire.drop();
      const next = await connect();
      next.send("SUBSCRIBE", { id: "1", destination: "/queue/refused.a" });
      await expectNothing(next);
      await next.drop();
    });

    it("2.6 a composite SEND in a transaction", async () => {
      const wire = await connect();
      await wire.subscribe("1", "/queue/tx.composite.a");
      await wire.subscribe("2", "/topic/tx.composite.b");
      wire.asyncSend("/queue/tx.composite.a,/topic/tx.composite.b", "x", { transaction: "x" });
      await expectNothing(wire);
      wire.send("COMMIT", { transaction: "x" });
      const ids = (await expectBodies(wire, "x", "x")).map((frame) => frame.header("subscription"));
      assert.deepEqual(ids.sort(), ["1", "2"]);
      await wire.drop();
    });

    for (const kind of ["queue", "topic"]) {
      it(`OW-002 K 5 a wildcard joins ${kind}s that come later`, async () => {
        const wire = await connect();
        await wire.subscribe("1", `/${kind}/wild.*`);
        for (const [destination, comes] of [
          ["wild.A", true],
          ["wildbar.A", false],
          ["wild.B", true],
          ["wild.A.deep", false],
          ["wild.A", true],
        ] as const) {
          wire.asyncSend(`/${kind}/${destination}`, destination);
          if (comes) await wire.message(destination);
        }
        await expectNothing(wire);
        await wire.drop();
      });

      it(`OW-003 all that is below a ${kind}, and itself`, async () => {
        const wire = await connect();
        await wire.subscribe("1", `/${kind}/deep.A.**`);
        for (let at = 1; at <= 3; at += 1) {
          wire.asyncSend(`/${kind}/deep.A`, `${at}`);
          await wire.message(`${at}`);
          wire.asyncSend(`/${kind}/deep.A.bar`, `bar ${at}`);
          await wire.message(`bar ${at}`);
        }
        await wire.drop();
      });
    }

    it("OW-004 wildcards over names of several levels", async () => {
      const names = ["foo.bar.A", "foo.bar.cheeze.B", "foo.bar.cracker.C"];
      const wire = await connect();
      const patterns = ["foo.bar.*", "foo.bar.cheeze.*", "foo.bar.cracker.*"];
      for (const [at, pattern] of patterns.entries()) await wire.subscribe(String(at), `/topic/${pattern}`);
      for (const [at, own] of names.entries()) {
        wire.asyncSend(`/topic/${own}`, `${at}`);
        assert.equal((await wire.message(`${at}`)).header("subscription"), String(at));
        for (const each of names) wire.asyncSend(`/topic/${each}`, "-1");
        const ids = (await expectBodies(wire, "-1", "-1", "-1")).map((frame) => frame.header("subscription"));
        assert.deepEqual(ids, ["0", "1", "2"]);
      }
      await wire.drop();
    });

    it("2.6 a SEND to a wildcard is refused [quirk 4]", async () => {
      const wire = await connect();
      wire.send("SEND", { destination: "/queue/there.*", receipt: "r" }, "x");
      await wire.expectError("Internal Server Error: Cannot send to the pattern 'there.*'");
      await wire.drop();
    });

    it("3 a queue from the configuration has its name from the start", async () => {
      const wire = await connect();
      wire.send("SUBSCRIBE", { id: "1", destination: "/queue/made.*", browser: "true" });
      assert.equal((await wire.expect("MESSAGE")).header("browser"), "end");
      await expectNothing(wire);
      await wire.drop();
    });
  });
}
