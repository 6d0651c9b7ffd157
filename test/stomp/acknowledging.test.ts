import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import type { Frame } from "../harness/stomp-frame.ts";
import { type Hello, StompWire } from "../harness/stomp-wire.ts";
import { edits, intoConnector, withoutAuthentication } from "../harness/xml.ts";

describe("STOMP: acknowledging", { concurrency: true }, () => {
  const broker = useInstance({
    xml: edits(
      withoutAuthentication,
      intoConnector("tcp", '<stomp add_redeliveries_header="redeliveries"/>'),
    ),
  });

  async function receiveAll(
    queue: string,
    mode: string,
    bodies: readonly string[],
    hello: Hello = {},
  ): Promise<[StompWire, Frame[]]> {
    const wire = await StompWire.connect(broker.now, hello);
    for (const body of bodies) await wire.syncSend(queue, body);
    await subscribeAsync(wire, queue, mode);
    const frames: Frame[] = [];
    for (const body of bodies) frames.push(await wire.message(body));
    return [wire, frames];
  }

  async function subscribeAsync(wire: StompWire, queue: string, mode: string): Promise<void> {
    wire.send("SUBSCRIBE", { id: "1", destination: queue, ack: mode });
  }

  it("ST-061 ack:client is cumulative, the rest comes again", async () => {
    const queue = "/queue/ack.client";
    const [wire, frames] = await receiveAll(queue, "client", ["1", "2", "3"]);
    wire.ack(frames[1]!);
    await wire.disconnect();
    const next = await StompWire.connect(broker.now);
    await subscribeAsync(next, queue, "client");
    await next.message("3");
    await next.drop();
  });

  it("ST-062 client-individual redelivers what was not acknowledged", async () => {
    const queue = "/queue/ack.individual";
    const [wire, frames] = await receiveAll(queue, "client-individual", ["1", "2", "3"]);
    await wire.sync("ACK", wire.ackHeaders(frames[1]!));
    await wire.drop();
    const next = await StompWire.connect(broker.now);
    await subscribeAsync(next, queue, "client-individual");
    assert.equal((await next.message("1")).header("redeliveries"), "1");
    await next.message("3");
    await next.drop();
  });

  it("ST-063 STOMP 1.2, mode client", async () => {
    const queue = "/queue/ack.client.12";
    const [wire, frames] = await receiveAll(queue, "client", ["1", "2"], { version: "1.2" });
    wire.ack(frames[1]!);
    await wire.disconnect();
    const next = await StompWire.connect(broker.now, { version: "1.2" });
    await next.subscribe("1", queue, "client");
    next.asyncSend(queue, "3");
    await next.message("3");
    await next.drop();
  });

  it("ST-064 STOMP 1.2, mode client-individual", async () => {
    const queue = "/queue/ack.individual.12";
    const [wire, frames] = await receiveAll(queue, "client-individual", ["1", "2"], { version: "1.2" });
    wire.ack(frames[1]!);
    await wire.disconnect();
    const next = await StompWire.connect(broker.now, { version: "1.2" });
    await subscribeAsync(next, queue, "client");
    next.asyncSend(queue, "3");
    next.ack(await next.message("1"));
    next.ack(await next.message("3"));
    await next.disconnect();
  });

  it("ST-131 ACK and an abrupt end still count (APLO-88)", async () => {
    const queue = "/queue/ack.abrupt";
    for (const round of [1, 2]) {
      const wire = await StompWire.connect(broker.now);
      for (const which of [1, 2]) {
        await wire.syncSend(queue, `${round}-${which}`, { "message-id": `id-${round}-${which}` });
      }
      await subscribeAsync(wire, queue, "client");
      const first = await wire.message(`${round}-1`);
      assert.equal(first.header("message-id"), `id-${round}-1`);
      wire.ack(first);
      wire.send("DISCONNECT");
      wire.stream.end();
      await wire.ended();
      const next = await StompWire.connect(broker.now);
      await subscribeAsync(next, queue, "client");
      const second = await next.message(`${round}-2`);
      assert.equal(second.header("message-id"), `id-${round}-2`);
      await next.sync("ACK", next.ackHeaders(second));
      await next.drop();
    }
  });

  it("5.9 NACK without a limit brings the message again, counted", async () => {
    const queue = "/queue/nack.again";
    const [wire, [first]] = await receiveAll(queue, "client", ["1"]);
    assert.equal(first!.header("redeliveries"), undefined);
    wire.ack(first!, {}, "NACK");
    const again = await wire.message("1");
    assert.equal(again.header("redeliveries"), "1");
    wire.ack(again);
    wire.asyncSend(queue, "2");
    await wire.message("2");
    await wire.drop();
  });

  it("15.8 in mode client an unknown id acknowledges nothing [quirk 9]", async () => {
    const queue = "/queue/ack.unknown";
    const [wire] = await receiveAll(queue, "client", ["1", "2"]);
    wire.send("ACK", { subscription: "1", "message-id": "nobody-knows" });
    wire.sendWithReceipt("SEND", { destination: "/queue/ack.unknown.barrier" }, "x");
    await wire.receive("an answer");
    await wire.drop();
    const next = await StompWire.connect(broker.now);
    await subscribeAsync(next, queue, "client");
    await next.message("1");
    await next.message("2");
    await next.drop();
  });

  it("15.8 UNSUBSCRIBE gives back what was not acknowledged, in its order", async () => {
    const queue = "/queue/ack.back";
    const [wire] = await receiveAll(queue, "client", ["1", "2", "3"]);
    await wire.sync("UNSUBSCRIBE", { id: "1" });
    await subscribeAsync(wire, queue, "client");
    for (const body of ["1", "2", "3"]) assert.equal((await wire.message(body)).header("redeliveries"), "1");
    await wire.drop();
  });

  it("15.6 all headers of the SEND arrive, ours first", async () => {
    const wire = await StompWire.connect(broker.now);
    await wire.subscribe("s", "/queue/headers");
    wire.send(
      "SEND",
      { destination: "/queue/headers", "my-header": "a\\cb", "reply-to": "sms:8139993334444", receipt: "r" },
      "x",
    );
    const frames = [await wire.receive(), await wire.receive()];
    const message = frames.find(({ command }) => command === "MESSAGE")!;
    assert.equal(message.lines[0], "subscription:s");
    assert.equal(message.header("my-header"), "a\\cb");
    assert.equal(message.header("reply-to"), "sms:8139993334444");
    assert.equal(message.header("destination"), "/queue/headers");
    assert.match(message.header("message-id")!, /^mybroker-[0-9a-f]+$/);
    await wire.drop();
  });
});
