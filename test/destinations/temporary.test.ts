import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { eventually } from "../harness/waiting.ts";
import { expectBodies, expectNothing, FIXTURES } from "./fixture.ts";

const FOREIGN = "Not authorized to receive from the temporary destination";

for (const { name, xml } of FIXTURES) {
  describe(`temporary destinations, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    for (const [id, kind] of [
      ["ST-065 OW-011", "queue"],
      ["ST-066 OW-012", "topic"],
    ] as const) {
      it(`${id} a temporary ${kind}: one reads, everybody writes`, async () => {
        const owner = await connect();
        const destination = `/temp-${kind}/test`;
        if (kind === "topic") await owner.subscribe("1", destination);
        owner.asyncSend(destination, "1", { "reply-to": destination });
        if (kind === "queue") owner.send("SUBSCRIBE", { id: "1", destination });
        const frame = await owner.message("1");
        const real = frame.header("destination")!;
        assert.match(real, new RegExp(`^/${kind}/temp\\.default\\.`));
        assert.equal(frame.header("reply-to"), real);
        const other = await connect();
        await other.syncSend(real, "2");
        await owner.message("2");
        await other.sync("SEND", { destination: "/topic/nobody.listens" });
        other.send("SUBSCRIBE", { id: "1", destination: real });
        await other.expectError(FOREIGN);
        await other.drop();
        owner.asyncSend(destination, "3");
        await owner.message("3");
        await owner.drop();
      });

      it(`2.9 a temporary ${kind} is its connection's own, whatever others call theirs`, async () => {
        const [first, second] = [await connect(), await connect()];
        const destination = `/temp-${kind}/same.name`;
        await first.subscribe("1", destination);
        await second.subscribe("1", destination);
        first.asyncSend(destination, "first's");
        second.asyncSend(destination, "second's");
        const names = [await first.message("first's"), await second.message("second's")].map((frame) =>
          frame.header("destination"),
        );
        assert.notEqual(names[0], names[1]);
        await expectNothing(first);
        await first.drop();
        await second.drop();
      });
    }

    it("ST-065 it goes with its connection, and what it holds", async () => {
      const [owner, watcher] = [await connect(), await connect()];
      await owner.syncSend("/temp-queue/mortal", "1", { "reply-to": "/temp-queue/mortal" });
      owner.send("SUBSCRIBE", { id: "1", destination: "/temp-queue/mortal", ack: "client" });
      const real = (await owner.message("1")).header("destination")!;
      await watcher.syncSend(real, "2");
      await owner.message("2");
      await owner.drop();
      await eventually(
        "the end of the temporary queue",
        async () => {
          const late = await connect();
          late.send("SEND", { destination: real, receipt: "r" }, "3");
          const { command } = await late.receive();
          await late.drop();
          return command === "ERROR";
        },
        10_000,
      );
      await watcher.drop();
    });

    it("JR-009 request and reply on one connection, and over two", async () => {
      const server = await connect();
      await server.subscribe("1", "/queue/requests");
      const answer = async (): Promise<void> => {
        const request = await server.expect("MESSAGE");
        server.asyncSend(request.header("reply-to")!, `${request.text}!`, {
          "correlation-id": request.header("correlation-id")!,
        });
      };
      for (const kind of ["queue", "topic"]) {
        const client = kind === "queue" ? await connect() : server;
        const replies = `/temp-${kind}/replies`;
        await client.subscribe("replies", replies);
        client.asyncSend("/queue/requests", kind, { "reply-to": replies, "correlation-id": 7 });
        await answer();
        const reply = await client.message(`${kind}!`);
        assert.equal(reply.header("correlation-id"), "7");
        assert.equal(reply.header("subscription"), "replies");
        if (client !== server) await client.drop();
      }
      await server.drop();
    });

    it("2.7 an MQTT client answers to a temporary topic by its real name", async () => {
      const wire = await connect();
      const mqtt = await MqttWire.connect(broker.now);
      await wire.subscribe("1", "/temp-topic/answers");
      wire.asyncSend("/temp-topic/answers", "who am I?");
      const real = (await wire.message("who am I?")).header("destination")!;
      await mqtt.publish(real.replace("/topic/", "").replaceAll(".", "/"), "from MQTT", 1);
      await wire.message("from MQTT");
      await wire.drop();
      await mqtt.disconnect();
    });

    it("ST-067 a reply-to that is no destination", async () => {
      const wire = await connect();
      const headers = { "reply-to": "sms:8139993334444" };
      await wire.syncSend("/queue/odd.reply", "1", headers);
      wire.send("SUBSCRIBE", { id: "1", destination: "/queue/odd.reply" });
      assert.equal((await wire.message("1")).header("reply-to"), "sms:8139993334444");
      await wire.drop();
    });

    it("2.9 a composite of a temporary and an ordinary queue, and a transaction", async () => {
      const wire = await connect();
      await wire.subscribe("1", "/temp-queue/mixed,/queue/mixed");
      wire.asyncSend("/temp-queue/mixed", "1", { transaction: "x" });
      wire.asyncSend("/queue/mixed", "2", { transaction: "x" });
      await expectNothing(wire);
      wire.send("COMMIT", { transaction: "x" });
      await expectBodies(wire, "1", "2");
      await wire.drop();
    });
  });
}
