import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeClock } from "@tsapollo/testkit";
import { identifyHttp, identifyTls } from "../src/signatures.ts";
import { Client, frame, start, until } from "./support.ts";

const HELLO = [0x16, 3, 1, 2, 0, 1];

describe("detection", () => {
  for (const { name, bytes, tls, http } of [
    { name: "nothing yet", bytes: [], tls: "maybe", http: "maybe" },
    { name: "ClientHello", bytes: HELLO, tls: "yes", http: "no" },
    { name: "part of it", bytes: HELLO.slice(0, 5), tls: "maybe", http: "no" },
    { name: "ServerHello", bytes: [0x16, 3, 1, 2, 0, 2], tls: "no", http: "no" },
    { name: "record of TLS 9", bytes: [0x16, 9], tls: "no", http: "no" },
    { name: "GE", bytes: [...Buffer.from("GE")], tls: "no", http: "maybe" },
    { name: "GET", bytes: [...Buffer.from("GET / HTTP/1.1")], tls: "no", http: "yes" },
    { name: "OPTIONS", bytes: [...Buffer.from("OPTIONS * HTTP/1.1")], tls: "no", http: "yes" },
    { name: "STOMP's CONNECT", bytes: [...Buffer.from("CONNECT\n")], tls: "no", http: "no" },
  ])
    test(`11.3 ${name}`, () => {
      assert.equal(identifyTls(Uint8Array.from(bytes)), tls);
      assert.equal(identifyHttp(Uint8Array.from(bytes)), http);
    });

  test("11.2 the protocol is found when the bytes come one by one, and logged once", async () => {
    await using rig = await start();
    const client = await Client.connect(rig.port);
    for (const byte of Buffer.concat([Buffer.from("echo"), frame("hi")])) {
      client.send(Buffer.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.deepEqual(await client.read(6), frame("hi"));
    const { localAddress, remoteAddress } = rig.adapter.last.connection;
    assert.equal(remoteAddress, `127.0.0.1:${client.socket.localPort}`);
    assert.deepEqual(rig.log.texts("connected:"), [
      `connected: local:${localAddress}, remote:${remoteAddress}`,
    ]);
    assert.deepEqual(rig.log.events.at(0)?.fields, { ...rig.log.events[0]!.fields, protocol: "echo" });
    client.close();
    await until(() => rig.log.texts("disconnected:").length === 1);
  });

  test("11.2 what nobody knows is closed with a reason", async () => {
    await using rig = await start();
    const client = await Client.connect(rig.port);
    client.send("nonsense");
    await until(() => client.isClosed);
    assert.match(rig.log.texts("down due to")[0]!, /down due to: Could not identify the protocol\.$/);
    assert.deepEqual(rig.log.texts("connected:"), []);
  });

  test("11.1 who stays silent is closed silently at the deadline", async () => {
    const clock = new FakeClock();
    const rig = await start(undefined, { detectTimeoutMs: 5_000 }, { clock });
    const client = await Client.connect(rig.port);
    client.send("ec");
    await until(() => rig.connector.connectionCount === 1 && clock.timerCount === 1);
    clock.advance(4_999);
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(client.isClosed, false);
    clock.advance(1);
    await until(() => client.isClosed);
    assert.deepEqual(rig.log.events, []);
    await until(() => rig.connector.connectionCount === 0);
    await rig.connector.stop();
  });

  test("11.1 protocols restricts the candidates", async () => {
    await using rig = await start(undefined, { detectProtocols: ["else"] });
    const client = await Client.connect(rig.port);
    client.send("echo", frame("hi"));
    await until(() => client.isClosed);
    assert.equal(rig.adapter.handlers.length, 0);
  });

  test("7.8 with a fixed protocol nothing is detected", async () => {
    await using rig = await start(undefined, { protocol: "echo" });
    const client = await Client.connect(rig.port);
    client.send("GET ", frame("hi"));
    assert.deepEqual(await client.read(6), frame("hi"));
    client.close();
  });

  test("11.3 an HTTP request is told what the port speaks", async () => {
    await using rig = await start(
      undefined,
      {},
      { webHint: () => "The console is at http://127.0.0.1:61680/\n" },
    );
    const client = await Client.connect(rig.port);
    client.send("GE");
    await new Promise((resolve) => setTimeout(resolve, 5));
    client.send("T / HTTP/1.1\r\nHost: x\r\n\r\n");
    const answer = await client.rest();
    assert.match(answer, /^HTTP\/1.1 400 /);
    assert.match(answer, /Content-Type: text\/plain/i);
    assert.match(answer, /This port speaks echo, else .*\nThe console is at http:\/\/127/s);
    await until(() => rig.connector.connectionCount === 0);
  });

  test("a request that never ends is closed at the handshake deadline", async () => {
    await using rig = await start(undefined, { handshakeTimeoutMs: 50 });
    const client = await Client.connect(rig.port);
    client.send("GET / HTTP/1.1\r\nHost:");
    await until(() => client.isClosed);
    assert.equal(rig.adapter.handlers.length, 0);
  });
});
