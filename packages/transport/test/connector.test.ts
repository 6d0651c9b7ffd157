import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { addressText } from "../src/address-text.ts";
import { Client, frame, start, until } from "./support.ts";

const OPEN = Buffer.concat([Buffer.from("echo"), frame("hi")]);

describe("connector", () => {
  test("10.6 connection_limit: who is too many waits, and is served when one leaves", async () => {
    await using rig = await start(undefined, { connectionLimit: 2 });
    const clients: Client[] = [];
    for (let i = 0; i < 5; i++) {
      const client = await Client.connect(rig.port);
      client.send(OPEN);
      clients.push(client);
      if (i < 2) await client.read(6);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(rig.connector.connectionCount, 2);
    assert.equal(rig.adapter.handlers.length, 2);
    assert.deepEqual(rig.console.texts("limit"), ["Connection limit reached. Clients connected: 2"]);
    for (let i = 0; i < 5; i++) {
      if (i >= 2) assert.deepEqual(await clients[i]!.read(6), frame("hi"));
      clients[i]!.close();
    }
    await until(() => rig.connector.connectionCount === 0);
    const again = await Client.connect(rig.port);
    again.send(OPEN);
    await again.read(6);
    again.close();
  });

  test("10.6 more than the backlog do not wait", async () => {
    await using rig = await start("tcp://127.0.0.1:0?backlog=1", { connectionLimit: 1 });
    const first = await Client.connect(rig.port);
    first.send(OPEN);
    await first.read(6);
    const second = await Client.connect(rig.port);
    const third = await Client.connect(rig.port);
    await until(() => third.isClosed);
    assert.equal(second.isClosed, false);
    first.close();
    second.close();
  });

  for (const { what, uri, text } of [
    {
      what: "a port in use",
      uri: "",
      text: /^Cannot listen at tcp:\/\/127\.0\.0\.1:\d+: the port is in use; [^\n]+$/,
    },
    {
      what: "an unknown host",
      uri: "tcp://no.such.host.invalid:0",
      text: /the host name (is unknown|cannot be looked up)/,
    },
    {
      what: "a foreign address",
      uri: "tcp://203.0.113.7:0",
      text: /this machine does not have that address/,
    },
  ])
    test(`10.5 CANNOT_LISTEN: ${what}`, async () => {
      const taken = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => taken.once("listening", resolve));
      const address = taken.address() as { port: number };
      await assert.rejects(start(uri || `tcp://127.0.0.1:${address.port}`), {
        code: "CANNOT_LISTEN",
        message: text,
      });
      taken.close();
    });

  test("7.8 an unknown protocol", async () => {
    await assert.rejects(start(undefined, { protocol: "gopher" }), {
      code: "BAD_CONFIGURATION",
      message: "Connector 'test': protocol named 'gopher' does not exist",
    });
  });

  test("10.5 the bound URI; [::] takes IPv4 too", async (t) => {
    const rig = await start("tcp://[::]:0").catch(() => undefined);
    if (rig === undefined) return t.diagnostic("no IPv6 here");
    assert.equal(rig.connector.boundUri, `tcp://[::]:${rig.port}`);
    const client = await Client.connect(rig.port);
    client.send(OPEN);
    await client.read(6);
    assert.match(rig.adapter.last.connection.remoteAddress, /^127\.0\.0\.1:\d+$/);
    client.close();
    await rig.connector.stop();
  });

  test("stop: what was written arrives, then everything is closed", async () => {
    const rig = await start();
    const client = await Client.connect(rig.port);
    const silent = await Client.connect(rig.port);
    client.send(OPEN);
    await client.read(6);
    const big = Buffer.alloc(3_000_000, 7);
    rig.adapter.last.connection.output.write(big, 0, big.length, true);
    await rig.connector.stop(2_000);
    assert.equal((await client.rest()).length, big.length);
    await until(() => silent.isClosed);
    assert.equal(rig.adapter.last.closedCount, 1);
    assert.equal(rig.connector.connectionCount, 0);
    await assert.rejects(Client.connect(rig.port), { code: "ECONNREFUSED" });
  });

  test("stop: who does not read is destroyed after the grace", async () => {
    const rig = await start();
    const client = await Client.connect(rig.port);
    client.send(OPEN);
    await client.read(6);
    client.socket.pause();
    const big = Buffer.alloc(30_000_000);
    rig.adapter.last.connection.output.write(big, 0, big.length, true);
    await rig.connector.stop(50);
    assert.equal(rig.adapter.last.closedCount, 1);
    client.close();
  });

  for (const { address, port, text } of [
    { address: "127.0.0.1", port: 5, text: "127.0.0.1:5" },
    { address: "::ffff:10.0.0.1", port: 5, text: "10.0.0.1:5" },
    { address: "::1", port: 5, text: "[::1]:5" },
    { address: undefined, port: undefined, text: "unknown:0" },
  ])
    test(`16 address text ${text}`, () => assert.equal(addressText(address, port), text));
});
