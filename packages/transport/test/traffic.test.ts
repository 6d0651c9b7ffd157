import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { WebSocket } from "ws";
import { Turn } from "../src/index.ts";
import { Client, frame, start, until } from "./support.ts";

const OPEN = Buffer.concat([Buffer.from("echo"), frame("hi")]);
const ANSWER = frame("hi");

describe("traffic", () => {
  test("bytes and sockets of all connectors of a turn", async () => {
    const turn = new Turn();
    const { traffic } = turn;
    await using one = await start(undefined, {}, { turn });
    await using other = await start(undefined, {}, { turn });
    const clients = [await Client.connect(one.port), await Client.connect(other.port)];
    for (const client of clients) {
      client.send(OPEN);
      assert.deepEqual(await client.read(ANSWER.length), ANSWER);
    }
    assert.deepEqual([traffic.receivedBytes, traffic.sentBytes], [2 * OPEN.length, 2 * ANSWER.length]);
    assert.deepEqual([traffic.sockets, traffic.socketsOpen, traffic.socketsMax], [2, 2, 2]);
    clients[0]!.close();
    await until(() => traffic.socketsOpen === 1);
    assert.deepEqual([traffic.sockets, traffic.socketsMax], [2, 2]);
    clients[1]!.close();
  });

  for (const bind of ["ws://127.0.0.1:0/", "tcp://127.0.0.1:0"]) {
    test(`what a WebSocket on ${bind} carries counts once, and is one socket`, async () => {
      const turn = new Turn();
      await using rig = await start(bind, {}, { turn });
      const socket = new WebSocket(`ws://127.0.0.1:${rig.port}/`);
      await once(socket, "open");
      const { receivedBytes: before } = turn.traffic;
      const sentBefore = turn.traffic.sentBytes;
      socket.send(OPEN);
      await once(socket, "message");
      assert.equal(turn.traffic.receivedBytes - before, OPEN.length);
      assert.equal(turn.traffic.sentBytes - sentBefore, ANSWER.length);
      assert.equal(turn.traffic.sockets, 1);
      socket.terminate();
    });
  }
});
