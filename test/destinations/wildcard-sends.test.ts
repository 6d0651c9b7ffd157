import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { edits, intoConnector, withoutAuthentication } from "../harness/xml.ts";
import { expectBodies, expectNothing, sendAll } from "./fixture.ts";

describe("2.6 sends to wildcards, where the connector allows them [quirk 4]", { concurrency: true }, () => {
  const broker = useInstance({
    xml: edits(withoutAuthentication, intoConnector("tcp", '<stomp wildcard_send_max="3"/>')),
  });
  const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

  it("every queue and topic that is there gets it, once", async () => {
    const wire = await connect();
    await sendAll(wire, "/queue/each.a,/queue/each.b.c,/queue/not.each", ["first"]);
    await wire.subscribe("topic", "/topic/each.a");
    wire.asyncSend("/queue/each.*,/queue/each.b.{[a-z]},/topic/each.**", "all", { persistent: "true" });
    await wire.message("all");
    wire.send("SUBSCRIBE", { id: "a", destination: "/queue/each.a" });
    await expectBodies(wire, "first", "all");
    wire.send("SUBSCRIBE", { id: "b", destination: "/queue/each.b.c" });
    await expectBodies(wire, "first", "all");
    wire.send("SUBSCRIBE", { id: "c", destination: "/queue/not.each" });
    await expectBodies(wire, "first");
    await expectNothing(wire);
    await wire.drop();
  });

  it("durable subscriptions by pattern", async () => {
    const wire = await connect();
    for (const id of ["some.1", "some.2"]) {
      await wire.sync("SUBSCRIBE", { id, destination: "/topic/unheard", persistent: "true" });
    }
    wire.asyncSend("/dsub/some.*", "hello");
    await expectBodies(wire, "hello", "hello");
    await wire.drop();
  });

  it("in a transaction, with the commit", async () => {
    const wire = await connect();
    await wire.subscribe("1", "/queue/tx.a");
    wire.asyncSend("/queue/tx.*", "pattern", { transaction: "x" });
    await wire.subscribe("2", "/queue/tx.b");
    wire.asyncSend("/queue/tx.a", "before");
    await wire.message("before");
    wire.send("COMMIT", { transaction: "x" });
    await expectBodies(wire, "pattern", "pattern");
    await wire.drop();
  });

  it("no more than wildcard_send_max, or nobody gets it", async () => {
    const wire = await connect();
    for (const name of ["1", "2", "3", "4"]) await wire.syncSend(`/queue/many.${name}`, "x");
    wire.send("SEND", { destination: "/queue/many.*", receipt: "r" }, "too many");
    const { lines } = await wire.expectError("More than 3 destinations match");
    assert.ok(lines.includes("receipt-id:r"), "[STOMP-1.2 ERROR] it names the frame");
    await wire.drop();
  });
});
