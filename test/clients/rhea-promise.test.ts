import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { Connection, ReceiverEvents } from "rhea-promise";
import { useInstance } from "../harness/instance.ts";
import { eventually, Mailbox } from "../harness/waiting.ts";

describe("rhea-promise", () => {
  const broker = useInstance();

  it("sends and waits for the outcome, receives, and comes back when the connection is lost", async () => {
    const pairs: Socket[] = [];
    const proxy = createServer((client) => {
      const other = connect(broker.now.port("tcp"), "127.0.0.1");
      pairs.push(client, other);
      client.on("error", () => undefined).pipe(other);
      other.on("error", () => undefined).pipe(client);
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const connection = new Connection({
      host: "localhost",
      port: (proxy.address() as AddressInfo).port,
      username: "admin",
      password: "password",
      reconnect: true,
      initial_reconnect_delay: 10,
      max_reconnect_delay: 50,
    } as never);
    await connection.open();
    const receiver = await connection.createReceiver({ source: { address: "queue://promise" } });
    const box = new Mailbox<unknown>();
    receiver.on(ReceiverEvents.message, ({ message }) => box.put(message!.body));
    const sender = await connection.createAwaitableSender({ target: { address: "queue://promise" } });
    for (const body of ["a", "b", "c"]) await sender.send({ body });
    for (const body of ["a", "b", "c"]) assert.equal(await box.take(body), body);
    for (const socket of pairs.splice(0)) socket.destroy();
    await eventually("another connection", () => pairs.length > 0);
    await eventually("credit on it", () => connection.isOpen() && sender.isOpen() && sender.credit > 0);
    await sender.send({ body: "after" });
    // what was not settled when the connection was lost comes again
    await eventually("what came after", async () => (await box.take("a message")) === "after");
    await connection.close();
    proxy.close();
  });
});
