import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { SocketWire } from "../src/socket-wire.ts";
import type { WireOwner } from "../src/wire.ts";
import { until } from "./support.ts";

test("a socket without a handle to take is read in ordinary chunks", async () => {
  const events: string[] = [];
  const written: string[] = [];
  const owner: WireOwner = {
    received: (bytes, start, end) => void events.push(Buffer.from(bytes.subarray(start, end)).toString()),
    drained: () => void events.push("drained"),
    ended: () => void events.push("ended"),
    gone: () => void events.push("gone"),
  };
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk.toString());
      done();
    },
  });
  stream.pause(); // as a server with pauseOnConnect leaves it
  const wire = SocketWire.openTcp(stream as Socket, new Uint8Array(10), owner);
  stream.push("one");
  await until(() => events.length === 1);
  assert.equal(wire.send(Buffer.from("out"), false), true);
  wire.send(Buffer.from("a"), true);
  wire.send(Buffer.from("b"), false);
  assert.deepEqual(written, ["out"]);
  wire.flush();
  assert.deepEqual(written, ["out", "a", "b"]);
  stream.push(null);
  await until(() => events.includes("ended"));
  wire.end();
  await until(() => events.includes("gone"));
  assert.deepEqual(events, ["one", "ended", "gone"]);
});

test("an error that no close follows, as some of TLS, ends the connection", async () => {
  let goneCount = 0;
  const owner: WireOwner = {
    received: () => undefined,
    drained: () => undefined,
    ended: () => undefined,
    gone: () => void goneCount++,
  };
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  SocketWire.openTls(stream as Socket, owner);
  stream.emit("error", new Error("ERR_TLS_SESSION_ATTACK"));
  await until(() => goneCount === 1);
  assert.ok(stream.destroyed);
});
