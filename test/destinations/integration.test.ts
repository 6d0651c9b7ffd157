import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { pause } from "../harness/waiting.ts";
import { expectBodies, expectNothing, FIXTURES, messages, sendAll } from "./fixture.ts";

const KINDS = ["queue", "topic", "temp-queue", "temp-topic"] as const;
const FOUR = ["0", "1", "2", "3"];

/** How long nothing happens before it counts as never. */
const WATCH_MS = 200;

for (const { name, xml } of FIXTURES) {
  describe(`what clients of the integration suites did, in STOMP's words, ${name}`, {
    concurrency: true,
  }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    for (const persistent of ["true", "false"]) {
      for (const kind of KINDS) {
        const which = `${kind}, persistent ${persistent}`;

        it(`IT-001 a client that holds back is not sent the next one until it goes on, ${which}`, async () => {
          const wire = await connect();
          const destination = `/${kind}/held.back.${persistent}`;
          await wire.subscribe("1", destination, "client", { credit: "1,0" });
          for (const body of ["0", "1"]) wire.asyncSend(destination, body, { persistent });
          const first = await wire.message("0");
          await expectNothing(wire);
          wire.ack(first);
          await wire.message("1");
          await expectNothing(wire);
          await wire.drop();
        });

        it(`IT-006 IT-007 who listens late finds exactly what was sent, ${which}`, async () => {
          const wire = await connect();
          const destination = `/${kind}/listens.late.${persistent}`;
          await wire.subscribe("1", destination);
          wire.stream.pause();
          for (const body of FOUR) wire.asyncSend(destination, body, { persistent });
          await pause(WATCH_MS);
          wire.stream.resume();
          await expectBodies(wire, ...FOUR);
          await expectNothing(wire);
          await wire.drop();
        });
      }

      it(`IT-009 who acknowledges and leaves leaves the rest, and nothing comes twice, persistent ${persistent}`, async () => {
        const destination = `/queue/acked.and.left.${persistent}`;
        const [first, second] = [await connect(), await connect()];
        await sendAll(first, destination, FOUR, { persistent });
        first.send("SUBSCRIBE", { id: "1", destination, ack: "client", credit: "1,0" });
        first.ack(await first.message("0"));
        first.ack(await first.message("1"));
        await first.message("2"); // on its way already when the client leaves
        await first.disconnect();
        second.send("SUBSCRIBE", { id: "1", destination });
        const rest = await expectBodies(second, "2", "3");
        assert.equal(rest[0]!.header("redeliveries"), "1");
        await expectNothing(second);
        await second.drop();
      });
    }

    it("IT-002 a consumer leaves while 2000 messages stream in: no error, nothing lost, nothing twice", async () => {
      const destination = "/queue/streaming";
      const bodies = Array.from({ length: 2_000 }, (_, at) => String(at));
      const [sender, first, second] = [await connect(), await connect(), await connect()];
      for (const body of bodies) sender.asyncSend(destination, body);
      await sender.syncSend(destination, "end");
      first.send("SUBSCRIBE", { id: "1", destination, ack: "client" });
      for (let at = 0; at <= 590; at += 1) {
        const frame = await first.message(bodies[at]!);
        if (at % 200 === 199) first.ack(frame);
      }
      const receipt = first.sendWithReceipt("UNSUBSCRIBE", { id: "1" });
      for (let at = 591; ; at += 1) {
        const frame = await first.receive();
        if (frame.header("receipt-id") === receipt) break;
        assert.equal(frame.text, bodies[at] ?? "end");
      }
      second.send("SUBSCRIBE", { id: "1", destination });
      await expectBodies(second, ...bodies.slice(400), "end");
      for (const wire of [sender, first, second]) await wire.drop();
    });

    it("IT-014 who gives no credit gets nothing, and takes nothing from others", async () => {
      const [first, second] = [await connect(), await connect()];
      await first.subscribe("1", "/queue/not.started", "client", { credit: "0,0" });
      await first.subscribe("2", "/topic/not.started", "client", { credit: "0,0" });
      await second.syncSend("/queue/not.started", "x");
      await pause(WATCH_MS);
      await expectNothing(first);
      second.send("SUBSCRIBE", { id: "1", destination: "/queue/not.started" });
      await second.message("x");
      for (const wire of [first, second]) await wire.drop();
    });

    for (const kind of ["queue", "topic"]) {
      it(`IT-015 sent while the client did not read: it comes once, ${kind}`, async () => {
        const destination = `/${kind}/not.reading`;
        const [wire, sender] = [await connect(), await connect()];
        await wire.subscribe("1", destination);
        wire.stream.pause();
        await sender.syncSend(destination, "x");
        wire.stream.resume();
        await wire.message("x");
        await expectNothing(wire);
        for (const one of [wire, sender]) await one.drop();
      });
    }

    it("IT-019 rolled back, then left: the next one gets both, counted", async () => {
      const destination = "/queue/rolled.back";
      const [first, second] = [await connect(), await connect()];
      await sendAll(first, destination, ["1", "2"]);
      first.send("SUBSCRIBE", { id: "1", destination, ack: "client" });
      const frames = await expectBodies(first, "1", "2");
      first.ack(frames[1]!, { transaction: "x" });
      await first.sync("ABORT", { transaction: "x" });
      await first.disconnect();
      second.send("SUBSCRIBE", { id: "1", destination, ack: "client" });
      const again = await expectBodies(second, "1", "2");
      assert.deepEqual(
        again.map((frame) => frame.header("redeliveries")),
        ["1", "1"],
      );
      second.ack(again[1]!, { transaction: "y" });
      await second.sync("COMMIT", { transaction: "y" });
      await expectNothing(second);
      await second.drop();
    });

    it("IT-031 IT-033 IT-034 IT-035 IT-036 text, objects, a boolean, streams and maps come as they were sent", async () => {
      const destination = "/queue/kinds.of.bodies";
      const wire = await connect();
      await wire.subscribe("1", destination);
      const serialised = Buffer.from("aced00057400024869", "hex");
      for (const [body, headers] of [
        [Buffer.from("Hi"), {}],
        [serialised, { transformation: "jms-object" }],
        [Buffer.from([1]), { "content-type": "application/octet-stream" }],
        [Buffer.from([9, 0, 4, 116, 101, 115, 116]), { transformation: "jms-stream" }],
        [
          Buffer.from('{"map":{"entry":{"string":"boolKey","boolean":true}}}'),
          { transformation: "jms-map-json" },
        ],
      ] as const) {
        wire.send("SEND", { destination, ...headers, "content-length": body.length }, body);
        const frame = await wire.expect("MESSAGE");
        assert.deepEqual(frame.body, body);
        for (const [key, value] of Object.entries(headers)) assert.equal(frame.header(key), value);
      }
      await expectNothing(wire);
      await wire.drop();
    });

    it("IT-054 what one transaction sent and never committed is lost, what the next one commits is not", async () => {
      const destination = "/queue/left.open";
      const wire = await connect();
      wire.asyncSend(destination, "First", { transaction: "a" });
      await wire.sync("COMMIT", { transaction: "a" });
      wire.asyncSend(destination, "never", { transaction: "b" });
      wire.asyncSend(destination, "Second", { transaction: "c" });
      await wire.sync("COMMIT", { transaction: "c" });
      await wire.disconnect();
      const next = await connect();
      next.send("SUBSCRIBE", { id: "1", destination });
      await expectBodies(next, "First", "Second");
      await expectNothing(next);
      await next.drop();
    });

    it("IT-060 a redelivered message is what it was, headers and body", async () => {
      const destination = "/queue/unmodified";
      const wire = await connect();
      await wire.syncSend(destination, "[First]", { foo: "abc" });
      wire.send("SUBSCRIBE", { id: "1", destination, ack: "client" });
      const first = await wire.message("[First]");
      wire.ack(first, { transaction: "x" });
      await wire.sync("ABORT", { transaction: "x" });
      await wire.sync("UNSUBSCRIBE", { id: "1" });
      wire.send("SUBSCRIBE", { id: "1", destination, ack: "client" });
      const again = await wire.message("[First]");
      assert.deepEqual(
        again.lines.filter((line) => !line.startsWith("redeliveries:")),
        first.lines,
      );
      await wire.drop();
    });

    it("IT-061 five received in a transaction, rolled back, received again and committed", async () => {
      const destination = "/queue/five";
      const five = [...FOUR, "4"];
      const wire = await connect();
      await sendAll(wire, destination, five);
      for (const end of ["ABORT", "COMMIT"]) {
        wire.send("SUBSCRIBE", { id: "1", destination, ack: "client" });
        const frames = await expectBodies(wire, ...five);
        wire.ack(frames[4]!, { transaction: end });
        await wire.sync(end, { transaction: end });
        await wire.sync("UNSUBSCRIBE", { id: "1" });
      }
      wire.send("SUBSCRIBE", { id: "1", destination });
      await expectNothing(wire);
      await wire.drop();
    });

    it("IT-062b one transaction sends, another receives, ten times", async () => {
      const destination = "/queue/apart";
      const [sender, receiver] = [await connect(), await connect()];
      await receiver.subscribe("1", destination, "client");
      for (let round = 0; round < 10; round += 1) {
        sender.asyncSend(destination, `${round}`, { transaction: "s" });
        await sender.sync("COMMIT", { transaction: "s" });
        receiver.ack(await receiver.message(`${round}`), { transaction: "r" });
        await receiver.sync("COMMIT", { transaction: "r" });
      }
      await expectNothing(receiver);
      for (const wire of [sender, receiver]) await wire.drop();
    });

    it("IT-075 a producer that waits for no receipts goes on when consumers take from the queue", async () => {
      const destination = "/queue/quota-1.async";
      const [producer, consumer] = [await connect(), await connect()];
      const bodies = Array.from({ length: 40 }, (_, at) => `${at} ${"x".repeat(5 * 1_024)}`);
      for (const body of bodies) producer.asyncSend(destination, body);
      await pause(WATCH_MS);
      consumer.send("SUBSCRIBE", { id: "1", destination, ack: "client", credit: "1,0" });
      for (const body of bodies) consumer.ack(await consumer.message(body));
      for (const wire of [producer, consumer]) await wire.drop();
    });

    it("OW-029 in small: memory stays as it is while messages pass in transactions (APLO-342)", async () => {
      const destination = "/queue/passing";
      const [producer, consumer] = [await connect(), await connect()];
      await consumer.subscribe("1", destination, "client");
      const body = "x".repeat(64 * 1_024);
      const pass = async (count: number): Promise<void> => {
        for (let at = 0; at < count; at += 1) {
          producer.asyncSend(destination, body, { persistent: "true", transaction: "s" });
          producer.send("COMMIT", { transaction: "s" });
          const [frame] = await messages(consumer, 1);
          consumer.ack(frame!, { transaction: "r" });
          consumer.send("COMMIT", { transaction: "r" });
        }
      };
      await pass(200);
      const before = broker.now.residentMiB;
      await pass(2_000);
      const grown = broker.now.residentMiB - before;
      assert.ok(grown < 100, `125 MiB have passed, and ${grown} MiB stayed`);
      for (const wire of [producer, consumer]) await wire.drop();
    });
  });
}
