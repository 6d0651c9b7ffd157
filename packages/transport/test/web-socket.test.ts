import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { describe, test } from "node:test";
import { WebSocket } from "ws";
import { issue } from "./certificates.ts";
import { frame, start, until } from "./support.ts";

const identity = issue([{ shortName: "CN", value: "localhost" }]);
const secure = { key: identity.key, cert: identity.cert, ca: [] };
const OPEN = Buffer.concat([Buffer.from("echo"), frame("hi")]);

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

function ask(port: number, method: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", method, headers, agent: false }, (answer) => {
      let body = "";
      answer.on("data", (chunk) => {
        body += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode!, headers: answer.headers, body }));
    });
    sent.on("error", reject).end();
  });
}

async function open(url: string, protocols: string[] = [], options: object = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, protocols, { rejectUnauthorized: false, ...options });
  await once(socket, "open");
  return socket;
}

function next(socket: WebSocket): Promise<[Buffer, boolean]> {
  return once(socket, "message") as Promise<[Buffer, boolean]>;
}

describe("WebSocket", () => {
  for (const { bind, scheme } of [
    { bind: "ws://127.0.0.1:0/", scheme: "ws" },
    { bind: "wss://127.0.0.1:0/", scheme: "wss" },
    { bind: "tcp://127.0.0.1:0", scheme: "ws" },
    { bind: "tcp://127.0.0.1:0", scheme: "wss" },
    { bind: "tls://127.0.0.1:0", scheme: "wss" },
  ])
    test(`19 ${scheme} on ${bind}: messages are one stream, the protocol is detected in it`, async () => {
      await using rig = await start(bind, {}, { secure });
      const socket = await open(`${scheme}://127.0.0.1:${rig.port}/anything`);
      socket.send(Buffer.from("ec"));
      socket.send(Buffer.concat([Buffer.from("ho"), frame("hi").subarray(0, 5)]));
      socket.send(frame("hi").subarray(5));
      assert.deepEqual(await next(socket), [frame("hi"), true]);
      const big = frame(Buffer.alloc(1_500_000, "w"));
      socket.send(big);
      let got = 0;
      while (got < big.length) got += (await next(socket))[0].length;
      assert.equal(got, big.length);
      const { remoteAddress } = rig.adapter.last.connection;
      assert.match(remoteAddress, /^127\.0\.0\.1:\d+$/);
      socket.close();
      await once(socket, "close");
      await until(() => rig.adapter.last.closedCount === 1 && rig.connector.connectionCount === 0);
      assert.equal(rig.log.texts("disconnected:").length, 1);
    });

  test("19 text is answered with text, one message a turn; what is no UTF-8 goes as binary", async () => {
    await using rig = await start("ws://127.0.0.1:0/");
    const socket = await open(`ws://127.0.0.1:${rig.port}/`);
    socket.send(`echo${frame("ü").toString("latin1")}`.replace("Ã¼", "ü"));
    assert.deepEqual(await next(socket), [frame("ü"), false]);
    const { output } = rig.adapter.last.connection;
    const bytes = Buffer.from("ä".repeat(20_000));
    output.write(bytes, 0, 17_001, true);
    output.write(bytes, 17_001, bytes.length, false);
    assert.deepEqual(await next(socket), [bytes, false]);
    output.write(Buffer.of(0xff, 0xfe), 0, 2, false);
    assert.deepEqual(await next(socket), [Buffer.of(0xff, 0xfe), true]);
    socket.terminate();
  });

  for (const { offered, chosen } of [
    { offered: ["else.v1"], chosen: "else.v1" },
    { offered: ["foo", "echo.v1"], chosen: "echo.v1" },
    { offered: ["foo", "bar"], chosen: "foo" },
    { offered: [], chosen: "" },
  ])
    test(`10.3 sub-protocols ${offered.join(", ") || "none"}`, async () => {
      await using rig = await start("ws://127.0.0.1:0/");
      const socket = await open(`ws://127.0.0.1:${rig.port}/`, offered);
      assert.equal(socket.protocol, chosen);
      // what it says decides, whatever name was agreed on
      socket.send(`echo${frame("x").toString("latin1")}`);
      await next(socket);
      assert.equal([...rig.connector.connections][0]!.protocol, "echo");
      socket.terminate();
    });

  test("10.3 a plain request gets {} and no more", async () => {
    await using rig = await start("ws://127.0.0.1:0/");
    const got = await ask(rig.port, "GET", { Origin: "http://a" });
    assert.deepEqual([got.status, got.headers["content-type"], got.body], [200, "application/json", "{}\n"]);
    assert.equal(got.headers["access-control-allow-origin"], undefined);
    assert.equal((await ask(rig.port, "POST")).status, 405);
    await until(() => rig.connector.connectionCount === 0);
  });

  test("10.3 cors_origin: headers for the allowed, 403 for the others' handshakes", async () => {
    await using rig = await start("ws://127.0.0.1:0/?cors_origin=http://a,http://b");
    const got = await ask(rig.port, "OPTIONS", {
      Origin: "http://b",
      "Access-Control-Request-Headers": "x-y",
    });
    assert.deepEqual(
      ["origin", "methods", "headers"].map((name) => got.headers[`access-control-allow-${name}`]),
      ["http://b", "GET, POST, PUT, DELETE", "x-y"],
    );
    assert.equal(got.headers["access-control-max-age"], "86400");
    assert.equal(
      (await ask(rig.port, "GET", { Origin: "http://c" })).headers["access-control-allow-origin"],
      undefined,
    );
    const url = `ws://127.0.0.1:${rig.port}/`;
    await assert.rejects(open(url, [], { origin: "http://c" }), /Unexpected server response: 403/);
    (await open(url, [], { origin: "http://a" })).terminate();
  });

  test("10.3 messages have a size limit by type", async () => {
    await using rig = await start("ws://127.0.0.1:0/?max_text_message_size=10&max_binary_message_size=1k");
    for (const message of ["x".repeat(11), Buffer.alloc(1025)]) {
      const socket = await open(`ws://127.0.0.1:${rig.port}/`);
      socket.on("error", () => undefined);
      socket.send(message);
      const [code] = await once(socket, "close");
      assert.equal(code, 1009);
    }
  });

  test("10.3 max_idle_time: who answers pings stays, who does not goes", async () => {
    await using rig = await start("ws://127.0.0.1:0/?max_idle_time=100");
    const alive = await open(`ws://127.0.0.1:${rig.port}/`);
    const dead = await open(`ws://127.0.0.1:${rig.port}/`, [], { autoPong: false });
    await once(dead, "close");
    assert.equal(alive.readyState, alive.OPEN);
    alive.terminate();
  });

  test("back-pressure: a paused handler stops the client, a slow client fills the output", async () => {
    await using rig = await start("ws://127.0.0.1:0/?write_buffer_size=64k");
    const socket = await open(`ws://127.0.0.1:${rig.port}/`);
    socket.send(OPEN);
    await next(socket);
    const handler = rig.adapter.last;
    handler.pauseAfter = 2;
    handler.echoing = false;
    const message = frame(Buffer.alloc(100_000));
    for (let i = 0; i < 200; i++) socket.send(message);
    await until(() => handler.sizes.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(socket.bufferedAmount > 5_000_000, `${socket.bufferedAmount}`);
    handler.pauseAfter = 1_000;
    handler.connection.resumeReading();
    await until(() => handler.sizes.length === 201);
    socket.pause();
    const { output } = handler.connection;
    const piece = Buffer.alloc(60_000);
    while (!output.full) {
      output.write(piece, 0, piece.length, true);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.resume();
    await until(() => handler.drainedCount === 1);
    socket.terminate();
  });

  test("close says goodbye", async () => {
    await using rig = await start("ws://127.0.0.1:0/");
    const socket = await open(`ws://127.0.0.1:${rig.port}/`);
    socket.send(Buffer.concat([OPEN, frame("close")]));
    const message = next(socket);
    const [code] = await once(socket, "close");
    assert.deepEqual((await message)[0], frame("hi"));
    assert.equal(code, 1000);
    await until(() => rig.adapter.last.closedCount === 1);
  });
});
