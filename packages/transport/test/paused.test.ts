import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import type { Clock } from "@tsapollo/domain";
import { WebSocket } from "ws";
import { issue } from "./certificates.ts";
import { CLOCK, type EchoHandler, frame, type Rig, start, until } from "./support.ts";

const identity = issue([{ shortName: "CN", value: "localhost" }]);
const secure = { key: identity.key, cert: identity.cert, ca: [] };

/** A client of any wire. */
interface Peer {
  send(bytes: Uint8Array): void;
  /** Says goodbye in order, after everything was sent. */
  finish(): void;
  /** Vanishes: the kernel says FIN, or RST. */
  vanish(how: "close" | "reset"): void;
}

async function tcp(port: number): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1").on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

function peer(stream: Socket, raw: Socket): Peer {
  return {
    send: (bytes) => void stream.write(bytes),
    finish: () => void stream.end(),
    vanish: (how) => void (how === "close" ? raw.destroy() : raw.resetAndDestroy()),
  };
}

async function secured(raw: Socket): Promise<Socket> {
  const socket = connectTls({ socket: raw, rejectUnauthorized: false }).on("error", () => undefined);
  await once(socket, "secureConnect");
  return socket;
}

async function tlsPeer(port: number): Promise<Peer> {
  const raw = await tcp(port);
  return peer(await secured(raw), raw);
}

async function webPeer(port: number, isSecure = false): Promise<Peer> {
  const raw = await tcp(port);
  const stream = isSecure ? await secured(raw) : raw;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { createConnection: () => stream });
  socket.on("error", () => undefined);
  await once(socket, "open");
  return {
    send: (bytes) => socket.send(bytes),
    finish: () => socket.close(1000),
    vanish: (how) => void (how === "close" ? raw.destroy() : raw.resetAndDestroy()),
  };
}

const WIRES: readonly { readonly bind: string; readonly open: (port: number) => Promise<Peer> }[] = [
  {
    bind: "tcp://127.0.0.1:0",
    open: async (port) => {
      const socket = await tcp(port);
      return peer(socket, socket);
    },
  },
  { bind: "tls://127.0.0.1:0", open: tlsPeer },
  { bind: "ws://127.0.0.1:0/", open: webPeer },
  { bind: "wss://127.0.0.1:0/", open: (port) => webPeer(port, true) },
];

/** Probes come fast here; a test waits for what they bring about, not for them. */
const QUICK = "paused_probe=10&paused_bytes=16k&max_paused_bytes=256k";
const READ_BYTES = 64 * 1024;

/** A connection whose handler took one frame and wants no more. */
async function blocked(rig: Rig, open: (port: number) => Promise<Peer>): Promise<[Peer, EchoHandler]> {
  const count = rig.adapter.handlers.length;
  const client = await open(rig.port);
  client.send(Buffer.from("echo"));
  await until(() => rig.adapter.handlers.length > count);
  const handler = rig.adapter.last;
  handler.pauseAfter = 1;
  client.send(frame("first"));
  await until(() => handler.sizes.length === 1);
  return [client, handler];
}

function numbered(count: number): { readonly bytes: Buffer; readonly bodies: string[] } {
  const bodies = Array.from({ length: count }, (_, i) => `message ${i}`);
  return { bytes: Buffer.concat(bodies.map((body) => frame(body.padEnd(1000)))), bodies };
}

function resume(handler: EchoHandler): void {
  handler.pauseAfter = Number.POSITIVE_INFINITY;
  handler.connection.resumeReading();
}

/** Counts the timers that connections set, and lets a test wait for some more. */
class CountingClock implements Clock {
  count = 0;
  nowMs = CLOCK.nowMs;
  after(delayMs: number, callback: () => void): ReturnType<Clock["after"]> {
    this.count += 1;
    return CLOCK.after(delayMs, callback);
  }
  async timers(more: number): Promise<void> {
    const wanted = this.count + more;
    await until(() => this.count >= wanted);
  }
}

for (const { bind, open } of WIRES)
  describe(`paused ${bind}`, () => {
    for (const how of ["close", "reset"] as const) {
      test(`50 peers that ${how} are noticed`, async () => {
        await using rig = await start(`${bind}?${QUICK}`, {}, { secure });
        const all = await Promise.all(Array.from({ length: 50 }, () => open(rig.port)));
        for (const client of all) client.send(Buffer.from("echo"));
        await until(() => rig.adapter.handlers.length === 50);
        for (const handler of rig.adapter.handlers) handler.pauseAfter = 1;
        for (const client of all) client.send(frame("first"));
        await until(() => rig.adapter.handlers.every((handler) => handler.sizes.length === 1));
        for (const client of all) client.vanish(how);
        await until(() => rig.connector.connectionCount === 0);
        await until(() => rig.adapter.handlers.every((handler) => handler.closedCount === 1));
      });
    }

    test("a reset is noticed behind more than may be kept", async () => {
      const clock = new CountingClock();
      await using rig = await start(`${bind}?${QUICK}`, {}, { secure, clock });
      const [client, handler] = await blocked(rig, open);
      for (let i = 0; i < 100; i++) client.send(Buffer.alloc(20_000));
      // Of a WebSocket, the last message that was read may be incomplete.
      await until(() => receivedBytes(rig) >= 230 * 1024);
      await clock.timers(10);
      client.vanish("reset");
      await until(() => handler.closedCount === 1 && rig.connector.connectionCount === 0);
    });

    test("what is kept is bounded, however long it lasts; nothing is lost", async () => {
      const clock = new CountingClock();
      await using rig = await start(`${bind}?${QUICK}`, {}, { secure, clock });
      const [client, handler] = await blocked(rig, open);
      const { bytes, bodies } = numbered(4_000);
      for (let at = 0; at < bytes.length; at += 20_000) client.send(bytes.subarray(at, at + 20_000));
      await until(() => receivedBytes(rig) >= 230 * 1024);
      await clock.timers(10);
      assert.ok(receivedBytes(rig) <= 256 * 1024 + 2 * READ_BYTES, `${receivedBytes(rig)} bytes`);
      assert.equal(handler.sizes.length, 1);
      handler.echoing = false;
      resume(handler);
      await until(() => handler.sizes.length === 4_001);
      assert.deepEqual(handler.bodies.slice(1).map(trimmed), bodies);
      client.finish();
      await until(() => handler.closedCount === 1);
    });

    test("what came before the end is taken first, in pieces if need be, then closed follows once", async () => {
      await using rig = await start(`${bind}?${QUICK}`, {}, { secure });
      const [client, handler] = await blocked(rig, open);
      const { bytes, bodies } = numbered(100);
      client.send(bytes);
      client.finish();
      await until(() => receivedBytes(rig) >= bytes.length);
      assert.deepEqual([handler.sizes.length, handler.closedCount], [1, 0]);
      handler.pauseAfter = 50;
      handler.connection.resumeReading();
      await until(() => handler.sizes.length === 50);
      assert.equal(handler.closedCount, 0);
      resume(handler);
      await until(() => handler.closedCount === 1 && rig.connector.connectionCount === 0);
      assert.deepEqual(handler.bodies.slice(1).map(trimmed), bodies);
    });

    test("what nobody takes is given up in the end, with a log line", async () => {
      await using rig = await start(`${bind}?${QUICK}&paused_end_timeout=20`, {}, { secure });
      const [client, handler] = await blocked(rig, open);
      client.send(frame("second"));
      client.finish();
      await until(() => handler.closedCount === 1 && rig.connector.connectionCount === 0);
      assert.match(rig.log.texts("down due to")[0]!, /its last 10 bytes were not taken; paused_end_timeout/);
      assert.deepEqual([...rig.connector.connections], []);
    });
  });

function trimmed(body: string): string {
  return body.trim();
}

/** Bytes that arrived on the one connection. */
function receivedBytes(rig: Rig): number {
  return [...rig.connector.connections].at(-1)?.receivedBytes ?? 0;
}

describe("paused", () => {
  test("who ends his half only gets the answers to what was taken later", async () => {
    await using rig = await start(`tcp://127.0.0.1:0?${QUICK}`);
    const socket = await tcp(rig.port);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    const [, handler] = await blocked(rig, async () => peer(socket, socket));
    socket.end(frame("second"));
    await until(() => receivedBytes(rig) === 4 + 9 + 10);
    resume(handler);
    await once(socket, "close");
    assert.equal(text, `${frame("first").toString("latin1")}${frame("second").toString("latin1")}`);
  });

  test("a pause that is short sets one timer per probe and reads nothing", async () => {
    const clock = new CountingClock();
    await using rig = await start("tcp://127.0.0.1:0", {}, { clock });
    const socket = await tcp(rig.port);
    const [client, handler] = await blocked(rig, async () => peer(socket, socket));
    const before = clock.count;
    for (let i = 0; i < 100; i++) {
      handler.connection.resumeReading();
      handler.connection.pauseReading();
    }
    assert.equal(clock.count, before);
    client.vanish("close");
    handler.connection.destroy();
    await until(() => handler.closedCount === 1);
  });

  test("TLS on a port that speaks everything: a reset is noticed behind more than may be kept", async () => {
    await using rig = await start(`tcp://127.0.0.1:0?${QUICK}`, {}, { secure });
    const [client, handler] = await blocked(rig, tlsPeer);
    client.send(Buffer.alloc(2_000_000));
    await until(() => receivedBytes(rig) >= 256 * 1024);
    client.vanish("reset");
    await until(() => handler.closedCount === 1 && rig.connector.connectionCount === 0);
  });

  test("a WebSocket on a port that speaks everything: a reset is noticed", async () => {
    await using rig = await start(`tcp://127.0.0.1:0?${QUICK}`);
    for (const size of [0, 3_000_000]) {
      const [client, handler] = await blocked(rig, webPeer);
      client.send(Buffer.alloc(size));
      client.vanish("reset");
      await until(() => handler.closedCount === 1 && rig.connector.connectionCount === 0);
    }
  });

  test("an unfinished WebSocket message counts as kept", async () => {
    const clock = new CountingClock();
    await using rig = await start(`ws://127.0.0.1:0/?${QUICK}`, {}, { clock });
    const raw = await tcp(rig.port);
    const socket = new WebSocket(`ws://127.0.0.1:${rig.port}/`, { createConnection: () => raw });
    socket.on("error", () => undefined);
    await once(socket, "open");
    const [, handler] = await blocked(rig, async () => ({
      send: (bytes) => socket.send(bytes),
      finish: () => undefined,
      vanish: () => undefined,
    }));
    socket.send(Buffer.alloc(30_000_000));
    await clock.timers(100);
    assert.ok(raw.writableLength + socket.bufferedAmount > 10_000_000, `${raw.writableLength} unsent`);
    raw.resetAndDestroy();
    await until(() => handler.closedCount === 1);
  });

  for (const { how, query } of [
    { how: "close", query: "" },
    { how: "destroy", query: "" },
    { how: "stop", query: "" },
    { how: "no room", query: "&max_leftover_bytes=4100" },
  ])
    test(`input that outlives its WebSocket ends with it: ${how}`, async () => {
      await using rig = await start(`ws://127.0.0.1:0/?${QUICK}${query}`);
      const [client, handler] = await blocked(rig, webPeer);
      client.send(frame("second"));
      client.finish();
      await until(() => rig.connector.connectionCount === 0);
      if (how !== "no room") assert.equal(handler.closedCount, 0);
      if (how === "stop") await rig.connector.stop();
      else if (how === "close") handler.connection.close();
      else if (how === "destroy") handler.connection.destroy();
      await until(() => handler.closedCount === 1);
      assert.deepEqual([...rig.connector.connections], []);
      assert.deepEqual(handler.bodies, ["first"]);
    });
});
