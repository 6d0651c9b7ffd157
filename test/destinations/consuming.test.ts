import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { pause } from "../harness/waiting.ts";
import { expectBodies, expectNothing, FIXTURES, messages, sendAll } from "./fixture.ts";

const KINDS = ["queue", "topic", "temp-queue", "temp-topic"] as const;
const FOUR = ["0", "1", "2", "3"];

for (const { name, xml } of FIXTURES) {
  describe(`the integration suites over STOMP, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    for (const persistent of ["true", "false"]) {
      for (const kind of KINDS) {
        const which = `${kind}, persistent ${persistent}`;

        it(`IT-003 IT-010 IT-011 one at a time: four sent, exactly four received, ${which}`, async () => {
          const wire = await connect();
          const destination = `/${kind}/one.by.one.${persistent}`;
          await wire.subscribe("1", destination, "client", { credit: "1,0" });
          for (const body of FOUR) wire.asyncSend(destination, body, { persistent });
          for (const body of FOUR) {
            wire.ack(await wire.message(body));
          }
          await expectNothing(wire);
          await wire.drop();
        });

        it(`IT-005 IT-016 IT-042 IT-032 JR-005 bodies of bytes, of nothing, ${which}`, async () => {
          const wire = await connect();
          const destination = `/${kind}/bodies.${persistent}`;
          await wire.subscribe("1", destination);
          const bodies = [Buffer.from([1, 0]), Buffer.alloc(16, 0xff), Buffer.alloc(0), Buffer.from("Hi")];
          for (const body of bodies) {
            wire.send("SEND", { destination, persistent, "content-length": body.length }, body);
            assert.deepEqual((await wire.expect("MESSAGE")).body, body);
          }
          await expectNothing(wire);
          await wire.drop();
        });

        it(`IT-043 sent in a transaction, received in one, ${which}`, async () => {
          const wire = await connect();
          const destination = `/${kind}/transacted.${persistent}`;
          await wire.subscribe("1", destination, "client");
          wire.asyncSend(destination, "x", { persistent, transaction: "send" });
          await expectNothing(wire);
          wire.send("COMMIT", { transaction: "send" });
          const frame = await wire.message("x");
          assert.equal(frame.header("redeliveries"), undefined);
          wire.ack(frame, { transaction: "receive" });
          await wire.sync("ABORT", { transaction: "receive" });
          await wire.sync("UNSUBSCRIBE", { id: "1" });
          wire.send("SUBSCRIBE", { id: "2", destination });
          if (kind.endsWith("queue")) assert.equal((await wire.message("x")).header("redeliveries"), "1");
          await expectNothing(wire);
          await wire.drop();
        });
      }

      it(`IT-008 who leaves without acknowledging leaves the rest to the next one, persistent ${persistent}`, async () => {
        const destination = `/queue/left.${persistent}`;
        const [first, second] = [await connect(), await connect()];
        await sendAll(first, destination, FOUR, { persistent });
        first.send("SUBSCRIBE", { id: "1", destination, ack: "client", credit: "1,0" });
        first.ack(await first.message("0"));
        await first.message("1");
        await first.drop();
        second.send("SUBSCRIBE", { id: "1", destination });
        // the broker may hear of the second before it hears that the first is gone
        const rest = (await messages(second, 3)).map(
          (frame) => `${frame.text} ${frame.header("redeliveries") ?? 0}`,
        );
        assert.deepEqual(rest.sort(), ["1 1", "2 0", "3 0"]);
        await second.drop();
      });

      it(`IT-012 what nobody took stays, persistent ${persistent}`, async () => {
        const destination = `/queue/stays.${persistent}`;
        const sender = await connect();
        await sendAll(sender, destination, FOUR, { persistent });
        for (const bodies of [FOUR.slice(0, 2), FOUR.slice(2)]) {
          const wire = await connect();
          wire.send("SUBSCRIBE", { id: "1", destination, ack: "client", credit: "2,0" });
          const frames = await expectBodies(wire, ...bodies);
          wire.ack(frames[1]!);
          wire.send("DISCONNECT");
          await wire.ended();
        }
        await sender.drop();
      });

      it(`IT-013 one at a time leaves the second for others, persistent ${persistent}`, async () => {
        const destination = `/queue/second.for.others.${persistent}`;
        const [first, second] = [await connect(), await connect()];
        await first.subscribe("1", destination, "client", { credit: "1,0" });
        first.asyncSend(destination, "Msg1", { persistent, transaction: "x" });
        first.asyncSend(destination, "Msg2", { persistent, transaction: "x" });
        first.send("COMMIT", { transaction: "x" });
        const one = await first.message("Msg1");
        second.send("SUBSCRIBE", { id: "1", destination, ack: "client", credit: "1,0" });
        const two = await second.message("Msg2");
        first.ack(one);
        second.ack(two);
        await expectNothing(first);
        await expectNothing(second);
        await first.drop();
        await second.drop();
      });
    }

    it("OW-016 IT-017 consumed means gone", async () => {
      const [first, second] = [await connect(), await connect()];
      await first.subscribe("1", "/queue/gone");
      for (const body of FOUR) first.asyncSend("/queue/gone", body);
      await expectBodies(first, ...FOUR);
      await first.disconnect();
      await second.subscribe("1", "/queue/gone");
      await expectNothing(second);
      await second.drop();
    });

    it("IT-018 JR-007 JR-010 what a transaction acknowledged and did not commit moves on, counted", async () => {
      const destination = "/queue/uncommitted";
      const [first, second] = [await connect(), await connect()];
      await sendAll(first, destination, ["1", "2"]);
      first.send("SUBSCRIBE", { id: "1", destination, ack: "client" });
      for (const frame of await expectBodies(first, "1", "2")) first.ack(frame, { transaction: "x" });
      await second.subscribe("1", destination, "client");
      await expectNothing(first);
      await expectNothing(second);
      await first.drop();
      const moved = await expectBodies(second, "1", "2");
      for (const frame of moved) assert.equal(frame.header("redeliveries"), "1");
      second.ack(moved[1]!, { transaction: "y" });
      await second.sync("COMMIT", { transaction: "y" });
      await second.sync("UNSUBSCRIBE", { id: "1" });
      await second.subscribe("2", destination);
      await expectNothing(second);
      await second.drop();
    });

    for (const kind of ["queue", "topic"]) {
      it(`IT-020 what expired does not stand in the way, ${kind}`, async () => {
        const wire = await connect();
        const destination = `/${kind}/expired.before`;
        for (const body of FOUR) wire.asyncSend(destination, body, { ttl: 100 });
        await expectNothing(wire);
        await pause(150);
        await wire.subscribe("1", destination, "client", { credit: "4,0" });
        for (const body of FOUR) wire.asyncSend(destination, `no expiry ${body}`);
        for (const frame of await expectBodies(wire, ...FOUR.map((body) => `no expiry ${body}`)))
          wire.ack(frame);
        await expectNothing(wire);
        await wire.drop();
      });
    }

    it("JR-003 JR-006 IT-037 every header of the sender arrives", async () => {
      const wire = await connect();
      const headers = {
        "correlation-id": "c",
        priority: 7,
        expires: Date.now() + 60_000,
        persistent: "true",
        type: "t",
        "reply-to": "/queue/answers",
        test: "value",
        number: 1.5,
        yes: "true",
        message_group: "g",
      };
      await wire.subscribe("1", "/queue/every.header");
      wire.asyncSend("/queue/every.header", "Hello", headers);
      const frame = await wire.message("Hello");
      for (const [header, value] of Object.entries(headers))
        assert.equal(frame.header(header), String(value));
      const ids = new Set([frame.header("message-id")]);
      wire.asyncSend("/queue/every.header", "");
      const plain = await wire.message("");
      assert.ok(!ids.has(plain.header("message-id")));
      assert.deepEqual(
        plain.lines.map((line) => line.split(":")[0]),
        ["subscription", "message-id", "destination"],
      );
      await wire.drop();
    });
  });
}
