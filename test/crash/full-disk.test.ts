import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import mqtt from "mqtt";
import { AmqpClient } from "../harness/amqp-client.ts";
import { Instance, makeInstance } from "../harness/instance.ts";
import { TYPE } from "../harness/mqtt-packet.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { canMount, SmallDisk } from "../harness/small-disk.ts";
import { StompChat } from "../harness/stomp-chat.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { eventually } from "../harness/waiting.ts";
import { edits, onlyTcp, storeAttributes, withoutAuthentication } from "../harness/xml.ts";

const DISK_MIB = 32;
const BALLAST_MIB = 16;
const BODY_BYTES = 50_000;

if (canMount()) {
  describe("a full disk [architecture 6]", () => {
    const place: { disk?: SmallDisk; broker?: Instance; base: string } = { base: "" };
    const broker = (): Instance => place.broker!;
    /** Bodies whose receipts came. */
    const confirmed: string[] = [];
    const start = async (): Promise<void> => {
      place.broker = await Instance.start(place.base, { program: place.disk!.program });
    };

    before(async () => {
      place.base = makeInstance({
        durable: true,
        xml: edits(withoutAuthentication, onlyTcp, storeAttributes('log_size="1m" log_compression="none"')),
      });
      place.disk = await SmallDisk.make(place.base, DISK_MIB);
      place.disk.fill(BALLAST_MIB);
      await start();
    });
    after(async () => {
      await place.broker?.kill();
      place.disk?.destroy();
    });

    /** Sends until the broker refuses. @returns the text of the refusal */
    async function sendUntilRefused(): Promise<string> {
      const wire = await StompWire.connect(broker());
      for (let left = 1_000; left > 0; left -= 1) {
        const body = `${confirmed.length} ${randomBytes(BODY_BYTES / 2).toString("hex")}`;
        wire.sendWithReceipt("SEND", { destination: "/queue/full", persistent: "true" }, body);
        const { command, lines, text } = await wire.receive();
        if (command === "ERROR") return text === "" ? lines.join("\n") : text;
        assert.equal(command, "RECEIPT");
        confirmed.push(body);
      }
      throw new Error("the disk did not fill up");
    }

    it("producers over STOMP, MQTT and AMQP are refused with the reason; what needs no disk goes on", async () => {
      assert.match(await sendUntilRefused(), /No space left on device/);
      assert.ok(confirmed.length > 10, `${confirmed.length} were confirmed`);
      assert.match(await sendUntilRefused(), /No space left on device/);

      const old = await MqttWire.connect(broker());
      await MqttWire.connect(broker(), { clientId: "collector", clean: true }).then((one) =>
        one.subscribe("t", 1),
      );
      const durable = await StompWire.connect(broker());
      await durable.syncSend("/queue/volatile", "1");
      durable.send("SUBSCRIBE", { id: "0", destination: "/queue/volatile" });
      await durable.message("1");
      await old.publish("t", "nobody keeps it", 1);
      await old.drop();

      const client = await AmqpClient.connect(broker());
      const sender = await client.sender("queue://full");
      const outcome = client.outcome(sender);
      sender.send({ durable: true, body: "refused" });
      assert.deepEqual(await outcome, { name: "rejected", condition: "amqp:internal-error" });
      await client.close();
    });

    it("MQTT: 5.0 is told why, 3.1.1 gets no PUBACK", async () => {
      const five = await mqtt.connectAsync(`mqtt://localhost:${broker().port("tcp")}`, {
        protocolVersion: 5,
        reconnectPeriod: 0,
      });
      const retained = { qos: 1, retain: true } as const;
      await assert.rejects(five.publishAsync("kept", "refused", retained), { code: 0x97 });
      await five.publishAsync("volatile", "nobody keeps it", { qos: 1 });
      await five.endAsync();
      const old = await MqttWire.connect(broker());
      old.publishOnly("kept", "refused", 1, true);
      await assert.rejects(old.expect(TYPE.PUBACK), /the connection closed/);
    });

    it("consumers get what is there; their acknowledgements are confirmed when there is room again", async () => {
      const chat = await StompChat.connect(broker());
      chat.wire.send("SUBSCRIBE", { id: "0", destination: "/queue/full", ack: "client-individual" });
      const first = await chat.message(confirmed[0]!);
      const acknowledged = chat.sync("ACK", chat.wire.ackHeaders(first));
      place.disk!.free();
      await acknowledged;
      confirmed.shift();
      await eventually("a send that is confirmed", async () => {
        const wire = await StompWire.connect(broker());
        const body = `after ${confirmed.length}`;
        wire.sendWithReceipt("SEND", { destination: "/queue/full", persistent: "true" }, body);
        const { command } = await wire.receive();
        await wire.drop();
        return command === "RECEIPT" && confirmed.push(body);
      });
    });

    it("nothing is lost or invented, over a kill and a start on a disk that is full again", async () => {
      await broker().kill();
      await start();
      const chat = await StompChat.connect(broker());
      chat.wire.send("SUBSCRIBE", { id: "0", destination: "/queue/full", ack: "client" });
      for (const body of confirmed) await chat.message(body);
      await chat.nothingMore();
      await chat.wire.drop();
    });

    it("it stops in time while the disk is full, and the next start has everything", async () => {
      place.disk!.fill(BALLAST_MIB);
      await sendUntilRefused();
      assert.equal(await broker().stop(), 0, broker().everything);
      place.disk!.free();
      await start();
      const chat = await StompChat.connect(broker());
      chat.wire.send("SUBSCRIBE", { id: "0", destination: "/queue/full", ack: "client" });
      for (const body of confirmed) await chat.message(body);
      await chat.nothingMore();
      assert.match(broker().stdout, /Accepting/);
    });
  });
}
