import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { roundTrip, whileOthersWork } from "../harness/health.ts";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { pause } from "../harness/waiting.ts";
import { edits, withoutAuthentication } from "../harness/xml.ts";

const RESIDENT_MAX_MIB = 450;

describe("STOMP clients that ask for more than their share", () => {
  const broker = useInstance({
    xml: edits(withoutAuthentication, (xml) =>
      xml.replace(
        "<virtual_host ",
        '<virtual_host bindings_limit="4m" memory_limit="32m" transaction_limit="1m" ',
      ),
    ),
  });
  const connect = (version: "1.0" | "1.1" = "1.1"): Promise<StompWire> =>
    StompWire.connect(broker.now, { version });

  async function filled(kind: "queue" | "topic", count: number): Promise<void> {
    const wire = await connect();
    for (let at = 0; at < count; at += 1) {
      wire.asyncSend(`/${kind}/greed.${at}`, "x", kind === "topic" ? { retain: "set" } : {});
    }
    await wire.syncSend("/topic/greed.end", "");
    await wire.disconnect();
  }

  it("strangers with endless CONNECT frames", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const wires: StompWire[] = [];
      for (let at = 0; at < 60; at += 1) {
        const wire = await StompWire.open(broker.now);
        wire.raw(`CONNECT\n${`a:${"b".repeat(9_000)}\n`.repeat(990)}`);
        wires.push(wire);
      }
      for (const wire of wires) await wire.expectError("The CONNECT frame is longer than 65536 bytes");
      for (const wire of wires) await wire.drop();
    });
  });

  it("thousands of wildcards over a thousand queues", async () => {
    await filled("queue", 1_000);
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const wire = await connect();
      for (let id = 0; id < 3_000; id += 1) {
        wire.send("SUBSCRIBE", { id, destination: "/queue/greed.**", credit: "0,0" });
      }
      await wire.expectError("The subscriptions of a client may be joined to");
      await wire.drop();
    });
  });

  it("a thousand wildcards over thousands of retained messages that are not taken", async () => {
    await filled("topic", 5_000);
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const wire = await connect();
      for (let id = 0; id < 1_000; id += 1) {
        wire.send("SUBSCRIBE", { id, destination: "/topic/greed.**", ack: "client", credit: "0,0" });
      }
      await wire.expectError("The subscriptions of a client may be joined to");
      await wire.drop();
    });
  });

  it("thousands of long selectors", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const wire = await connect();
      for (let id = 0; id < 1_000; id += 1) {
        const selector = Array.from({ length: 700 }, (_, at) => `a${id}=${at}`).join(" or ");
        wire.send("SUBSCRIBE", { id, destination: "/topic/greed", selector: selector.slice(0, 7_000) + id });
      }
      await wire.expectError("");
      await wire.drop();
    });
  });

  it("a topic subscriber that acknowledges nothing", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const [wire, producer] = [await connect(), await connect()];
      await wire.subscribe("1", "/topic/unacknowledged", "client");
      const body = "x".repeat(64 * 1_024);
      for (let at = 0; at < 10_000; at += 1) {
        if (at % 50 === 0) await producer.syncSend("/topic/unacknowledged", body);
        else producer.asyncSend("/topic/unacknowledged", body);
        if (at % 500 === 499) for (let got = 0; got < 500; got += 1) await wire.message(body);
      }
      for (const one of [wire, producer]) await one.drop();
    });
  });

  it("transactions that never end: who leaves gives back what they held", async () => {
    const body = "x".repeat(60 * 1_024);
    for (let round = 0; round < 3; round += 1) {
      const wires = await Promise.all(Array.from({ length: 40 }, () => connect()));
      for (const wire of wires) {
        for (let at = 0; at < 15; at += 1) wire.asyncSend("/queue/never", body, { transaction: "x" });
      }
      await pause(300);
      for (const wire of wires) await wire.drop();
      await roundTrip(broker.now);
    }
  });

  it("too many transactions, and one begun twice", async () => {
    const wire = await connect();
    for (let at = 0; at <= 1_000; at += 1) wire.send("BEGIN", { transaction: at });
    await wire.expectError("Too many open transactions");
    await wire.drop();
  });

  it("thousands of ACK frames of STOMP 1.0 for the last of thousands of subscriptions", async () => {
    const wire = await connect("1.0");
    for (let id = 0; id < 9_999; id += 1) {
      wire.send("SUBSCRIBE", { id, destination: `/topic/nobody.${id % 10}`, ack: "client" });
    }
    await wire.subscribe("last", "/queue/acknowledged", "client-individual");
    for (let at = 0; at < 2_000; at += 1) wire.asyncSend("/queue/acknowledged", "x");
    const ids: string[] = [];
    for (let at = 0; at < 2_000; at += 1) ids.push((await wire.message("x")).header("message-id")!);
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      for (const id of ids) wire.send("ACK", { "message-id": id });
      await wire.syncSend("/topic/greed.end", "");
    });
    await wire.drop();
  });

  it("acknowledging what is somebody else's", async () => {
    const [owner, thief] = [await connect(), await connect()];
    await owner.subscribe("1", "/queue/owned", "client");
    owner.asyncSend("/queue/owned", "x");
    const message = await owner.message("x");
    await thief.subscribe("1", "/queue/owned", "client");
    thief.send("ACK", thief.ackHeaders(message));
    await thief.expectError("ACK failed, invalid message id");
    await owner.drop();
    await thief.drop();
    const next = await connect();
    next.send("SUBSCRIBE", { id: "1", destination: "/queue/owned" });
    await next.message("x");
    await next.drop();
  });

  it("heart-beats of absurd lengths", async () => {
    for (const [beat, accepted] of [
      ["9999999999,9999999999", true],
      ["1,1", true],
      ["-1,0", false],
      ["99999999999,0", false],
      ["1e3,0", false],
      ["0,0,0", false],
      [" 0,0", true],
      ["", false],
    ] as const) {
      const wire = await StompWire.open(broker.now);
      const { command } = await wire.hello({ headers: { "heart-beat": beat } });
      assert.equal(command, accepted ? "CONNECTED" : "ERROR", `heart-beat:${beat}`);
      await wire.drop();
    }
  });

  it("receipts that nobody reads", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      const wire = await connect();
      wire.stream.pause();
      const receipt = "r".repeat(9_000);
      for (let at = 0; at < 20_000 && wire.stream.writableLength < 1_000_000; at += 1) {
        wire.send("BEGIN", { transaction: at % 2, receipt: receipt + at });
        wire.send("ABORT", { transaction: at % 2 });
        if (at % 50 === 0) await pause(2);
      }
      assert.ok(wire.stream.writableLength >= 1_000_000, "the broker still reads");
      await wire.drop();
    });
  });
});
