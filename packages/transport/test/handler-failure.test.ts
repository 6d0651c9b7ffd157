import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, type EchoHandler, frame, start, until } from "./support.ts";

function fail(): never {
  throw new Error("a bug");
}

describe("an exception of a handler costs that connection only", () => {
  for (const { where, cause } of [
    {
      where: "drained",
      cause: async (handler: EchoHandler, client: Client) => {
        handler.drained = fail;
        const piece = Buffer.alloc(64 * 1024);
        client.socket.pause();
        while (!handler.connection.output.full) handler.connection.output.write(piece, 0, piece.length, true);
        client.socket.resume();
      },
    },
    {
      where: "drained, when the turn made room by itself",
      cause: async (handler: EchoHandler) => {
        handler.drained = fail;
        const piece = Buffer.alloc(64 * 1024);
        while (!handler.connection.output.full) handler.connection.output.write(piece, 0, piece.length, true);
      },
    },
    {
      where: "closed",
      cause: async (handler: EchoHandler, client: Client) => {
        handler.closed = fail;
        client.close();
      },
    },
    {
      where: "receive, when reading goes on",
      cause: async (handler: EchoHandler, client: Client) => {
        handler.pauseAfter = 2;
        client.send(Buffer.concat([frame("b"), frame("throw")]));
        await until(() => handler.sizes.length === 2);
        handler.pauseAfter = Number.POSITIVE_INFINITY;
        handler.connection.resumeReading();
      },
    },
    {
      where: "receive, when reading goes on after the peer's end",
      cause: async (handler: EchoHandler, client: Client) => {
        handler.pauseAfter = 2;
        client.send(Buffer.concat([frame("b"), frame("throw")]));
        client.socket.end();
        await until(() => handler.sizes.length === 2);
        await new Promise((resolve) => setTimeout(resolve, 20));
        handler.pauseAfter = Number.POSITIVE_INFINITY;
        handler.connection.resumeReading();
      },
    },
  ])
    test(where, async () => {
      await using rig = await start("tcp://127.0.0.1:0?write_buffer_size=100k&paused_probe=1");
      const bad = await Client.connect(rig.port);
      bad.send("echo", frame("a"));
      await bad.read(5);
      const handler = rig.adapter.last;
      const good = await Client.connect(rig.port);
      good.send("echo", frame("a"));
      await good.read(5);
      await cause(handler, bad);
      await until(() => rig.log.texts("down due to").length === 1 && rig.connector.connectionCount === 1);
      assert.match(rig.log.texts("down due to")[0]!, /: a bug$/);
      good.send(frame("b"));
      assert.deepEqual(await good.read(5), frame("b"));
      good.close();
    });
});
